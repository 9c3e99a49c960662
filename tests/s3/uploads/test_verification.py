"""An upload reports success only for the object that it stored itself."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.retry import Retries
from airflow_s3ops.s3.uploads.file import upload_file
from tests.s3.uploads.support import (
    PART,
    MemoryCheckpoint,
    assert_stored,
    one_try_client,
    open_uploads,
    stored_bytes,
    write_file,
)

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server

SIZES = {"single": 1000, "parts": 2 * PART + 10}
COMPLETION = {"method": "POST", "query": "uploadId"}


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Retries, "backoff", lambda *_: 0.0)


@pytest.fixture(params=SIZES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_file(tmp_path / "mine.csv", SIZES[request.param], seed=1)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    return write_file(tmp_path / "large.csv", SIZES["parts"], seed=2)


@pytest.fixture
def client(faults: FaultProxy) -> S3Client:
    return one_try_client(faults)


def last_request_of(path: Path) -> dict[str, str]:
    return {"method": "PUT"} if path.stat().st_size < PART else COMPLETION


class TestOlderObjectWithTheSameBytes:
    """There is an object with the bytes of the file and other metadata."""

    @pytest.mark.parametrize("fault", ["response", "reset"])
    def test_it_is_not_taken_for_a_failed_upload(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, fault: str
    ) -> None:
        upload_file(s3, path, bucket, "k", part_size=PART, extra_args={"Metadata": {"v": "1"}})
        rule = faults.on(**last_request_of(path), times=None)  # type: ignore[arg-type]
        if fault == "response":
            rule.respond(500, "InternalError")
        else:
            rule.reset_after(bytes=0)
        with pytest.raises((errors.ServerError, errors.NetworkError)):
            upload_file(client, path, bucket, "k", part_size=PART, extra_args={"Metadata": {"v": "2"}})
        assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"v": "1"}
        assert open_uploads(s3, bucket) == []

    def test_an_object_of_another_writer_is_not_taken_for_this_upload(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path
    ) -> None:
        client = faults.server.client(retries={"mode": "standard", "total_max_attempts": 3})

        def put_same_bytes(_: object) -> bool:
            s3.put_object(Bucket=bucket, Key="k", Body=path.read_bytes(), ChecksumAlgorithm="CRC64NVME")
            return True

        # One 503 during botocore's own retries: that is a response, so none was lost.
        faults.on(**last_request_of(path), predicate=put_same_bytes).respond(503, "SlowDown")  # type: ignore[arg-type]
        with pytest.raises(errors.ObjectExists):
            upload_file(client, path, bucket, "k", part_size=PART, if_exists="fail")
        assert open_uploads(s3, bucket) == []


class TestLostCompletion:
    @pytest.mark.parametrize("if_exists", ["replace", "fail", "skip"])
    def test_a_head_that_fails_once_is_retried(
        self,
        faults: FaultProxy,
        s3: S3Client,
        bucket: str,
        large: Path,
        client: S3Client,
        if_exists: Any,
    ) -> None:
        faults.on(**COMPLETION).lose_response()  # type: ignore[arg-type]
        faults.on(**COMPLETION).respond(404, "NoSuchUpload")  # type: ignore[arg-type]
        heads_before = 1 if if_exists != "replace" else 0
        faults.on("HEAD", after=heads_before).respond(503, "SlowDown")
        result = upload_file(client, large, bucket, "k", part_size=PART, if_exists=if_exists)
        assert result.status == "uploaded"
        assert faults.count("POST", query="uploads") == 1
        assert_stored(s3, bucket, "k", large)

    def test_a_file_that_changes_after_completion_does_not_fail_it(
        self, faults: FaultProxy, s3: S3Client, bucket: str, large: Path, client: S3Client
    ) -> None:
        before = large.read_bytes()

        def change(_: object) -> bool:
            with large.open("ab") as file:
                file.write(b"x")
            return True

        faults.on(**COMPLETION, predicate=change).lose_response()  # type: ignore[arg-type]
        result = upload_file(client, large, bucket, "k", part_size=PART, if_exists="fail")
        assert result.status == "uploaded"
        assert stored_bytes(s3, bucket, "k") == before

    def test_the_error_says_if_a_single_put_may_have_been_stored(
        self, faults: FaultProxy, bucket: str, tmp_path: Path, client: S3Client
    ) -> None:
        small = write_file(tmp_path / "small.csv", 1000)

        def change(**_: object) -> None:
            with small.open("ab") as file:
                file.write(b"x")

        client.meta.events.register("needs-retry.s3.PutObject", change)
        faults.on("PUT").lose_response()
        with pytest.raises(errors.SourceChanged, match="may have stored the complete file"):
            upload_file(client, small, bucket, "k")


def test_the_next_attempt_requires_confirmed_encryption_too(
    faults: FaultProxy, s3: S3Client, bucket: str, large: Path, client: S3Client
) -> None:
    def without_encryption(params: dict[str, Any], **_: object) -> None:
        params["headers"].pop("x-amz-server-side-encryption", None)

    client.meta.events.register("before-call.s3", without_encryption)
    faults.on("DELETE", times=None).respond(403, "AccessDenied")
    checkpoint = MemoryCheckpoint()
    for _ in range(2):
        with pytest.raises(errors.NotSupportedByServer):
            upload_file(
                client,
                large,
                bucket,
                "k",
                part_size=PART,
                checkpoint=checkpoint,
                extra_args={"ServerSideEncryption": "AES256"},
            )
    assert checkpoint.state is None
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_resumed_upload_makes_a_head_where_conditions_may_be_ignored(
    server: S3Server, s3: S3Client, bucket: str, large: Path
) -> None:
    def without_condition(params: dict[str, Any], **_: object) -> None:
        params["headers"].pop("If-None-Match", None)

    client, checkpoint, stop = server.client(), MemoryCheckpoint(), threading.Event()
    client.meta.events.register("before-call.s3", without_condition)
    with pytest.raises(errors.Stopped):
        upload_file(
            client,
            large,
            bucket,
            "k",
            part_size=PART,
            max_concurrency=1,
            if_exists="fail",
            checkpoint=checkpoint,
            stop=stop,
            progress=lambda _: stop.set(),
        )
    s3.put_object(Bucket=bucket, Key="k", Body=b"other object")
    with pytest.raises(errors.ObjectExists):
        upload_file(client, large, bucket, "k", part_size=PART, if_exists="fail", checkpoint=checkpoint)
    assert stored_bytes(s3, bucket, "k") == b"other object"
    assert open_uploads(s3, bucket) == []


def test_an_impossible_file_name_is_source_not_found(s3: S3Client, bucket: str) -> None:
    with pytest.raises(errors.SourceNotFound):
        upload_file(s3, "a\0b", bucket, "k")
