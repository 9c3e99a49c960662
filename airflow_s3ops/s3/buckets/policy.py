"""Compare two bucket policies by meaning: the order of keys and the form of lists do not matter."""

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
    """Return whether two policies, as mappings or JSON text, have the same meaning; False if one is None.

    What IAM's grammar leaves open is ignored: the order of keys, one value instead of a list of one, the
    order inside such lists, the case of actions, ``"*"`` for every AWS principal, an account id for the root
    of the account. The order of statements has no meaning for S3, but it is compared: it changes only if the
    policy is edited.
    """
    return None not in (both := (_normalized(one), _normalized(other))) and both[0] == both[1]


def _normalized(policy: str | Mapping[str, Any] | None) -> dict[str, Any] | None:
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except ValueError:
            return None
    if not isinstance(policy, Mapping):
        return None
    statements = policy.get("Statement", [])
    statement_list = [statements] if isinstance(statements, Mapping) else statements
    return {
        "Version": _DEFAULT_VERSION,
        **policy,
        "Statement": [_statement(statement) for statement in statement_list],
    }


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    normalized = dict(statement)
    for name in _RESOURCES:
        if name in normalized:
            normalized[name] = _values(normalized[name])
    for name in ("Action", "NotAction"):
        if name in normalized:
            normalized[name] = _values(normalized[name], str.lower)
    for name in ("Principal", "NotPrincipal"):
        if name in normalized:
            normalized[name] = _principal(normalized[name])
    if "Condition" in normalized:
        normalized["Condition"] = _each(normalized["Condition"], lambda keys: _each(keys, _values))
    return normalized


def _principal(principal: str | Mapping[str, Any]) -> Any:
    return _each({"AWS": principal} if isinstance(principal, str) else principal, _principals)


def _principals(ids: Any) -> list[str]:
    return _values(ids, _account_id)


def _each(mapping: Any, normalize: Callable[[Any], Any]) -> Any:
    # A value that is not a mapping is left for S3 to reject.
    return (
        {name: normalize(value) for name, value in mapping.items()}
        if isinstance(mapping, Mapping)
        else mapping
    )


def _account_id(principal: str) -> str:
    root = _ROOT.match(principal)
    return root[1] if root else principal


def _values(value: Any, normalize: Callable[[str], str] = str) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    # In conditions true equals "true", and 3600 equals "3600".
    texts = (str(item).lower() if isinstance(item, bool) else str(item) for item in values)
    return sorted({normalize(text) for text in texts})
