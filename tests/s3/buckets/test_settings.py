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
# One right value for each setting, and one that a template may render to.
RIGHT: dict[str, tuple[Any, Any]] = {
    "object_ownership": ("ObjectWriter", "BucketOwnerEnforced"),
    "block_public_access": (False, "true"),
    "versioning": ("Enabled", "Suspended"),
    "encryption": ("AES256", '{"kms_key_id": "alias/reports"}'),
    "tags": ({"team": "data"}, '{"team": "data"}'),
    "abort_incomplete_uploads_days": (7, "7"),
    "object_lock": ({"mode": "GOVERNANCE", "days": 30}, "true"),
    "policy": (POLICY, json.dumps(POLICY)),
}
# A lock needs versions.
SETTINGS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in RIGHT.items() if name != "versioning"}
)


class TestOf:
    def test_a_mapping_gives_the_settings_of_those_names(self) -> None:
        settings = BucketSettings.of({"versioning": "Enabled", "tags": {"team": "data"}})

        assert settings == BucketSettings(versioning="Enabled", tags={"team": "data"})

    def test_settings_are_returned_as_they_are(self) -> None:
        settings = BucketSettings(versioning="Enabled")

        assert BucketSettings.of(settings) is settings

    @pytest.mark.parametrize("nothing", [None, {}])
    def test_nothing_gives_settings_that_change_nothing(self, nothing: Any) -> None:
        assert BucketSettings.of(nothing).given() == {}

    @pytest.mark.parametrize(
        ("wrong", "nearest"),
        [
            ("versionning", "versioning"),
            ("Tags", "tags"),
            ("object_owner", "object_ownership"),
            ("polizy", "policy"),
        ],
    )
    def test_an_unknown_name_is_refused_with_the_nearest(self, wrong: str, nearest: str) -> None:
        with pytest.raises(InvalidInput, match=f"'{wrong}' is no bucket setting. Did you mean '{nearest}'"):
            BucketSettings.of({wrong: "Enabled"})

    def test_a_name_like_none_is_refused_with_all_there_are(self) -> None:
        with pytest.raises(InvalidInput, match=", ".join(NAMES)):
            BucketSettings.of({"zzz": 1})

    @pytest.mark.parametrize("wrong", ["versioning", 7, ["versioning"]])
    def test_anything_else_is_refused(self, wrong: Any) -> None:
        with pytest.raises(InvalidInput, match="neither BucketSettings nor a mapping"):
            BucketSettings.of(wrong)


class TestChecked:
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("form", [0, 1])
    def test_right_values_pass_as_themselves_and_as_texts(self, name: str, form: int) -> None:
        assert list(BucketSettings.of({name: RIGHT[name][form]}).checked().given()) == [name]

    @given(SETTINGS)
    def test_checking_twice_changes_nothing(self, settings: dict[str, Any]) -> None:
        checked = BucketSettings.of(settings).checked()

        assert checked.checked() == checked

    def test_texts_are_read_as_what_they_say(self) -> None:
        texts = BucketSettings(
            block_public_access="False",
            abort_incomplete_uploads_days="7",
            object_lock="true",
            policy=json.dumps(POLICY),
        )

        assert texts.checked() == BucketSettings(
            block_public_access=False, abort_incomplete_uploads_days=7, object_lock=True, policy=POLICY
        )

    def test_nothing_is_checked_when_settings_are_made(self) -> None:
        assert BucketSettings(versioning="{{ params.versioning }}").versioning == "{{ params.versioning }}"

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("empty", ["", "None", []])
    def test_what_an_empty_template_renders_to_is_no_silent_none(self, name: str, empty: Any) -> None:
        with pytest.raises(InvalidInput, match=f"BucketSettings.{name} is "):
            BucketSettings.of({name: empty}).checked()

    def test_a_lock_needs_versions(self) -> None:
        with pytest.raises(InvalidInput, match=r"versioning .* object_lock"):
            BucketSettings(versioning="Suspended", object_lock=True).checked()


class TestPlainData:
    @given(SETTINGS)
    def test_goes_through_json_and_back(self, settings: dict[str, Any]) -> None:
        made = BucketSettings.of(settings)

        assert BucketSettings.of(json.loads(json.dumps(made.serialize()))) == made

    def test_leaves_out_what_is_left_alone(self) -> None:
        assert BucketSettings(tags={"a": "b"}).serialize() == {"tags": {"a": "b"}}

    def test_can_be_rendered_field_by_field(self) -> None:
        rendered = replace(BucketSettings(versioning="{{ x }}", tags={"a": "b"}), versioning="Enabled")

        assert rendered == BucketSettings(versioning="Enabled", tags={"a": "b"})

    def test_every_field_says_which_request_it_stands_for(self) -> None:
        described = (getdoc(BucketSettings) or "").split(":param ")[1:]

        assert [text.partition(":")[0] for text in described] == [
            field.name for field in fields(BucketSettings)
        ]
        assert all("Put" in text for text in described)

    def test_costs_no_boto3_to_import(self) -> None:
        program = (
            "import sys, airflow_s3ops.s3.buckets.settings;"
            "sys.exit(any(name.startswith(('boto', 'airflow.')) for name in sys.modules))"
        )

        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
