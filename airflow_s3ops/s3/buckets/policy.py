"""Whether two bucket policies say the same, whatever the order of keys and the form of lists."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_ROOT = re.compile(r"^arn:aws[a-z-]*:iam::(\d{12}):root$")
# "If you do not include a Version element, the value defaults to 2008-10-17" (IAM User Guide).
_DEFAULT_VERSION = "2008-10-17"
_RESOURCES = ("Resource", "NotResource")


def same_policy(one: str | Mapping[str, Any] | None, other: str | Mapping[str, Any] | None) -> bool:
    """Return whether two policies, as mappings or JSON text, say the same; no policy is like no other.

    What IAM's grammar leaves free is ignored: the order of keys, one value instead of a list of one, the
    order inside such lists, the case of actions, ``"*"`` for every AWS principal, an account's number for its
    root. The order of statements counts, though S3 does not care: it changes only when somebody changes it.
    """
    return None not in (form := (_normal(one), _normal(other))) and form[0] == form[1]


def _normal(policy: str | Mapping[str, Any] | None) -> dict[str, Any] | None:
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except ValueError:
            return None
    if not isinstance(policy, Mapping):
        return None
    statements = policy.get("Statement", [])
    listed = [statements] if isinstance(statements, Mapping) else statements
    return {
        "Version": _DEFAULT_VERSION,
        **policy,
        "Statement": [_statement(statement) for statement in listed],
    }


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    normal = dict(statement)
    for name in _RESOURCES:
        if name in normal:
            normal[name] = _values(normal[name])
    for name in ("Action", "NotAction"):
        if name in normal:
            normal[name] = _values(normal[name], str.lower)
    for name in ("Principal", "NotPrincipal"):
        if name in normal:
            normal[name] = _principal(normal[name])
    if "Condition" in normal:
        normal["Condition"] = _each(normal["Condition"], lambda keys: _each(keys, _values))
    return normal


def _principal(principal: str | Mapping[str, Any]) -> Any:
    return _each({"AWS": principal} if isinstance(principal, str) else principal, _principals)


def _principals(ids: Any) -> list[str]:
    return _values(ids, _account)


def _each(mapping: Any, form: Callable[[Any], Any]) -> Any:
    # Anything but a mapping is S3's to refuse.
    return {name: form(value) for name, value in mapping.items()} if isinstance(mapping, Mapping) else mapping


def _account(principal: str) -> str:
    root = _ROOT.match(principal)
    return root[1] if root else principal


def _values(value: Any, form: Callable[[str], str] = str) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    # Conditions take true and "true", 3600 and "3600" alike.
    texts = (str(item).lower() if isinstance(item, bool) else str(item) for item in values)
    return sorted({form(text) for text in texts})
