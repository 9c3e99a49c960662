"""What a template makes of booleans and numbers, taken back: ``"False"`` must never mean yes."""

from __future__ import annotations

import re
from typing import Any

from airflow_s3ops.s3.errors import InvalidInput

# How Python writes None, and a list, tuple, set or dict that has texts or paths in it.
_WRITTEN = re.compile(r"""None|\[\s*\]|[\[({]\s*(['"]|\w*Path\().*[\])}]""", re.DOTALL)


def require_text(name: str, value: Any) -> None:
    """Refuse what a native template made of a text: the key ``20260101`` must not become a number.

    A path is no text either: it has lost the slash at its end, which a key or prefix may need.

    :param name: the parameter's, for the error.
    :raises InvalidInput: neither a text nor None; or a text that :func:`require_rendered` refuses.
    """
    require_rendered(name, value)
    if value is not None and not isinstance(value, str):
        raise InvalidInput(
            f"{name}={value!r} is no text but {type(value).__name__}",
            advice="A native template (render_template_as_native_obj) turns a text that looks like a number "
            "or list into one: switch it off, or give the text another form.",
        )


def require_rendered(name: str, value: Any) -> None:
    """Refuse the text that a template made of None or of a list: as a pattern it would match nothing, unseen.

    :param name: the parameter's, for the error.
    :param value: a text, or several; anything else passes.
    :raises InvalidInput: one of them is Python's way of writing None, a list, tuple, set or dict.
    """
    texts = value if isinstance(value, (list, tuple)) else [value]
    wrong = next((text for text in texts if isinstance(text, str) and _WRITTEN.fullmatch(text.strip())), None)
    if wrong is not None:
        raise InvalidInput(
            f"{name} has the text {wrong[:60]!r}, which a template makes of a list or of None",
            advice="Give the list or None itself, or say render_template_as_native_obj=True on the DAG; "
            "nothing was done.",
        )


def as_bool(name: str, value: Any) -> bool:
    """Return a boolean that may have come through a template as text.

    :param name: the parameter's, for the error.
    :raises InvalidInput: neither true nor false.
    """
    if isinstance(value, bool):
        return value
    words = {"true": True, "false": False}
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise InvalidInput(f"{name}={value!r} is neither true nor false", advice=_advice(name))


def as_count(name: str, value: Any) -> int | None:
    """Return a whole number, or None, that may have come through a template as text.

    :param name: the parameter's, for the error.
    :raises InvalidInput: no whole number; an empty text is one of those, so that no limit is lost unseen.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and value.strip() == "None":
        return None
    try:
        return int(value.strip())
    except (AttributeError, ValueError):
        raise InvalidInput(f"{name}={value!r} is no whole number", advice=_advice(name)) from None


def as_verify(value: Any) -> Any:
    """Return ``verify`` with the texts True, False and None as what they mean; others are a CA bundle's path.

    :raises InvalidInput: an empty text, which botocore would take for "trust anybody".
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text == "None":
        return None
    return as_bool("verify", text) if text.lower() in ("", "true", "false") else value


def _advice(name: str) -> str:
    return f"Check the template that {name} comes from; nothing was done."
