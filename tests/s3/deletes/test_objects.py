"""Delete many objects: selection by key, version and age, the limit, and dry runs."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3.deletes.objects import delete_objects
from airflow_s3ops.s3.errors import (
    AccessDenied,
    BucketNotFound,
    TooManyObjects,
)
from airflow_s3ops.s3.listings.objects import list_objects
from airflow_s3ops.s3.listings.pages import Listing
from airflow_s3ops.s3.listings.versions import list_versions

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy


def put(s3: S3Client, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")


def keys_in(s3: S3Client, bucket: str) -> list[str]:
    return [entry.key for entry in list_objects(s3, bucket)]


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two keys per request, one request at once, so that a few keys make many batches in a known order."""
    monkeypatch.setattr("airflow_s3ops.s3.deletes.run.BATCH_SIZE", 2)
    monkeypatch.setattr("airflow_s3ops.s3.deletes.run.deletes_at_once", lambda *_: 1)


class TestSelection:
    def test_given_keys_are_deleted_and_the_missing_ones_counted(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "a", "b", "c")
        result = delete_objects(s3, bucket, keys=["a", "c", "nope"])
        assert (result.deleted, result.missing, result.matched) == (2, 1, None)
        assert keys_in(s3, bucket) == ["b"]

    def test_a_key_given_twice_counts_once(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "a")
        result = delete_objects(s3, bucket, keys=["a", "a", "nope", "nope"])
        assert (result.deleted, result.missing) == (1, 1)

    def test_a_prefix_is_deleted_and_nothing_else(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "logs/a", "logs/b", "logs.txt", "other")
        result = delete_objects(s3, bucket, prefix="logs/")
        assert (result.deleted, result.missing, result.matched) == (2, None, 2)
        assert keys_in(s3, bucket) == ["logs.txt", "other"]

    def test_everything_deletes_all_objects(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "a", "b/c")
        assert delete_objects(s3, bucket, everything=True).deleted == 2
        assert keys_in(s3, bucket) == []

    def test_a_second_run_deletes_nothing(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "a", "b")
        delete_objects(s3, bucket, prefix="a")
        delete_objects(s3, bucket, keys=["b"])
        assert delete_objects(s3, bucket, prefix="a").deleted == 0
        assert delete_objects(s3, bucket, keys=["b"]).missing == 1

    def test_a_prefix_without_keys_is_no_error(self, s3: S3Client, bucket: str) -> None:
        result = delete_objects(s3, bucket, prefix="nothing/")
        assert (result.deleted, result.matched) == (0, 0)

    @pytest.mark.parametrize("selection", [{"prefix": "p"}, {"keys": ["a"]}, {"everything": True}], ids=str)
    @pytest.mark.parametrize("all_versions", [{}, {"all_versions": True}], ids=str)
    def test_a_missing_bucket_is_an_error(
        self, s3: S3Client, selection: dict[str, Any], all_versions: dict[str, Any]
    ) -> None:
        with pytest.raises(BucketNotFound):
            delete_objects(s3, "s3ops-no-such-bucket", **selection, **all_versions)

    def test_keys_of_any_legal_characters_are_deleted(self, s3: S3Client, bucket: str) -> None:
        keys = [" lead", "%41", "a b", "p+q&r<s>'\"]]>", "q?x#y", "ü/€/😀", "\ttab"]
        put(s3, bucket, *keys)
        assert delete_objects(s3, bucket, keys=keys[:3]).deleted == 3
        assert delete_objects(s3, bucket, everything=True).deleted == 4
        assert keys_in(s3, bucket) == []

    def test_keys_with_every_character_are_deleted_by_prefix(self, s3: S3Client, bucket: str) -> None:
        # All characters that XML allows: Versity Gateway lists others as U+FFFD. Moto rejects line feeds.
        printable = [chr(code) for code in range(32, 127) if chr(code) != "/"]
        others = list("\t\x7f\x80\xa0ß€\u200e\u2028\ud7ff\ue000\ufffd😀\U0010ffff")
        keys = [f"k{character}z" for character in (*printable, *others)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda key: put(s3, bucket, key), keys))
        assert set(keys_in(s3, bucket)) == set(keys)
        assert delete_objects(s3, bucket, prefix="k").deleted == len(keys)
        assert keys_in(s3, bucket) == []

    def test_keys_that_xml_cannot_contain_are_deleted_with_others(self, s3: S3Client, bucket: str) -> None:
        keys = ["a", "bell\x07", "\x1fz", "u\ufffe"]
        put(s3, bucket, *keys)
        assert delete_objects(s3, bucket, keys=keys).deleted == 4
        assert keys_in(s3, bucket) == []

    def test_more_than_a_thousand_keys_are_sent_in_several_requests(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, *(f"k/{number:04}" for number in range(1003)))
        assert delete_objects(faults.server.client(), bucket, prefix="k/").deleted == 1003
        assert faults.count("POST", query="delete") == 2
        assert keys_in(s3, bucket) == []


