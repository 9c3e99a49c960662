"""Many small files on the fast path: each is stored completely, and one bad file fails alone."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.burst.loop import START
from airflow_s3ops.s3.checksum import ALGORITHMS
from airflow_s3ops.s3.files.source import Source
from airflow_s3ops.s3.results import ObjectChecksum
from airflow_s3ops.s3.uploads.items import Failed, Uploaded
from airflow_s3ops.s3.uploads.small_files.fast_path import FastPath
from tests.s3.uploads.small_files.support import (
    all_uploaded,
    batch_args,
    errors_of,
    objects,
    sent,
    upload_item,
    write_files,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.uploads.items import UploadItem
    from tests.faults import FaultProxy
    from tests.servers import S3Server

pytestmark = pytest.mark.needs_version("awscrt_without_retries")


def test_every_file_is_stored_completely(s3: S3Client, bucket: str, tmp_path: Path) -> None:
    paths = write_files(tmp_path, 300)
    outcomes = all_uploaded(sent(s3, batch_args(bucket), paths))
    assert {one.status for one in outcomes.values()} == {"uploaded"}
    assert objects(s3, bucket) == {path.name: path.read_bytes() for path in paths}


def test_a_client_without_time_outs_works(server: S3Server, bucket: str, tmp_path: Path) -> None:
    client = server.client(connect_timeout=None, read_timeout=None)
    (one,) = all_uploaded(sent(client, batch_args(bucket), write_files(tmp_path, 1))).values()
    assert one.status == "uploaded"


class Gate:
    """Lets ``number`` requests pass, and holds the next ones until more than ``number`` are in flight."""

    def __init__(self, number: int) -> None:
        self.was_opened = True
        self._is_open = threading.Event()
        self._number = number
        self._seen = 0
        self._lock = threading.Lock()

    def __call__(self, _: object) -> None:
        with self._lock:
            self._seen += 1
            if self._seen <= self._number:
                return
            if self._seen > 2 * self._number:
                self._is_open.set()
        if not self._is_open.wait(30):
            self.was_opened = False


def test_more_requests_are_in_flight_while_the_server_responds_quickly(
    faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that the test passes on a slow machine.
    for measure in ("BUSY", "QUEUING"):
        monkeypatch.setattr(f"airflow_s3ops.s3.requests.concurrency.{measure}", float("inf"))
    gate = Gate(START)
    faults.on("PUT", times=None).run(gate)
    paths = write_files(tmp_path, 4 * START)
    all_uploaded(sent(faults.server.client(), batch_args(bucket), paths))
    assert gate.was_opened
    assert len(objects(s3, bucket)) == len(paths)


@pytest.mark.parametrize("algorithm", ["CRC64NVME", "CRC32C", "CRC32", "SHA1", "SHA256"])
def test_the_outcome_describes_the_stored_object(
    s3: S3Client, bucket: str, tmp_path: Path, algorithm: str
) -> None:
    (path,) = write_files(tmp_path, 1)
    one = all_uploaded(sent(s3, batch_args(bucket, algorithm=algorithm), [path]))[path.name]
    seen = s3.head_object(Bucket=bucket, Key=path.name, ChecksumMode="ENABLED")
    assert (one.size, one.etag) == (seen["ContentLength"], seen["ETag"].strip('"'))
    value = seen[f"Checksum{algorithm}"]  # type: ignore[literal-required]
    assert one.checksum == ObjectChecksum(algorithm, value, "server")


@pytest.mark.needs("versioning")
def test_the_outcome_has_the_version_id(s3: S3Client, versioned_bucket: str, tmp_path: Path) -> None:
    paths = write_files(tmp_path, 3)
    outcomes = all_uploaded(sent(s3, batch_args(versioned_bucket), paths))
    for path in paths:
        seen = s3.head_object(Bucket=versioned_bucket, Key=path.name)
        assert outcomes[path.name].version_id == seen["VersionId"]


def test_each_file_has_its_own_content_type(s3: S3Client, bucket: str, tmp_path: Path) -> None:
    names = {"a.csv": "text/csv", "b.json": "application/json", "c": "application/octet-stream"}
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.write_text("x")
    all_uploaded(sent(s3, batch_args(bucket), paths))
    assert {name: s3.head_object(Bucket=bucket, Key=name)["ContentType"] for name in names} == names


def test_a_content_type_in_extra_args_is_used_for_all_files(
    s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    paths = write_files(tmp_path, 2)
    all_uploaded(sent(s3, batch_args(bucket, ContentType="text/x-mine"), paths))
    for path in paths:
        assert s3.head_object(Bucket=bucket, Key=path.name)["ContentType"] == "text/x-mine"


def test_empty_files_and_files_of_a_mebibyte(s3: S3Client, bucket: str, tmp_path: Path) -> None:
    empty, large = tmp_path / "empty", tmp_path / "large"
    empty.touch()
    large.write_bytes(os.urandom(1 << 20))
    all_uploaded(sent(s3, batch_args(bucket), [empty, large]))
    assert objects(s3, bucket) == {"empty": b"", "large": large.read_bytes()}


def test_without_files_no_request_is_made(faults: FaultProxy, bucket: str) -> None:
    assert sent(faults.server.client(), batch_args(bucket), []) == {}
    assert faults.requests == []


def test_bad_files_fail_and_the_others_are_uploaded(s3: S3Client, bucket: str, tmp_path: Path) -> None:
    good = write_files(tmp_path, 100)
    missing, fifo, folder = tmp_path / "missing", tmp_path / "fifo", tmp_path / "folder"
    os.mkfifo(fifo)
    folder.mkdir()
    outcomes = sent(s3, batch_args(bucket), [*good[:50], missing, fifo, folder, *good[50:]])
    assert {key: type(error) for key, error in errors_of(outcomes).items()} == {
        "missing": errors.SourceNotFound,
        "fifo": errors.SourceUnreadable,
        "folder": errors.SourceUnreadable,
    }
    assert objects(s3, bucket).keys() == {path.name for path in good}


def test_a_file_that_changes_while_it_is_read_is_not_uploaded(
    s3: S3Client, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_files(tmp_path, 10)
    read_whole = Source.read_whole

    def changed_meanwhile(source: Source) -> bytes:
        data = read_whole(source)
        if source.filename == str(paths[5]):
            paths[5].write_bytes(b"other content")
        return data

    monkeypatch.setattr(Source, "read_whole", changed_meanwhile)
    outcomes = sent(s3, batch_args(bucket), paths)
    assert [type(error) for error in errors_of(outcomes).values()] == [errors.SourceChanged]
    assert objects(s3, bucket).keys() == {path.name for path in paths} - {paths[5].name}


def test_a_file_that_changes_during_the_request_fails(
    faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    paths = write_files(tmp_path, 10)
    before = paths[5].read_bytes()
    faults.on("PUT", path=paths[5].name).run(lambda _: paths[5].write_bytes(b"other content"))
    (error,) = errors_of(sent(faults.server.client(), batch_args(bucket), paths)).values()
    assert isinstance(error, errors.SourceChanged)
    assert "the stored object is complete" in str(error)
    assert objects(s3, bucket)[paths[5].name] == before


def test_a_file_that_has_grown_too_large_since_it_was_found_is_not_read(
    s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    (path,) = write_files(tmp_path, 1)
    found = upload_item(path)
    path.write_bytes(b"x" * 5000)
    (error,) = errors_of(sent(s3, batch_args(bucket), [found], largest=4096)).values()
    assert isinstance(error, errors.SourceChanged)


def test_the_outcome_has_the_size_and_time_of_what_was_read(
    s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    (path,) = write_files(tmp_path, 1)
    found = upload_item(path)
    path.write_bytes(b"longer than it was, when it was found" * 10)
    one = all_uploaded(sent(s3, batch_args(bucket), [found]))[path.name]
    assert one.size == one.item.file.size == path.stat().st_size
    assert one.item.file.mtime_ns == path.stat().st_mtime_ns


@pytest.mark.parametrize(("memory", "at_once", "most"), [(1000, 64, 10), (1 << 20, 7, 7), (10, 64, 1)])
def test_files_are_taken_only_when_there_is_room(
    s3: S3Client, bucket: str, tmp_path: Path, memory: int, at_once: int, most: int
) -> None:
    paths = write_files(tmp_path, 60, size=100)
    taken, finished, in_flight = 0, 0, []

    def files() -> Iterator[UploadItem]:
        nonlocal taken
        for path in paths:
            taken += 1
            in_flight.append(taken - finished)
            yield upload_item(path)

    for outcome in FastPath(s3, batch_args(bucket), memory=memory, most_at_once=at_once).send(files()):
        assert isinstance(outcome, Uploaded)
        finished += 1
    # The file that waits for room has been taken but not read; finished files are yielded one by one.
    assert max(in_flight) <= 2 * most + 1
    assert finished == len(paths)


def test_a_missing_bucket_ends_the_batch(s3: S3Client, tmp_path: Path) -> None:
    with pytest.raises(errors.BucketNotFound):
        sent(s3, batch_args("s3ops-does-not-exist"), write_files(tmp_path, 20))


@pytest.mark.needs("signature_verification")
def test_a_wrong_secret_ends_the_batch(server: S3Server, bucket: str, tmp_path: Path) -> None:
    client = server.as_user(server.access_key, "not the secret").client()
    with pytest.raises(errors.CredentialsRejected):
        sent(client, batch_args(bucket), write_files(tmp_path, 20))


def test_a_refused_key_fails_alone(faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
    paths = write_files(tmp_path, 30)
    faults.on("PUT", path=paths[3].name).respond(403, "AccessDenied", "Not this one.")
    outcomes = sent(faults.server.client(), batch_args(bucket), paths)
    ((key, error),) = errors_of(outcomes).items()
    assert (key, type(error), error.code) == (paths[3].name, errors.AccessDenied, "AccessDenied")
    assert "Not this one." in str(error)
    assert "s3:PutObject" in str(error)
    assert error.request_id


def test_a_refused_public_acl_is_explained(faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
    faults.on("PUT", query="", times=None, predicate=lambda request: not request.query).respond(
        400, "AccessControlListNotSupported"
    )
    outcomes = sent(faults.server.client(), batch_args(bucket, ACL="public-read"), write_files(tmp_path, 3))
    assert {type(error) for error in errors_of(outcomes).values()} == {errors.AclsDisabled}


@pytest.mark.needs("checksum_verification")
def test_bytes_that_are_damaged_in_transit_are_sent_again(
    faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    paths = write_files(tmp_path, 5)
    faults.on("PUT", times=2).flip_bit(at=7)
    outcomes = sent(faults.server.client(), batch_args(bucket), paths)
    all_uploaded(outcomes)
    assert objects(s3, bucket) == {path.name: path.read_bytes() for path in paths}


class TestWithoutAChecksumInTheResponse:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return write_files(tmp_path, 1)[0]

    def test_an_etag_that_is_the_md5_sum_verifies_it(
        self, faults: FaultProxy, bucket: str, path: Path
    ) -> None:
        etag = hashlib.md5(path.read_bytes()).hexdigest()
        faults.on("PUT").respond(200, headers={"ETag": f'"{etag}"'})
        (one,) = all_uploaded(sent(faults.server.client(), batch_args(bucket), [path])).values()
        assert one.checksum is not None
        assert one.checksum.verified_by == "server"
        assert faults.count("HEAD") == 0

    def test_otherwise_a_head_verifies_the_size(self, faults: FaultProxy, bucket: str, path: Path) -> None:
        faults.on("PUT").respond(200, headers={"ETag": '"opaque"'})
        faults.on("HEAD").respond_body(200, path.read_bytes(), {"ETag": '"opaque"'})
        (one,) = all_uploaded(sent(faults.server.client(), batch_args(bucket), [path])).values()
        assert one.checksum is not None
        assert one.checksum.verified_by == "size"

    def test_another_size_is_a_mismatch(self, faults: FaultProxy, bucket: str, path: Path) -> None:
        faults.on("PUT").respond(200, headers={"ETag": '"opaque"'})
        faults.on("HEAD").respond_body(200, b"???", {"ETag": '"opaque"'})
        (error,) = errors_of(sent(faults.server.client(), batch_args(bucket), [path])).values()
        assert isinstance(error, errors.ChecksumMismatch)

    def test_without_the_right_to_head_it_is_not_verified_and_one_head_is_made(
        self, faults: FaultProxy, bucket: str, tmp_path: Path
    ) -> None:
        faults.on("PUT", times=None).respond(200, headers={"ETag": '"opaque"'})
        faults.on("HEAD", times=None).respond(403)
        paths = write_files(tmp_path, 20)
        outcomes = all_uploaded(sent(faults.server.client(), batch_args(bucket), paths, most_at_once=1))
        assert {one.checksum.verified_by for one in outcomes.values() if one.checksum} == {"none"}
        assert faults.count("HEAD") == 1


def test_another_checksum_in_the_response_is_a_mismatch(
    faults: FaultProxy, bucket: str, tmp_path: Path
) -> None:
    faults.on("PUT").respond(200, headers={"ETag": '"x"', "x-amz-checksum-crc64nvme": "AAAAAAAAAAA="})
    outcomes = sent(faults.server.client(), batch_args(bucket), write_files(tmp_path, 1))
    assert [type(error) for error in errors_of(outcomes).values()] == [errors.ChecksumMismatch]


def test_the_headers_of_the_algorithms_are_those_of_the_model(s3: S3Client) -> None:
    members = s3.meta.service_model.operation_model("PutObject").input_shape.members  # type: ignore[union-attr]
    for algorithm in ALGORITHMS.values():
        if algorithm.member in members:
            assert members[algorithm.member].serialization["name"] == algorithm.header


def test_an_error_does_not_contain_the_secret_key(faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
    faults.on("PUT", times=None).respond(400, "MalformedXML")
    outcomes = sent(faults.server.client(), batch_args(bucket), write_files(tmp_path, 1))
    (outcome,) = outcomes.values()
    assert isinstance(outcome, Failed)
    assert faults.server.secret_key not in f"{outcome.error}{outcome!r}"
