"""Two policies are the same if they have the same meaning; every difference of meaning is found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_s3ops.s3.buckets.policy import same_policy

STATEMENT: dict[str, Any] = {
    "Sid": "Readers",
    "Effect": "Allow",
    "Principal": {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/a"]},
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "true"}, "StringLike": {"s3:prefix": ["a", "b"]}},
}


def policy(**changes: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{**STATEMENT, **changes}]}


SAME: dict[str, Any] = {
    "as text": json.dumps(policy(), indent=4),
    "keys in another order": {"Statement": [dict(reversed(STATEMENT.items()))], "Version": "2012-10-17"},
    "one statement without its list": {"Version": "2012-10-17", "Statement": STATEMENT},
    "actions in another order": policy(Action=["s3:ListBucket", "s3:GetObject"]),
    "actions in another case": policy(Action=["s3:getobject", "S3:ListBucket"]),
    "an action twice": policy(Action=["s3:GetObject", "s3:ListBucket", "s3:GetObject"]),
    "resources in another order": policy(Resource=["arn:aws:s3:::b/*", "arn:aws:s3:::b"]),
    "an account id instead of its root": policy(
        Principal={"AWS": ["111122223333", "arn:aws:iam::111122223333:user/a"]}
    ),
    "a condition as a boolean": policy(
        Condition={"Bool": {"aws:SecureTransport": True}, "StringLike": {"s3:prefix": ["b", "a"]}}
    ),
}
OTHER: dict[str, Any] = {
    "another effect": policy(Effect="Deny"),
    "one action less": policy(Action=["s3:GetObject"]),
    "one resource more": policy(Resource=[*STATEMENT["Resource"], "arn:aws:s3:::c"]),
    "a resource in another case": policy(Resource=["arn:aws:s3:::B", "arn:aws:s3:::b/*"]),
    "everyone": policy(Principal="*"),
    "another account": policy(Principal={"AWS": ["444455556666", "arn:aws:iam::111122223333:user/a"]}),
    "another condition": policy(Condition={"Bool": {"aws:SecureTransport": "false"}}),
    "no condition": {
        "Version": "2012-10-17",
        "Statement": [{name: part for name, part in STATEMENT.items() if name != "Condition"}],
    },
    "another policy version": {**policy(), "Version": "2008-10-17"},
    "no version, which means the old one": {"Statement": [STATEMENT]},
    "an id": {**policy(), "Id": "x"},
    "one statement more": {**policy(), "Statement": [STATEMENT, {**STATEMENT, "Sid": "More"}]},
    "nothing": None,
    "invalid JSON": "{not json",
    "a list": "[]",
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ANY_STATEMENT = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(["Effect", "Principal", "Action", "Resource", "Condition"], JSON)
)


@pytest.mark.parametrize("other", SAME.values(), ids=SAME)
def test_is_the_same_as(other: Any) -> None:
    assert same_policy(policy(), other)
    assert same_policy(other, policy())


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
def test_is_not_the_same_as(other: Any) -> None:
    assert not same_policy(policy(), other)
    assert not same_policy(other, policy())


def test_both_forms_of_everyone_are_the_same() -> None:
    assert same_policy(policy(Principal="*"), policy(Principal={"AWS": "*"}))


@given(st.lists(ANY_STATEMENT, max_size=3))
def test_any_policy_is_the_same_as_its_json_text(statements: list[dict[str, Any]]) -> None:
    anything = {"Version": "2012-10-17", "Statement": statements}

    assert same_policy(anything, json.dumps(anything))
