"""Settings are plain data: read from a mapping, checked before any request, written as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace
from inspect import getdoc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_s3ops.s3.buckets.settings import NAMES, BucketSettings
from airflow_s3ops.s3.errors import InvalidInput

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]}
# For each setting a valid value, and one that a template may render to.
VALID: dict[str, tuple[Any, Any]] = {
    "object_ownership": ("ObjectWriter", "BucketOwnerEnforced"),
    "block_public_access": (False, "true"),
    "versioning": ("Enabled", "Suspended"),
    "encryption": ("AES256", '{"kms_key_id": "alias/reports"}'),
    "tags": ({"team": "data"}, '{"team": "data"}'),
    "abort_incomplete_uploads_days": (7, "7"),
    "object_lock": ({"mode": "GOVERNANCE", "days": 30}, "true"),
    "policy": (POLICY, json.dumps(POLICY)),
}
# Object Lock needs versioning, so versioning is left out.
SETTINGS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in VALID.items() if name != "versioning"}
)


class TestOf:
    def test_a_mapping_becomes_settings(self) -> None:
        settings = BucketSettings.of({"versioning": "Enabled", "tags": {"team": "data"}})

        assert settings == BucketSettings(versioning="Enabled", tags={"team": "data"})

    def test_settings_are_returned_unchanged(self) -> None:
        settings = BucketSettings(versioning="Enabled")

        assert BucketSettings.of(settings) is settings

    @pytest.mark.parametrize("empty", [None, {}])
    def test_an_empty_value_becomes_settings_that_change_nothing(self, empty: Any) -> None:
        assert BucketSettings.of(empty).given() == {}

    @pytest.mark.parametrize(
        ("wrong", "nearest"),
        [
            ("versionning", "versioning"),
            ("Tags", "tags"),
            ("object_owner", "object_ownership"),
            ("polizy", "policy"),
        ],
    )
    def test_an_unknown_name_is_rejected_with_the_most_similar_one(self, wrong: str, nearest: str) -> None:
        message = f"'{wrong}' is not a bucket setting. Did you mean '{nearest}'"
        with pytest.raises(InvalidInput, match=message):
            BucketSettings.of({wrong: "Enabled"})

    def test_an_unknown_name_without_a_similar_one_is_rejected_with_all_names(self) -> None:
        with pytest.raises(InvalidInput, match=", ".join(NAMES)):
            BucketSettings.of({"zzz": 1})

    @pytest.mark.parametrize("wrong", ["versioning", 7, ["versioning"]])
    def test_anything_else_is_rejected(self, wrong: Any) -> None:
        with pytest.raises(InvalidInput, match="neither BucketSettings nor a mapping"):
            BucketSettings.of(wrong)


class TestChecked:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("form", [0, 1])
    def test_valid_values_and_their_strings_are_accepted(self, name: str, form: int) -> None:
        assert list(BucketSettings.of({name: VALID[name][form]}).checked().given()) == [name]

    @given(SETTINGS)
    def test_checking_twice_changes_nothing(self, settings: dict[str, Any]) -> None:
        checked = BucketSettings.of(settings).checked()

        assert checked.checked() == checked

    def test_strings_are_converted(self) -> None:
        strings = BucketSettings(
            block_public_access="False",
            abort_incomplete_uploads_days="7",
            object_lock="true",
            policy=json.dumps(POLICY),
        )

        assert strings.checked() == BucketSettings(
            block_public_access=False, abort_incomplete_uploads_days=7, object_lock=True, policy=POLICY
        )

    def test_nothing_is_checked_when_settings_are_created(self) -> None:
        assert BucketSettings(versioning="{{ params.versioning }}").versioning == "{{ params.versioning }}"

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("empty", ["", "None", []])
    def test_what_an_empty_template_renders_to_is_not_treated_as_none(self, name: str, empty: Any) -> None:
        with pytest.raises(InvalidInput, match=f"BucketSettings.{name} is "):
            BucketSettings.of({name: empty}).checked()

    def test_object_lock_needs_versioning(self) -> None:
        with pytest.raises(InvalidInput, match=r"versioning .* object_lock"):
            BucketSettings(versioning="Suspended", object_lock=True).checked()


class TestPlainData:
    @given(SETTINGS)
    def test_can_be_converted_to_json_and_back(self, settings: dict[str, Any]) -> None:
        original = BucketSettings.of(settings)

        assert BucketSettings.of(json.loads(json.dumps(original.serialize()))) == original

    def test_omits_fields_that_are_none(self) -> None:
        assert BucketSettings(tags={"a": "b"}).serialize() == {"tags": {"a": "b"}}

    def test_can_be_rendered_field_by_field(self) -> None:
        rendered = replace(BucketSettings(versioning="{{ x }}", tags={"a": "b"}), versioning="Enabled")

        assert rendered == BucketSettings(versioning="Enabled", tags={"a": "b"})

    def test_every_field_documents_its_request(self) -> None:
        described = (getdoc(BucketSettings) or "").split(":param ")[1:]

        assert [text.partition(":")[0] for text in described] == [
            field.name for field in fields(BucketSettings)
        ]
        assert all("Put" in text for text in described)

    def test_the_import_does_not_load_boto3(self) -> None:
        program = (
            "import sys, airflow_s3ops.s3.buckets.settings;"
            "sys.exit(any(name.startswith(('boto', 'airflow.')) for name in sys.modules))"
        )

        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