@pytest.mark.needs("versioning")
class TestVersions:
    def test_without_all_versions_an_object_gets_a_delete_marker(
        self, s3: S3Client, versioned_bucket: str
    ) -> None:
        put(s3, versioned_bucket, "a", "b")
        assert delete_objects(s3, versioned_bucket, keys=["a"]).deleted == 1
        assert delete_objects(s3, versioned_bucket, everything=True).deleted == 1
        assert sum(entry.is_delete_marker for entry in list_versions(s3, versioned_bucket)) == 2

    def test_a_second_run_adds_no_second_delete_marker(self, s3: S3Client, versioned_bucket: str) -> None:
        put(s3, versioned_bucket, "a")
        for _ in range(2):
            delete_objects(s3, versioned_bucket, keys=["a", "nope"])
            delete_objects(s3, versioned_bucket, prefix="a")
        assert sum(entry.is_delete_marker for entry in list_versions(s3, versioned_bucket)) == 1

    def test_all_versions_deletes_versions_and_markers_of_a_prefix(
        self, s3: S3Client, versioned_bucket: str
    ) -> None:
        put(s3, versioned_bucket, "p/a", "p/a", "p/b", "q")
        s3.delete_object(Bucket=versioned_bucket, Key="p/b")
        assert delete_objects(s3, versioned_bucket, prefix="p/", all_versions=True).deleted == 4
        assert [entry.key for entry in list_versions(s3, versioned_bucket)] == ["q"]

    def test_all_versions_of_given_keys_deletes_no_versions_of_longer_keys(
        self, s3: S3Client, versioned_bucket: str
    ) -> None:
        put(s3, versioned_bucket, "a", "a", "a.csv", "ab")
        s3.delete_object(Bucket=versioned_bucket, Key="a")
        result = delete_objects(s3, versioned_bucket, keys=["a", "nope"], all_versions=True)
        assert (result.deleted, result.missing) == (3, 1)
        assert [entry.key for entry in list_versions(s3, versioned_bucket)] == ["a.csv", "ab"]

    def test_modified_before_applies_to_each_version_by_itself(
        self, s3: S3Client, versioned_bucket: str
    ) -> None:
        put(s3, versioned_bucket, "a", "b")
        time.sleep(1.1)  # S3's times are whole seconds
        put(s3, versioned_bucket, "a")
        entries = list(list_versions(s3, versioned_bucket))
        limit = max(entry.last_modified for entry in entries)
        # In Versity Gateway the time of an old version is the time at which it was replaced.
        recent = [entry.version_id for entry in entries if entry.last_modified >= limit]
        assert 0 < len(recent) < len(entries)
        result = delete_objects(
            s3, versioned_bucket, everything=True, all_versions=True, modified_before=limit
        )
        assert result.deleted == len(entries) - len(recent)
        assert [entry.version_id for entry in list_versions(s3, versioned_bucket)] == recent

    @pytest.mark.usefixtures("small_batches")
    def test_versions_that_are_deleted_during_the_listing_hide_no_others(
        self, s3: S3Client, versioned_bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("airflow_s3ops.s3.deletes.targets.Listing", partial(Listing, page_size=3))
        put(s3, versioned_bucket, *"aabbbccccdef")
        assert delete_objects(s3, versioned_bucket, everything=True, all_versions=True).deleted == 12
        assert list(list_versions(s3, versioned_bucket)) == []

    def test_versions_are_no_failures_if_the_response_was_lost(
        self, s3: S3Client, versioned_bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, versioned_bucket, "a", "a", "b")
        faults.on("POST", query="delete").lose_response()
        client = faults.server.client()
        assert delete_objects(client, versioned_bucket, everything=True, all_versions=True).deleted == 3
        assert list(list_versions(s3, versioned_bucket)) == []


class TestAge:
    def test_only_older_objects_are_deleted(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "old")
        time.sleep(1.1)  # S3's times are whole seconds
        put(s3, bucket, "new")
        limit = s3.head_object(Bucket=bucket, Key="new")["LastModified"]
        for selection in ({"everything": True}, {"keys": ["old", "new"]}):
            delete_objects(s3, bucket, modified_before=limit, **selection)
            assert keys_in(s3, bucket) == ["new"]

    @pytest.mark.parametrize(
        "text", ["{:%Y-%m-%dT%H:%M:%S}+09:00", "{:%Y-%m-%dT%H:%M:%S}+0900", "{:%Y%m%dT%H%M%S}+09"]
    )
    def test_an_offset_is_converted(self, s3: S3Client, bucket: str, text: str) -> None:
        put(s3, bucket, "a")
        in_an_hour = datetime.now(timezone.utc) + timedelta(hours=1)
        # The same digits with +09:00 are nine hours earlier, before the object was written.
        assert delete_objects(s3, bucket, prefix="a", modified_before=text.format(in_an_hour)).deleted == 0
        tokyo = in_an_hour.astimezone(timezone(timedelta(hours=9)))
        assert delete_objects(s3, bucket, prefix="a", modified_before=text.format(tokyo)).deleted == 1

    def test_z_means_utc(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "a")
        text = "{:%Y-%m-%dT%H:%M:%S}Z"
        now = datetime.now(timezone.utc)
        for hours, deleted in ((-1, 0), (1, 1)):
            limit = text.format(now + timedelta(hours=hours))
            assert delete_objects(s3, bucket, prefix="a", modified_before=limit).deleted == deleted

    def test_modified_before_is_an_error_for_an_identity_that_is_not_allowed_to_head(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, "a")
        faults.on("HEAD", times=None).respond(403)
        with pytest.raises(AccessDenied, match="s3:GetObject"):
            delete_objects(faults.server.client(), bucket, keys=["a"], modified_before="2099-01-01T00:00:00Z")
        assert keys_in(s3, bucket) == ["a"]


class TestLimit:
    @pytest.mark.parametrize("selection", [{"prefix": "k"}, {"keys": ["k1", "k2", "k3"]}], ids=str)
    def test_more_than_the_limit_deletes_nothing(
        self, s3: S3Client, bucket: str, faults: FaultProxy, selection: dict[str, Any]
    ) -> None:
        put(s3, bucket, "k1", "k2", "k3")
        with pytest.raises(TooManyObjects, match=r"max_objects=2.*nothing was deleted"):
            delete_objects(faults.server.client(), bucket, max_objects=2, **selection)
        assert faults.count("POST") == 0
        assert len(keys_in(s3, bucket)) == 3

    def test_exactly_the_limit_is_deleted(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "k1", "k2", "k3", "other")
        assert delete_objects(s3, bucket, prefix="k", max_objects=3).deleted == 3

    def test_keys_that_are_missing_are_not_counted(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "a")
        assert delete_objects(s3, bucket, keys=["a", "b", "c"], max_objects=1).deleted == 1

    @pytest.mark.needs("versioning")
    def test_each_version_counts(self, s3: S3Client, versioned_bucket: str) -> None:
        put(s3, versioned_bucket, "a", "a", "a")
        with pytest.raises(TooManyObjects):
            delete_objects(s3, versioned_bucket, keys=["a"], all_versions=True, max_objects=2)
        assert len(list(list_versions(s3, versioned_bucket))) == 3

    @pytest.mark.usefixtures("small_batches")
    def test_no_more_than_the_limit_is_deleted_from_a_bucket_that_grows_meanwhile(
        self, s3: S3Client, bucket: str, faults: FaultProxy
    ) -> None:
        put(s3, bucket, "k1", "k2")
        faults.on("GET", query="list-type", after=1).run(lambda _: put(s3, bucket, "k3", "k4"))
        with pytest.raises(TooManyObjects, match="2 are deleted"):
            delete_objects(faults.server.client(), bucket, prefix="k", max_objects=2)
        assert len(keys_in(s3, bucket)) == 2


class TestDryRun:
    def test_it_counts_and_logs_the_first_keys(
        self, s3: S3Client, bucket: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        put(s3, bucket, *(f"k{number}" for number in range(8)))
        with caplog.at_level(logging.INFO):
            result = delete_objects(s3, bucket, prefix="k", dry_run=True)
        assert (result.deleted, result.matched, result.dry_run) == (0, 8, True)
        assert "'k4'" in caplog.text
        assert "'k5'" not in caplog.text
        assert len(keys_in(s3, bucket)) == 8

    def test_it_counts_the_given_keys_that_exist(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "a", "b")
        result = delete_objects(s3, bucket, keys=["a", "nope"], dry_run=True)
        assert (result.deleted, result.matched, result.missing) == (0, 1, 1)
        assert keys_in(s3, bucket) == ["a", "b"]

    def test_it_fails_like_the_real_run_and_names_the_total_count(self, s3: S3Client, bucket: str) -> None:
        put(s3, bucket, "k1", "k2", "k3")
        with pytest.raises(TooManyObjects, match="3 match"):
            delete_objects(s3, bucket, prefix="k", max_objects=1, dry_run=True)
