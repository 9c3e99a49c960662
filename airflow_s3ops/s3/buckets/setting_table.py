"""For each bucket setting: its S3 operations, and how to compute its new state."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_s3ops.s3.buckets.policy import same_policy

# What a GET returns and a PUT accepts, in S3's own structure; empty if nothing is set.
State = Mapping[str, Any]

LIFECYCLE_RULE_ID = "airflow-s3ops-abort-incomplete-uploads"
_WHOLE_BUCKET: State = {"Prefix": ""}
_PUBLIC_ACCESS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def _unchanged(state: State) -> State:
    return state


@dataclass(frozen=True)
class Setting:
    """One setting of a bucket.

    :param name: the field of ``BucketSettings``.
    :param operation: the name of the client's methods without ``get_`` and ``put_``.
    :param unset: the error code of the GET if nothing is set.
    :param merged: computes the new state from the current state and a value; returns the current state if it
        already has the value.
    :param request: returns the parameters of the PUT for a state.
    :param hint: what to try if S3 rejects the change.
    """

    name: str
    operation: str
    merged: Callable[[State, Any], State]
    unset: str = ""
    request: Callable[[State], State] = _unchanged
    hint: str | None = None


def _ownership(_: State, value: str) -> State:
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": value}]}}


def _public_access(state: State, value: bool) -> State:  # noqa: FBT001 - the value of a setting
    switches = state.get("PublicAccessBlockConfiguration", {})
    if all(bool(switches.get(name)) is value for name in _PUBLIC_ACCESS):
        return state
    return {"PublicAccessBlockConfiguration": dict.fromkeys(_PUBLIC_ACCESS, value)}


def _versioning(state: State, value: str) -> State:
    return {**state, "Status": value}


def _versioning_request(state: State) -> State:
    return {"VersioningConfiguration": {"Status": state["Status"]}}


def _encryption(state: State, value: str | Mapping[str, Any]) -> State:
    rule, *others = state.get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}]
    current = rule.get("ApplyServerSideEncryptionByDefault", {})
    if isinstance(value, str):
        same, new, bucket_key = current.get("SSEAlgorithm") == value, {"SSEAlgorithm": value}, False
    else:
        key, bucket_key = value["kms_key_id"], value["bucket_key"]
        new = {"SSEAlgorithm": "aws:kms", **({"KMSMasterKeyID": key} if key else {})}
        same = (
            current.get("SSEAlgorithm") == "aws:kms"
            and _same_key(current.get("KMSMasterKeyID"), key)
            and rule.get("BucketKeyEnabled", False) == bucket_key
        )
    if same:
        return state
    # Other fields of the rule, such as BlockedEncryptionTypes, are kept.
    rule = {**rule, "ApplyServerSideEncryptionByDefault": new, "BucketKeyEnabled": bucket_key}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule, *others]}}


def _same_key(stored: str | None, requested: str | None) -> bool:
    # S3 may return the ARN of the requested key: arn:aws:kms:<region>:<account>:key/<id> or …:alias/<name>.
    if not stored or not requested:
        return (stored or None) == (requested or None)
    return stored == requested or (
        stored.startswith("arn:") and stored.endswith((f"/{requested}", f":{requested}"))
    )


def _tags(state: State, value: Mapping[str, str]) -> State:
    tags = {tag["Key"]: tag["Value"] for tag in state.get("TagSet", [])}
    if tags == tags | dict(value):
        return state
    return {"TagSet": [{"Key": name, "Value": text} for name, text in (tags | dict(value)).items()]}


def _tags_request(state: State) -> State:
    return {"Tagging": state}


def _abort_uploads(state: State, days: int) -> State:
    rules = state.get("Rules", [])
    others = [rule for rule in rules if rule.get("ID") != LIFECYCLE_RULE_ID]
    own_rule = {
        "ID": LIFECYCLE_RULE_ID,
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days},
    }
    if any(_is_same_abort_rule(rule, own_rule) for rule in rules):
        return state
    # S3 rejects rules of the old form (with a Prefix) together with rules of the new form (with a Filter).
    old_form = any("Prefix" in rule for rule in others)
    whole_bucket = _WHOLE_BUCKET if old_form else {"Filter": _WHOLE_BUCKET}
    return {**state, "Rules": [*others, {**own_rule, **whole_bucket}]}


def _is_same_abort_rule(rule: State, own_rule: State) -> bool:
    whole_bucket = rule.get("Filter") or {"Prefix": rule.get("Prefix", "")}
    return whole_bucket == _WHOLE_BUCKET and all(rule.get(name) == value for name, value in own_rule.items())


def _lifecycle_request(state: State) -> State:
    configuration, request = {"Rules": state["Rules"]}, {**state}
    del request["Rules"]
    return {**request, "LifecycleConfiguration": configuration}


def _object_lock(state: State, value: bool | Mapping[str, Any]) -> State:  # noqa: FBT001 - the value of a setting
    lock = state.get("ObjectLockConfiguration", {})
    rule = lock.get("Rule", {})
    retention = {name: of for name, of in rule.get("DefaultRetention", {}).items() if of}
    new = dict(retention)
    if isinstance(value, Mapping):
        period = {"Days": value["days"]} if "days" in value else {"Years": value["years"]}
        others = {name: of for name, of in retention.items() if name not in ("Days", "Years")}
        new = {**others, "Mode": value["mode"], **period}
    if lock.get("ObjectLockEnabled") == "Enabled" and new == retention:
        return state
    rules = {"Rule": {**rule, "DefaultRetention": new}} if new else {}
    return {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", **rules}}


def _policy(state: State, value: Mapping[str, Any]) -> State:
    return state if same_policy(state.get("Policy"), value) else {"Policy": json.dumps(value)}


# In the order in which they are applied: object ownership and Block Public Access determine which policies S3
# accepts, and Object Lock needs versioning.
SETTINGS = (
    Setting("object_ownership", "bucket_ownership_controls", _ownership, "OwnershipControlsNotFoundError"),
    Setting(
        "block_public_access", "public_access_block", _public_access, "NoSuchPublicAccessBlockConfiguration"
    ),
    Setting("versioning", "bucket_versioning", _versioning, request=_versioning_request),
    Setting("encryption", "bucket_encryption", _encryption, "ServerSideEncryptionConfigurationNotFoundError"),
    Setting("tags", "bucket_tagging", _tags, "NoSuchTagSet", _tags_request),
    Setting(
        "abort_incomplete_uploads_days",
        "bucket_lifecycle_configuration",
        _abort_uploads,
        "NoSuchLifecycleConfiguration",
        _lifecycle_request,
    ),
    Setting(
        "object_lock",
        "object_lock_configuration",
        _object_lock,
        "ObjectLockConfigurationNotFoundError",
        hint='Object Lock needs versioning: set versioning="Enabled" as well.',
    ),
    Setting(
        "policy",
        "bucket_policy",
        _policy,
        "NoSuchBucketPolicy",
        hint="S3 rejects a public policy while Block Public Access is on. If the bucket must be public, set "
        "block_public_access=False.",
    ),
)
