"""``if_exists`` on the fast path: S3 evaluates the condition; a server that ignores it is detected."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3 import errors
from tests.s3.uploads.small_files.support import (
    all_uploaded,
    batch_args,
    errors_of,
    objects,
    sent,
    write_files,
)

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy, Request

pytestmark = pytest.mark.needs_version("awscrt_without_retries")

OTHER = b"other object"


@pytest.fixture
def paths(s3: S3Client, bucket: str, tmp_path: Path) -> list[Path]:
    """Files; there is another object at the key of the first one."""
    paths = write_files(tmp_path, 40)
    s3.put_object(Bucket=bucket, Key=paths[0].name, Body=OTHER)
    return paths


@pytest.mark.needs("if_none_match")
def test_fail_fails_only_the_key_with_an_object(s3: S3Client, bucket: str, paths: list[Path]) -> None:
    outcomes = sent(s3, batch_args(bucket, "fail"), paths)
    ((key, error),) = errors_of(outcomes).items()
    assert (key, type(error)) == (paths[0].name, errors.ObjectExists)
    stored = objects(s3, bucket)
    assert stored[key] == OTHER
    assert len(stored) == len(paths)


@pytest.mark.needs("if_none_match")
def test_skip_leaves_the_object_unchanged_and_returns_its_size_and_etag(
    s3: S3Client, bucket: str, paths: list[Path]
) -> None:
    outcomes = all_uploaded(sent(s3, batch_args(bucket, "skip"), paths))
    skipped = {key: one for key, one in outcomes.items() if one.status == "skipped"}
    assert skipped.keys() == {paths[0].name}
    assert (skipped[paths[0].name].size, skipped[paths[0].name].checksum) == (len(OTHER), None)
    assert skipped[paths[0].name].etag == s3.head_object(Bucket=bucket, Key=paths[0].name)["ETag"].strip('"')
    assert objects(s3, bucket)[paths[0].name] == OTHER


@pytest.mark.needs("if_none_match")
def test_after_the_server_has_honoured_a_condition_no_head_is_made(
    faults: FaultProxy, bucket: str, tmp_path: Path
) -> None:
    paths = write_files(tmp_path, 60)
    all_uploaded(sent(faults.server.client(), batch_args(bucket, "fail"), paths, most_at_once=1))
    assert faults.count("HEAD") == 1
    assert [record.status for record in faults.matching("PUT")].count(412) == 1


@pytest.mark.needs("if_none_match")
def test_an_object_written_meanwhile_is_not_replaced(
    faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    paths = write_files(tmp_path, 3)
    taken = paths[2].name
    faults.on("PUT", path=taken).run(lambda _: s3.put_object(Bucket=bucket, Key=taken, Body=OTHER))
    outcomes = sent(faults.server.client(), batch_args(bucket, "fail"), paths)
    assert {key: type(error) for key, error in errors_of(outcomes).items()} == {taken: errors.ObjectExists}
    assert objects(s3, bucket)[taken] == OTHER


@pytest.mark.parametrize("if_exists", ["fail", "skip"])
def test_a_server_that_ignores_conditions_is_detected_with_the_first_file(
    faults: FaultProxy, s3: S3Client, bucket: str, paths: list[Path], if_exists: str
) -> None:
    faults.on("PUT", header="if-none-match", times=None).remove_header("if-none-match")
    with pytest.raises(errors.NotSupportedByServer, match="ignores If-None-Match"):
        sent(faults.server.client(), batch_args(bucket, if_exists), paths)
    assert objects(s3, bucket)[paths[0].name] == OTHER


def test_without_the_right_to_head_the_condition_is_enough(
    faults: FaultProxy, bucket: str, tmp_path: Path
) -> None:
    faults.on("HEAD", times=None).respond(403)
    paths = write_files(tmp_path, 10)
    assert len(all_uploaded(sent(faults.server.client(), batch_args(bucket, "fail"), paths))) == len(paths)


@pytest.mark.needs("if_match")
def test_skip_if_same_sends_what_is_missing_or_differs(
    faults: FaultProxy, s3: S3Client, bucket: str, paths: list[Path]
) -> None:
    all_uploaded(sent(s3, batch_args(bucket), paths[10:]))
    outcomes = all_uploaded(sent(faults.server.client(), batch_args(bucket, "skip_if_same"), paths))
    assert {key for key, one in outcomes.items() if one.status == "uploaded"} == {
        path.name for path in paths[:10]
    }
    assert objects(s3, bucket) == {path.name: path.read_bytes() for path in paths}
    puts = faults.matching("PUT")
    assert {record.headers.get("if-match") is not None for record in puts} == {True, False}
    assert all("if-match" in record.headers or "if-none-match" in record.headers for record in puts)
    assert outcomes[paths[20].name].checksum is not None


@pytest.mark.parametrize("algorithm", ["SHA256", "CRC32"])
def test_skip_if_same_compares_the_stored_checksum(
    s3: S3Client, bucket: str, tmp_path: Path, algorithm: str
) -> None:
    (path,) = write_files(tmp_path, 1)
    all_uploaded(sent(s3, batch_args(bucket, algorithm=algorithm), [path]))
    (one,) = all_uploaded(sent(s3, batch_args(bucket, "skip_if_same"), [path])).values()
    assert one.status == "skipped"
    assert one.checksum is not None
    assert one.checksum.algorithm == algorithm


def test_skip_if_same_compares_the_etag_where_no_checksum_is_stored(
    faults: FaultProxy, bucket: str, tmp_path: Path
) -> None:
    (path,) = write_files(tmp_path, 1)
    etag = hashlib.md5(path.read_bytes()).hexdigest()
    faults.on("HEAD").respond_body(200, path.read_bytes(), {"ETag": f'"{etag}"'})
    (one,) = all_uploaded(sent(faults.server.client(), batch_args(bucket, "skip_if_same"), [path])).values()
    assert one.status == "skipped"
    assert one.checksum is not None
    assert one.checksum.algorithm == "MD5"


@pytest.mark.needs("full_object_checksum")
def test_skip_if_same_recognises_an_object_that_was_uploaded_in_parts(
    s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    path = tmp_path / "parts"
    path.write_bytes(bytes(range(256)) * (6 << 12))
    middle = 5 << 20
    data = path.read_bytes()
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts", ChecksumAlgorithm="SHA256")["UploadId"]
    parts = [
        s3.upload_part(
            Bucket=bucket, Key="parts", UploadId=upload, PartNumber=n, Body=body, ChecksumAlgorithm="SHA256"
        )
        for n, body in ((1, data[:middle]), (2, data[middle:]))
    ]
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="parts",
        UploadId=upload,
        MultipartUpload={
            "Parts": [
                {"PartNumber": n, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}
                for n, part in enumerate(parts, 1)
            ]
        },
    )
    (one,) = all_uploaded(sent(s3, batch_args(bucket, "skip_if_same"), [path])).values()
    assert one.status == "skipped"
    assert one.checksum is not None
    assert one.checksum.value.endswith("-2")


@pytest.mark.needs("if_match")
def test_an_object_that_changes_after_the_head_is_not_replaced(
    faults: FaultProxy, s3: S3Client, bucket: str, paths: list[Path]
) -> None:
    def write(_: Request) -> None:
        s3.put_object(Bucket=bucket, Key=paths[0].name, Body=b"newer")

    faults.on("PUT", path=paths[0].name).run(write)
    outcomes = sent(faults.server.client(), batch_args(bucket, "skip_if_same"), paths)
    assert [type(error) for error in errors_of(outcomes).values()] == [errors.PreconditionFailed]
    assert objects(s3, bucket)[paths[0].name] == b"newer"


@pytest.mark.needs("if_none_match")
@pytest.mark.parametrize("if_exists", ["fail", "skip", "skip_if_same"])
def test_a_put_with_a_condition_whose_response_is_lost_is_a_success(
    faults: FaultProxy, bucket: str, tmp_path: Path, if_exists: str
) -> None:
    paths = write_files(tmp_path, 20)
    faults.on("PUT", path=paths[4].name).lose_response()
    outcomes = all_uploaded(sent(faults.server.client(), batch_args(bucket, if_exists), paths))
    assert outcomes[paths[4].name].status == "uploaded"


@pytest.mark.parametrize("if_exists", ["fail", "skip_if_same"])
def test_a_conflict_is_retried(faults: FaultProxy, bucket: str, tmp_path: Path, if_exists: str) -> None:
    faults.on("PUT", times=5).respond(409, "ConditionalRequestConflict")
    paths = write_files(tmp_path, 10)
    assert len(all_uploaded(sent(faults.server.client(), batch_args(bucket, if_exists), paths))) == len(paths)


@pytest.mark.needs("if_none_match")
def test_a_condition_in_extra_args_is_applied(s3: S3Client, bucket: str, paths: list[Path]) -> None:
    outcomes = sent(s3, batch_args(bucket, IfNoneMatch="*"), paths)
    assert {key: type(error) for key, error in errors_of(outcomes).items()} == {
        paths[0].name: errors.ObjectExists
    }
