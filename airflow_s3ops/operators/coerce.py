"""Convert rendered texts back to booleans and numbers: ``"False"`` must never count as true."""

from __future__ import annotations

import re
from typing import Any

from airflow_s3ops.s3.errors import InvalidInput

# Python's repr of None, of an empty list, and of a list, tuple, set or dict of texts or paths.
_PYTHON_REPR = re.compile(r"""None|\[\s*\]|[\[({]\s*(['"]|\w*Path\().*[\])}]""", re.DOTALL)


def require_text(name: str, value: Any) -> None:
    """Refuse a value that a native template turned into another type: the key ``20260101`` stays a text.

    A path is refused too: it has lost the slash at its end, which a key or prefix may need.

    :param name: the parameter's name, for the error.
    :raises InvalidInput: the value is neither a text nor None, or :func:`refuse_python_repr` refuses it.
    """
    refuse_python_repr(name, value)
    if value is not None and not isinstance(value, str):
        raise InvalidInput(
            f"{name}={value!r} is not a text but {type(value).__name__}",
            advice="A native template (render_template_as_native_obj) turns a text that looks like a number "
            "or list into a number or list: switch it off, or write the text in another form.",
        )


def refuse_python_repr(name: str, value: Any) -> None:
    """Refuse the text of None or of a list, as a template renders it.

    As a pattern such a text would match nothing, without any error.

    :param name: the parameter's name, for the error.
    :param value: a text, or several; anything else is accepted.
    :raises InvalidInput: one of them is Python's text of None, a list, tuple, set or dict.
    """
    texts = value if isinstance(value, (list, tuple)) else [value]
    wrong = next(
        (text for text in texts if isinstance(text, str) and _PYTHON_REPR.fullmatch(text.strip())), None
    )
    if wrong is not None:
        raise InvalidInput(
            f"{name} has the text {wrong[:60]!r}: a template rendered a list or None as text",
            advice="Pass the list or None itself, or set render_template_as_native_obj=True on the DAG; "
            "nothing was done.",
        )


def as_bool(name: str, value: Any) -> bool:
    """Return a boolean that a template may have rendered as text.

    :param name: the parameter's name, for the error.
    :raises InvalidInput: the value is neither true nor false.
    """
    if isinstance(value, bool):
        return value
    words = {"true": True, "false": False}
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise InvalidInput(f"{name}={value!r} is neither true nor false", advice=_advice(name))


def as_count(name: str, value: Any) -> int | None:
    """Return a whole number or None that a template may have rendered as text.

    :param name: the parameter's name, for the error.
    :raises InvalidInput: it is not a whole number. An empty text is refused too: otherwise a limit would be
        lost without any error.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and value.strip() == "None":
        return None
    try:
        return int(value.strip())
    except (AttributeError, ValueError):
        raise InvalidInput(f"{name}={value!r} is not a whole number", advice=_advice(name)) from None


def as_verify(value: Any) -> Any:
    """Return ``verify`` with the texts True, False and None converted; any other text is a CA bundle's path.

    :raises InvalidInput: an empty text, with which botocore would verify nothing.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text == "None":
        return None
    return as_bool("verify", text) if text.lower() in ("", "true", "false") else value


def _advice(name: str) -> str:
    return f"Check the template of {name}; nothing was done."
