"""Versions and delete markers are listed once, by any page size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.listings.pages import Listing
from airflow_s3ops.s3.listings.versions import list_versions, version_pages

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def put(s3: S3Client, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"four")


@pytest.mark.needs("versioning")
def test_each_version_and_marker_is_listed_once_with_any_page_size(
    s3: S3Client, versioned_bucket: str
) -> None:
    for key in "abcm":
        for _ in range(5 if key == "m" else 2):
            put(s3, versioned_bucket, key)
    s3.delete_object(Bucket=versioned_bucket, Key="b")
    for size in (2, 3, 5, 1000):
        entries = list(list_versions(s3, versioned_bucket, page_size=size))
        assert [entry.key for entry in entries] == [*"aa", *"bbb", *"cc", *"mmmmm"]
        assert len({entry.version_id for entry in entries}) == 12
        assert [(entry.key, entry.is_latest) for entry in entries if entry.is_delete_marker] == [("b", True)]
        assert sum(entry.is_latest for entry in entries) == 4


@pytest.mark.needs("versioning")
def test_null_versions_from_before_versioning_hide_no_other_versions(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, *"abcdef")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put(s3, bucket, *"abcdef", *"abcdef")
    for size in (7, 9, 10, 1000):
        entries = list(list_versions(s3, bucket, page_size=size))
        assert [entry.key for entry in entries] == [key for key in "abcdef" for _ in range(3)]
        assert sum(entry.version_id == "null" for entry in entries) == 6


def test_a_bucket_without_versioning_lists_its_objects_as_versions(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "a")
    (entry,) = list_versions(s3, bucket)
    assert (entry.key, entry.version_id, entry.is_latest, entry.size) == ("a", "null", True, 4)


@pytest.mark.needs("versioning")
def test_pages_of_versions_contain_what_the_listing_yields(s3: S3Client, versioned_bucket: str) -> None:
    put(s3, versioned_bucket, *"aab")
    pages = list(version_pages(s3, Listing(versioned_bucket, page_size=2)))
    assert [entry.key for page in pages for entry in page] == ["a", "a", "b"]
    assert all(len(page) <= 2 for page in pages)
