"""Each setting accepts the values that S3 accepts; the error for any other value says what is expected."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest

from airflow_s3ops.s3.buckets.setting_values import CHECKS, checked_value
from airflow_s3ops.s3.buckets.settings import BucketSettings
from airflow_s3ops.s3.errors import InvalidInput

VALID: list[tuple[str, Any, Any]] = [
    ("encryption", "AES256", "AES256"),
    ("encryption", "aws:kms", {"kms_key_id": None, "bucket_key": True}),
    ("encryption", {"kms_key_id": "alias/x"}, {"kms_key_id": "alias/x", "bucket_key": True}),
    ("encryption", {"kms_key_id": "k", "bucket_key": "false"}, {"kms_key_id": "k", "bucket_key": False}),
    ("tags", {}, {}),
    ("tags", {"k" * 128: "v" * 256, "empty": ""}, {"k" * 128: "v" * 256, "empty": ""}),
    ("abort_incomplete_uploads_days", 1, 1),
    ("object_lock", True, True),
    ("object_lock", {"mode": "COMPLIANCE", "years": "100"}, {"mode": "COMPLIANCE", "years": 100}),
    ("object_lock", '{"mode": "GOVERNANCE", "days": 36500}', {"mode": "GOVERNANCE", "days": 36500}),
    ("policy", {"Statement": {"Effect": "Deny"}}, {"Statement": {"Effect": "Deny"}}),
]
INVALID: list[tuple[str, Any, str]] = [
    ("object_ownership", "objectwriter", "did you mean 'ObjectWriter'"),
    ("object_ownership", 1, "BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter"),
    ("block_public_access", 1, "True or False"),
    ("block_public_access", "yes", "True or False"),
    ("versioning", True, "Enabled, Suspended"),
    ("versioning", "enabled", "did you mean 'Enabled'"),
    ("encryption", "aes256", '"AES256"'),
    ("encryption", {"kms_key": "k"}, "'kms_key' is not one of kms_key_id, bucket_key"),
    ("encryption", {"kms_key_id": " "}, "an id, an ARN or an alias"),
    ("encryption", {"kms_key_id": 7}, "an id, an ARN or an alias"),
    ("tags", ["team"], "a mapping of names to strings"),
    ("tags", {1: "x"}, "a mapping of names to strings"),
    ("tags", {"team": 7}, "'team' must be a string"),
    ("tags", {"aws:team": "x"}, "not begin with aws:"),
    ("tags", {"": "x"}, "1 to 128"),
    ("tags", {"k" * 129: "x"}, "1 to 128"),
    ("tags", {"k": "v" * 257}, "256"),
    ("tags", {str(number): "x" for number in range(51)}, "50 tags"),
    ("abort_incomplete_uploads_days", 0, "1 or more"),
    ("abort_incomplete_uploads_days", -1, "1 or more"),
    ("abort_incomplete_uploads_days", True, "whole number"),
    ("abort_incomplete_uploads_days", 1.5, "whole number"),
    ("abort_incomplete_uploads_days", "²", "whole number"),
    ("object_lock", False, "never be switched off"),
    ("object_lock", {"mode": "GOVERNANCE"}, "either days or years"),
    ("object_lock", {"mode": "GOVERNANCE", "days": 1, "years": 1}, "either days or years"),
    ("object_lock", {"days": 1}, "GOVERNANCE, COMPLIANCE"),
    ("object_lock", {"mode": "LEGAL", "days": 1}, "GOVERNANCE, COMPLIANCE"),
    ("object_lock", {"mode": "GOVERNANCE", "days": 0}, "36500 at most"),
    ("object_lock", {"mode": "GOVERNANCE", "years": 101}, "100 at most"),
    ("object_lock", {"mode": "GOVERNANCE", "hours": 1}, "'hours' is not one of"),
    ("policy", "{not json", "JSON text"),
    ("policy", "[]", "JSON text"),
    ("policy", {}, "Statement"),
    ("policy", {"Statement": []}, "Statement"),
    ("policy", {"Statement": ["Deny"]}, "Statement"),
]


def test_every_setting_has_a_check() -> None:
    assert list(CHECKS) == [field.name for field in fields(BucketSettings)]


@pytest.mark.parametrize(("name", "value", "converted"), VALID)
def test_a_valid_value_is_converted_to_the_form_of_s3(name: str, value: Any, converted: Any) -> None:
    assert checked_value(name, value) == converted


@pytest.mark.parametrize(("name", "value", "expected"), INVALID)
def test_the_error_for_an_invalid_value_names_it_its_setting_and_what_is_expected(
    name: str, value: Any, expected: str
) -> None:
    with pytest.raises(InvalidInput, match=re.escape(expected)) as caught:
        checked_value(name, value)

    assert f"BucketSettings.{name} is {value!r}"[:100] in str(caught.value)


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(InvalidInput) as caught:
        checked_value("policy", "x" * 20_000)

    assert len(str(caught.value)) < 300
