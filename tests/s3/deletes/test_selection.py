"""Selections that are rejected before any request."""

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


class TestRejectedBeforeAnyRequest:
    @pytest.mark.parametrize(
        ("selection", "message"),
        [
            ({}, "everything=True"),
            ({"keys": None, "prefix": None}, "template"),
            ({"prefix": ""}, "everything=True"),
            ({"keys": []}, "everything=True"),
            ({"keys": "one.csv"}, "each of its characters"),
            ({"keys": 5}, "not a list of keys"),
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
            ({"prefix": "a", "modified_before": "0001-01-01T00:00:00+09:00"}, "outside the years 1 to 9999"),
            ({"prefix": "a", "modified_before": "9999-12-31T23:00:00-09:00"}, "outside the years 1 to 9999"),
            ({"prefix": "a", "modified_before": 1767225600}, "not a time"),
            ({"prefix": "a", "max_objects": -1}, "max_objects"),
            ({"prefix": "a", "max_objects": "many"}, "max_objects"),
        ],
        ids=str,
    )
    def test_an_ambiguous_selection(
        self, bucket: str, faults: FaultProxy, selection: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(InvalidInput, match=re.escape(message)):
            delete_objects(faults.server.client(), bucket, **selection)
        assert faults.requests == []

    def test_a_key_that_is_too_long(self, bucket: str, faults: FaultProxy) -> None:
        with pytest.raises(InvalidKey):
            delete_objects(faults.server.client(), bucket, keys=["a", "ü" * 513])
        assert faults.requests == []


def test_uris_instead_of_keys_are_rejected(bucket: str, faults: FaultProxy) -> None:
    client = faults.server.client()
    with pytest.raises(InvalidInput, match="bucket"):
        delete_objects(client, bucket, keys=[f"s3://{bucket}/x"])
    with pytest.raises(InvalidInput, match="twice"):
        delete_objects(client, bucket, prefix=f"s3://{bucket}/x")
    assert not faults.requests
