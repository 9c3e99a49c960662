"""The values that bucket settings may have: one check per setting, done before any request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from airflow_s3ops.s3.errors import InvalidInput
from airflow_s3ops.s3.nearest import nearest

Check = Callable[[Any], Any]

MAX_TAGS = 50
MAX_TAG_KEY = 128
MAX_TAG_VALUE = 256
MAX_RETENTION_DAYS = 36_500
MAX_RETENTION_YEARS = 100


def checked_value(name: str, value: object) -> Any:
    """Return the value of a setting in the form that S3 accepts.

    :raises InvalidInput: naming the setting, the value and what is expected.
    """
    try:
        return CHECKS[name](value)
    except ValueError as expected:
        raise InvalidInput(f"BucketSettings.{name} is {_short(value)}: {expected}") from None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:120]}…"


def _one_of(*allowed: str) -> Check:
    def check(value: object) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        similar = nearest(value, allowed)
        raise ValueError(
            f"it must be one of {', '.join(allowed)}" + (f"; did you mean {similar!r}?" if similar else "")
        )

    return check


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError("it must be True or False")


def _number(maximum: int | None = None) -> Check:
    def check(value: object) -> int:
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= (maximum or value):
            return value
        raise ValueError("it must be a whole number, 1 or more" + (f", {maximum} at most" if maximum else ""))

    return check


def _mapping(value: object, shape: str) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"it must be {shape}")
    return dict(value)


def _only(mapping: dict[str, Any], *names: str) -> None:
    unknown = [name for name in mapping if name not in names]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not one of {', '.join(names)}")


def _encryption(value: object) -> str | dict[str, Any]:
    if value == "AES256":
        return "AES256"
    shape = '"AES256", "aws:kms" or {"kms_key_id": …, "bucket_key": …}'
    kms = {} if value == "aws:kms" else _mapping(value, shape)
    _only(kms, "kms_key_id", "bucket_key")
    key = kms.get("kms_key_id")
    if key is not None and not (isinstance(key, str) and key.strip()):
        raise ValueError("kms_key_id must be an id, an ARN or an alias")
    return {"kms_key_id": key, "bucket_key": _boolean(kms.get("bucket_key", True))}


def _tags(value: object) -> dict[str, str]:
    tags = _mapping(value, "a mapping of names to strings")
    if len(tags) > MAX_TAGS:
        raise ValueError(f"a bucket can have {MAX_TAGS} tags at most")
    for name, text in tags.items():
        if not 1 <= len(name) <= MAX_TAG_KEY or name.lower().startswith("aws:"):
            raise ValueError(
                f"the tag {name!r} must have 1 to {MAX_TAG_KEY} characters and not begin with aws:"
            )
        if not isinstance(text, str) or len(text) > MAX_TAG_VALUE:
            raise ValueError(
                f"the value of tag {name!r} must be a string of {MAX_TAG_VALUE} characters at most"
            )
    return tags


def _object_lock(value: object) -> bool | dict[str, Any]:
    if value is True or (isinstance(value, str) and value.lower() == "true"):
        return True
    lock = _mapping(value, 'True or {"mode": …, "days": …}; Object Lock can never be switched off')
    _only(lock, "mode", "days", "years")
    if ("days" in lock) == ("years" in lock):
        raise ValueError("it must have either days or years")
    checked = {"mode": _one_of("GOVERNANCE", "COMPLIANCE")(lock.get("mode"))}
    if "days" in lock:
        return {**checked, "days": _number(MAX_RETENTION_DAYS)(lock["days"])}
    return {**checked, "years": _number(MAX_RETENTION_YEARS)(lock["years"])}


def _policy(value: object) -> dict[str, Any]:
    policy = _mapping(value, "a mapping or JSON text")
    statements = policy.get("Statement")
    statement_list = statements if isinstance(statements, list | tuple) else [statements]
    if not statement_list or not all(isinstance(statement, Mapping) for statement in statement_list):
        raise ValueError("its Statement must be a list of mappings")
    return policy


CHECKS: dict[str, Check] = {
    "object_ownership": _one_of("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"),
    "block_public_access": _boolean,
    "versioning": _one_of("Enabled", "Suspended"),
    "encryption": _encryption,
    "tags": _tags,
    "abort_incomplete_uploads_days": _number(),
    "object_lock": _object_lock,
    "policy": _policy,
}
