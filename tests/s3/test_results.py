"""Results become plain JSON with the fields that apply."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from airflow_s3ops.s3.results import (
    CreateBucketResult,
    DeleteBucketResult,
    DeleteObjectResult,
    DeleteObjectsResult,
    ObjectChecksum,
    Result,
    UploadFileResult,
    UploadFilesResult,
)

BUCKET = "b" * 63
KEY = "k" * 1024
FULL = (
    CreateBucketResult(
        BUCKET,
        "ap-northeast-2",
        "created",
        (
            "object_ownership",
            "block_public_access",
            "versioning",
            "encryption",
            "tags",
            "abort_incomplete_uploads_days",
            "object_lock",
            "policy",
        ),
    ),
    # The key is in it twice (also in the uri), so nothing else may be long.
    UploadFileResult(
        f"s3://{BUCKET}/{KEY[:700]}",
        BUCKET,
        KEY[:700],
        "uploaded",
        50 * 10**12,
        "0" * 32 + "-10000",
        "v" * 64,
        ObjectChecksum("CRC64NVME", "AAAAAAAAAAA=", "server"),
        10_000,
        9_999,
        86_400.123456,
    ),
    DeleteObjectResult(BUCKET, 1, 0, "v" * 64, delete_marker=True, seconds=1.5),
    DeleteObjectsResult(BUCKET, 10**9, 10**9, 10**9, dry_run=True, seconds=86_400.123456),
    DeleteBucketResult(BUCKET, "deleted", 10**9, 10**6),
)


def of_class(result: Result) -> str:
    return type(result).__name__


@pytest.mark.parametrize("result", FULL, ids=of_class)
def test_a_full_result_is_json_of_less_than_2_kb(result: Result) -> None:
    text = json.dumps(result.to_xcom())
    assert json.loads(text) == result.to_xcom()
    assert len(text) < 2048


@pytest.mark.parametrize("result", FULL, ids=of_class)
def test_a_result_cannot_be_changed(result: Result) -> None:
    with pytest.raises(FrozenInstanceError):
        result.bucket = "other"  # type: ignore[attr-defined]


def test_fields_that_do_not_apply_are_left_out() -> None:
    result = UploadFileResult("s3://b/k", "b", "k", "uploaded", 5)
    assert set(result.to_xcom()) == {"uri", "bucket", "key", "status", "size", "seconds"}


def test_zero_and_false_and_an_empty_list_are_kept() -> None:
    assert DeleteObjectsResult("b", 0, 0, 0, dry_run=False).to_xcom() == {
        "bucket": "b",
        "deleted": 0,
        "missing": 0,
        "matched": 0,
        "dry_run": False,
        "seconds": 0.0,
    }
    assert CreateBucketResult("b", "eu-west-1", "existed").to_xcom()["applied"] == []


def test_a_checksum_becomes_a_dict() -> None:
    checksum = ObjectChecksum("CRC64NVME", "AAAAAAAAAAA=", "server")
    result = UploadFileResult("s3://b/k", "b", "k", "uploaded", 5, checksum=checksum)
    assert result.to_xcom()["checksum"] == {
        "algorithm": "CRC64NVME",
        "value": "AAAAAAAAAAA=",
        "verified_by": "server",
    }


@pytest.mark.parametrize("key", ["k" * 1024, "\N{HANGUL SYLLABLE GA}" * 341])
def test_the_longest_key_still_makes_a_small_xcom(key: str) -> None:
    bucket = "b" * 63
    checksum = ObjectChecksum("CRC64NVME", "AAAAAAAAAAA=", "server")
    result = UploadFileResult(
        f"s3://{bucket}/{key}", bucket, key, "uploaded", 1 << 50, "e" * 40, "v" * 64, checksum, 10_000, 9_999
    )
    xcom = result.to_xcom()
    assert len(json.dumps(xcom, ensure_ascii=False).encode()) < 2000
    assert xcom["key"] == key


@pytest.mark.parametrize("letter", ["k", "\N{HANGUL SYLLABLE GA}"])
@pytest.mark.parametrize("bucket", ["b" * 63, "B" * 255], ids=["today", "before 2018"])
def test_the_longest_prefix_and_manifest_still_make_a_small_xcom(bucket: str, letter: str) -> None:
    size = len(letter.encode())
    prefix, manifest_key = letter * (1023 // size), letter * (1017 // size)
    manifest = f"s3://{bucket}/{manifest_key}"
    counts = (10**9, 10**9, 0, 1 << 60)
    xcom = UploadFilesResult(bucket, prefix, *counts, 86_400.123, manifest).to_xcom()
    assert len(json.dumps(xcom, ensure_ascii=False).encode()) < 2000
    assert xcom["manifest"] == manifest
    assert "prefix" not in xcom


def test_a_prefix_is_kept_if_it_fits() -> None:
    result = UploadFilesResult(BUCKET, KEY[:600], 1, 0, 0, 1, 0.1, f"s3://{BUCKET}/{KEY[:1017]}")
    assert result.to_xcom()["prefix"] == KEY[:600]
