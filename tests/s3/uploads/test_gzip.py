"""Compression during the upload: without a temporary file, and with a verified object."""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.checksum import ALGORITHMS
from airflow_s3ops.s3.uploads.file import upload_file
from airflow_s3ops.s3.uploads.progress import Progress
from tests.s3.uploads.support import PART, digest, open_uploads, stored_bytes, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy


@pytest.fixture(params=["csv", "parts", "empty"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "csv":
        (tmp_path / "data.csv").write_bytes(b"station,value\n" * 100_000)
    else:
        # Random bytes cannot be compressed: these need two parts.
        write_file(tmp_path / "data.csv", PART + 1000 if request.param == "parts" else 0)
    return tmp_path / "data.csv"


def test_it_is_stored_as_gzip_with_a_content_encoding(s3: S3Client, bucket: str, path: Path) -> None:
    result = upload_file(s3, path, bucket, "k", compress="gzip", part_size=PART)
    stored = stored_bytes(s3, bucket, "k")
    head = s3.head_object(Bucket=bucket, Key="k")
    assert digest(gzip.decompress(stored)) == digest(path.read_bytes())
    assert (head["ContentEncoding"], head["ContentType"]) == ("gzip", "text/csv")
    assert result.size == len(stored) == head["ContentLength"]
    assert open_uploads(s3, bucket) == []


def test_the_checksum_is_that_of_the_stored_bytes(s3: S3Client, bucket: str, path: Path) -> None:
    result = upload_file(s3, path, bucket, "k", compress="gzip", part_size=PART)
    expected = ALGORITHMS["CRC64NVME"].of([stored_bytes(s3, bucket, "k")])
    assert result.checksum
    assert result.checksum.value == base64.b64encode(expected).decode()


def test_no_file_is_left_in_the_folder_and_the_source_is_unchanged(
    s3: S3Client, bucket: str, path: Path
) -> None:
    before = path.read_bytes(), path.stat().st_mtime_ns
    upload_file(s3, path, bucket, "k", compress="gzip", part_size=PART)
    assert [file.name for file in path.parent.iterdir()] == ["data.csv"]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_two_uploads_give_the_same_object(s3: S3Client, bucket: str, path: Path) -> None:
    first = upload_file(s3, path, bucket, "k", compress="gzip", part_size=PART)
    again = upload_file(s3, path, bucket, "k2", compress="gzip", part_size=PART)
    assert (again.checksum, again.size, again.etag) == (first.checksum, first.size, first.etag)


@pytest.mark.needs("checksum_verification", "full_object_checksum")
def test_the_same_content_is_recognised(faults: FaultProxy, bucket: str, path: Path) -> None:
    client = faults.server.client()
    upload_file(client, path, bucket, "k", compress="gzip", part_size=PART)
    sent = faults.body_bytes("PUT")
    again = upload_file(client, path, bucket, "k", compress="gzip", part_size=PART, if_exists="skip_if_same")
    assert again.status == "skipped"
    assert faults.body_bytes("PUT") == sent


def test_progress_counts_the_uncompressed_bytes(s3: S3Client, bucket: str, path: Path) -> None:
    seen: list[Progress] = []
    upload_file(s3, path, bucket, "k", compress="gzip", part_size=PART, progress=seen.append)
    size = path.stat().st_size
    assert seen[-1] == Progress(size, size)
