"""Selections that are refused before any request."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3.deletes.objects import delete_objects
from airflow_s3ops.s3.errors import (
    InvalidInput,
    InvalidKey,
)

if TYPE_CHECKING:
    from tests.faults import FaultProxy


class TestRefusedBeforeAnyRequest:
    @pytest.mark.parametrize(
        ("selection", "says"),
        [
            ({}, "everything=True"),
            ({"keys": None, "prefix": None}, "template"),
            ({"prefix": ""}, "everything=True"),
            ({"keys": []}, "everything=True"),
            ({"keys": "one.csv"}, "letter by letter"),
            ({"keys": 5}, "no list of keys"),
            ({"keys": ["a", ""]}, "key is empty"),
            ({"keys": ["a", None]}, "key is empty"),
            ({"keys": ["a"], "prefix": "b"}, "keys and prefix"),
            ({"prefix": "b", "everything": True}, "prefix and everything"),
            ({"everything": "False"}, "neither True nor False"),
            ({"prefix": "a", "all_versions": "False"}, "neither True nor False"),
            ({"prefix": "a", "dry_run": ""}, "neither True nor False"),
            ({"prefix": "a", "modified_before": ""}, "ISO 8601"),
            ({"prefix": "a", "modified_before": "yesterday"}, "ISO 8601"),
            ({"prefix": "a", "modified_before": "2026-01-01T00:00:00"}, "without an offset"),
            ({"prefix": "a", "modified_before": datetime(2026, 1, 1)}, "without an offset"),  # noqa: DTZ001
            ({"prefix": "a", "modified_before": "0001-01-01T00:00:00+09:00"}, "of the years 1 to 9999"),
            ({"prefix": "a", "modified_before": "9999-12-31T23:00:00-09:00"}, "of the years 1 to 9999"),
            ({"prefix": "a", "modified_before": 1767225600}, "no time"),
            ({"prefix": "a", "max_objects": -1}, "max_objects"),
            ({"prefix": "a", "max_objects": "many"}, "max_objects"),
        ],
        ids=str,
    )
    def test_an_unclear_selection(
        self, bucket: str, faults: FaultProxy, selection: dict[str, Any], says: str
    ) -> None:
        with pytest.raises(InvalidInput, match=re.escape(says)):
            delete_objects(faults.server.client(), bucket, **selection)
        assert faults.requests == []

    def test_a_key_too_long_to_exist(self, bucket: str, faults: FaultProxy) -> None:
        with pytest.raises(InvalidKey):
            delete_objects(faults.server.client(), bucket, keys=["a", "ü" * 513])
        assert faults.requests == []


def test_addresses_instead_of_keys_are_refused(bucket: str, faults: FaultProxy) -> None:
    client = faults.server.client()
    with pytest.raises(InvalidInput, match="bucket"):
        delete_objects(client, bucket, keys=[f"s3://{bucket}/x"])
    with pytest.raises(InvalidInput, match="twice"):
        delete_objects(client, bucket, prefix=f"s3://{bucket}/x")
    assert not faults.requests
