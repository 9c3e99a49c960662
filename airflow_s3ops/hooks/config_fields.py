"""Check the configuration fields that botocore accepts unchecked and that would only fail at a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_mapping_of_texts(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values())


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


# None means that the field is not set; a timeout of None waits without limit.
_FITTING: dict[str, tuple[Callable[[object], bool], str]] = {
    "connect_timeout": (_is_number, "a number of seconds above 0, or None"),
    "read_timeout": (_is_number, "a number of seconds above 0, or None"),
    "max_pool_connections": (_is_count, "a whole number from 1 on"),
    "proxies": (_is_mapping_of_texts, "a dict of schemes and addresses"),
    "proxies_config": (_is_mapping, "a dict"),
    "retries": (_is_mapping, "a dict"),
    "s3": (_is_mapping, "a dict"),
    "tcp_keepalive": (_is_switch, "True or False"),
    "use_dualstack_endpoint": (_is_switch, "True or False"),
    "use_fips_endpoint": (_is_switch, "True or False"),
}
_NEVER_NONE = frozenset({"max_pool_connections"})


def require_fitting(options: Mapping[str, Any]) -> None:
    """Check the values of the fields that botocore accepts unchecked.

    :param options: fields of ``botocore.config.Config``.
    :raises InvalidInput: a value is wrong; the error names the field, and its value only if that cannot be
        a secret.
    """
    for name, (fits, wanted) in _FITTING.items():
        value = options.get(name)
        if name not in options or fits(value) or (value is None and name not in _NEVER_NONE):
            continue
        shown = repr(value) if isinstance(value, (int, float)) else f"of type {type(value).__name__}"
        raise InvalidInput(
            f"botocore refuses the client configuration: {name} is {shown}, and must be {wanted}",
            advice="Correct botocore_config, or config_kwargs in the connection's extra; nothing was sent.",
        )
