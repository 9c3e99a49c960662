"""A later attempt resumes an upload with the parts that S3 itself lists."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.uploads.file import upload_file
from airflow_s3ops.s3.uploads.progress import Progress
from tests.s3.uploads.support import (
    PART,
    MemoryCheckpoint,
    assert_stored,
    one_try_client,
    open_uploads,
    write_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

PARTS = 4
SIZE = (PARTS - 1) * PART + 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_file(tmp_path / "data.bin", SIZE)


@pytest.fixture
def client(faults: FaultProxy) -> S3Client:
    return one_try_client(faults)


@pytest.fixture
def checkpoint(client: S3Client, bucket: str, path: Path) -> MemoryCheckpoint:
    """Return the checkpoint of an upload that was cancelled after two of its four parts."""
    checkpoint = MemoryCheckpoint()
    cancelled_after(client, path, bucket, checkpoint, parts=2)
    return checkpoint


def cancelled_after(
    client: S3Client, path: Path, bucket: str, checkpoint: MemoryCheckpoint, parts: int, **more: Any
) -> None:
    stop = threading.Event()
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == parts:
            stop.set()

    with pytest.raises(errors.Stopped):
        upload_file(
            client,
            path,
            bucket,
            "k",
            part_size=PART,
            max_concurrency=1,
            checkpoint=checkpoint,
            progress=watch,
            stop=stop,
            **more,
        )


def test_parts_that_s3_has_are_not_sent_again(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, checkpoint: MemoryCheckpoint
) -> None:
    before = faults.body_bytes("PUT")
    seen: list[Progress] = []
    result = upload_file(
        client, path, bucket, "k", part_size=PART, checkpoint=checkpoint, progress=seen.append
    )
    assert (result.parts, result.resumed_parts) == (PARTS, 2)
    assert faults.body_bytes("PUT") - before == SIZE - 2 * PART
    assert seen[-1] == Progress(SIZE, SIZE, resumed=2 * PART)
    assert faults.count("POST", query="uploads") == 1
    assert_stored(s3, bucket, "k", path)


def test_the_state_is_cleared_after_success(
    s3: S3Client, bucket: str, path: Path, client: S3Client, checkpoint: MemoryCheckpoint
) -> None:
    upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
    assert checkpoint.state is None
    assert open_uploads(s3, bucket) == []


def test_the_state_is_small_and_has_no_secret_and_no_part_list(
    faults: FaultProxy, bucket: str, path: Path
) -> None:
    checkpoint = MemoryCheckpoint()
    secret = "s3cr3t-" * 4 + "fill"
    client = one_try_client(faults)
    client.meta.events.register("before-call.s3", _without_customer_key)
    client.meta.events.register("after-call.s3.CreateMultipartUpload", _with_confirmed_encryption)
    args = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": secret}
    cancelled_after(client, path, bucket, checkpoint, parts=2, extra_args=args)
    assert checkpoint.state
    text = repr(checkpoint.state)
    assert secret not in text
    assert "ETag" not in text
    assert len(text) < 2000
    upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint, extra_args=args)


def _without_customer_key(params: dict[str, Any], **_: object) -> None:
    # Servers refuse the key over http.
    for name in [name for name in params["headers"] if "customer" in name]:
        del params["headers"][name]


def _with_confirmed_encryption(parsed: dict[str, Any], **_: object) -> None:
    parsed["SSECustomerAlgorithm"] = "AES256"


def test_a_checkpoint_path_is_a_file_that_is_deleted_after_success(
    bucket: str, path: Path, client: S3Client, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    stop = threading.Event()

    def watch(_: Progress) -> None:
        assert state.is_file()
        stop.set()

    with pytest.raises(errors.Stopped):
        upload_file(client, path, bucket, "k", part_size=PART, checkpoint=state, progress=watch, stop=stop)
    assert state.is_file()
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=str(state))
    assert result.resumed_parts
    assert not state.exists()


def other_content(path: Path) -> None:
    write_file(path, SIZE, seed=8)


def other_size(path: Path) -> None:
    write_file(path, SIZE + 1)


def touched(path: Path) -> None:
    os.utime(path)


def another_file(path: Path) -> None:
    write_file(path.with_name("new"), SIZE).replace(path)


@pytest.mark.parametrize("change", [other_content, other_size, touched, another_file])
def test_with_another_file_the_upload_starts_again_and_the_old_one_is_aborted(
    faults: FaultProxy,
    s3: S3Client,
    bucket: str,
    path: Path,
    client: S3Client,
    checkpoint: MemoryCheckpoint,
    change: Callable[[Path], None],
) -> None:
    change(path)
    before = faults.body_bytes("PUT")
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
    assert result.resumed_parts == 0
    assert faults.body_bytes("PUT") - before == path.stat().st_size
    assert_stored(s3, bucket, "k", path)
    assert open_uploads(s3, bucket) == []


@pytest.mark.parametrize(
    "other",
    [
        {"part_size": PART + 1},
        {"checksum_algorithm": "CRC32"},
        {"extra_args": {"ContentType": "text/other"}},
        {"key": "other"},
        {"compress": "gzip"},
        {"part_size": None},
    ],
)
def test_with_other_parameters_the_upload_starts_again_and_the_old_one_is_aborted(
    s3: S3Client,
    bucket: str,
    path: Path,
    client: S3Client,
    checkpoint: MemoryCheckpoint,
    other: dict[str, Any],
) -> None:
    parameters = {"key": "k", "part_size": PART, **other}
    result = upload_file(client, path, bucket, checkpoint=checkpoint, **parameters)
    assert not result.resumed_parts
    assert open_uploads(s3, bucket) == []
    assert checkpoint.state is None


def test_a_state_of_another_version_is_ignored(
    s3: S3Client, bucket: str, path: Path, client: S3Client
) -> None:
    checkpoint = MemoryCheckpoint()
    checkpoint.state = {"version": 99, "upload_id": "x"}
    upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
    assert_stored(s3, bucket, "k", path)


def test_if_the_earlier_upload_is_gone_a_new_one_is_started(
    s3: S3Client, bucket: str, path: Path, client: S3Client, checkpoint: MemoryCheckpoint
) -> None:
    for upload_id in open_uploads(s3, bucket):
        s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id)
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
    assert result.resumed_parts == 0
    assert_stored(s3, bucket, "k", path)
    assert open_uploads(s3, bucket) == []


@pytest.mark.needs("parts_replaced")
def test_a_part_with_other_bytes_is_sent_again(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, checkpoint: MemoryCheckpoint
) -> None:
    assert checkpoint.state
    part: dict[str, Any] = {
        "Bucket": bucket,
        "Key": "k",
        "UploadId": checkpoint.state["upload_id"],
        "PartNumber": 1,
    }
    s3.upload_part(**part, Body=b"x" * PART, ChecksumAlgorithm="CRC64NVME")
    before = faults.body_bytes("PUT")
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
    assert result.resumed_parts == 1
    assert faults.body_bytes("PUT") - before == SIZE - PART
    assert_stored(s3, bucket, "k", path)


@pytest.mark.parametrize(("etags", "resumed"), [("MD5 sums", 2), ("opaque", 0)])
def test_without_listed_checksums_parts_are_compared_by_md5_etags_only(
    faults: FaultProxy,
    s3: S3Client,
    bucket: str,
    path: Path,
    client: S3Client,
    checkpoint: MemoryCheckpoint,
    etags: str,
    resumed: int,
) -> None:
    def without_checksums(parsed: dict[str, Any], **_: object) -> None:
        for part in parsed["Parts"]:
            for member in [member for member in part if member.startswith("Checksum")]:
                del part[member]
            if etags == "opaque":  # as under SSE-KMS
                part["ETag"] = f'"{"0" * 32}"'

    client.meta.events.register("after-call.s3.ListParts", without_checksums)
    before = faults.body_bytes("PUT")
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
    assert result.resumed_parts == resumed
    assert faults.body_bytes("PUT") - before == SIZE - resumed * PART
    assert_stored(s3, bucket, "k", path)


def test_without_the_right_to_list_parts_the_upload_starts_again(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, checkpoint: MemoryCheckpoint
) -> None:
    faults.on("GET", query="uploadId", times=None).respond(403, "AccessDenied")
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
    assert result.resumed_parts == 0
    assert_stored(s3, bucket, "k", path)
    assert open_uploads(s3, bucket) == []


class FailingCheckpoint(MemoryCheckpoint):
    """A checkpoint of which one method fails."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self._method = method

    def get(self) -> dict[str, Any] | None:
        self._fail("get")
        return super().get()

    def set(self, state: dict[str, Any], /) -> None:
        self._fail("set")
        super().set(state)

    def clear(self) -> None:
        self._fail("clear")
        super().clear()

    def _fail(self, method: str) -> None:
        if method == self._method:
            raise ConnectionError("down")


@pytest.mark.parametrize("method", ["get", "set", "clear"])
def test_a_failing_checkpoint_does_not_fail_the_upload(
    s3: S3Client, bucket: str, path: Path, client: S3Client, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    upload_file(client, path, bucket, "k", part_size=PART, checkpoint=FailingCheckpoint(method))
    assert_stored(s3, bucket, "k", path)
    assert "The checkpoint of the upload failed" in caplog.text


@pytest.mark.parametrize("method", ["get", "set"])
def test_a_failing_checkpoint_leaves_no_upload_open(
    s3: S3Client, bucket: str, path: Path, client: S3Client, method: str
) -> None:
    cancelled_after(client, path, bucket, FailingCheckpoint(method), parts=2)
    assert open_uploads(s3, bucket) == []


class TestPermanentErrors:
    """No attempt follows a permanent error, so no upload may stay open, whenever the error occurs."""

    def test_a_deleted_file_aborts_the_earlier_upload(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        checkpoint = MemoryCheckpoint()
        cancelled_after(client, path, bucket, checkpoint, parts=2)
        path.unlink()
        with pytest.raises(errors.SourceNotFound):
            upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
        assert open_uploads(s3, bucket) == []
        assert checkpoint.state is None

    @pytest.mark.parametrize(
        "parameters",
        [
            {"extra_args": {"acl": "private"}},
            {"extra_args": "no mapping"},
            {"if_exists": "overwrite"},
            {"part_size": 1},
            {"extra_args": {"ChecksumCRC64NVME": "AAAAAAAAAAA="}},
        ],
    )
    def test_a_wrong_parameter_aborts_the_earlier_upload(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client, parameters: dict[str, Any]
    ) -> None:
        checkpoint = MemoryCheckpoint()
        cancelled_after(client, path, bucket, checkpoint, parts=2)
        with pytest.raises(errors.PermanentError):
            upload_file(
                client, path, bucket, "k", **{"part_size": PART, "checkpoint": checkpoint, **parameters}
            )
        assert open_uploads(s3, bucket) == []
        assert checkpoint.state is None

    def test_a_missing_permission_aborts_the_earlier_upload(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        checkpoint = MemoryCheckpoint()
        cancelled_after(client, path, bucket, checkpoint, parts=2)
        faults.on("HEAD").respond(403)
        with pytest.raises(errors.AccessDenied):
            upload_file(
                client, path, bucket, "k", part_size=PART, checkpoint=checkpoint, if_exists="skip_if_same"
            )
        assert open_uploads(s3, bucket) == []


def test_parts_are_listed_page_by_page(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, checkpoint: MemoryCheckpoint
) -> None:
    def one_part_a_page(params: dict[str, Any], **_: object) -> None:
        params["MaxParts"] = 1

    client.meta.events.register("provide-client-params.s3.ListParts", one_part_a_page)
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
    assert result.resumed_parts == 2
    assert faults.count("GET", query="uploadId") >= 2
    assert_stored(s3, bucket, "k", path)


class TestResumeFalse:
    def test_no_state_is_stored_and_no_upload_is_left_open(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        checkpoint = MemoryCheckpoint()
        cancelled_after(client, path, bucket, checkpoint, parts=2, resume=False)
        assert checkpoint.state is None
        assert open_uploads(s3, bucket) == []

    def test_the_upload_of_an_earlier_attempt_is_aborted(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client, checkpoint: MemoryCheckpoint
    ) -> None:
        result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint, resume=False)
        assert result.resumed_parts == 0
        assert open_uploads(s3, bucket) == []
        assert checkpoint.state is None

    def test_without_a_checkpoint_no_upload_is_left_open_either(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        stop = threading.Event()
        with pytest.raises(errors.Stopped):
            upload_file(client, path, bucket, "k", part_size=PART, progress=lambda _: stop.set(), stop=stop)
        assert open_uploads(s3, bucket) == []


class TestDiedAfterCompletion:
    """The earlier attempt completed the upload, and died before it deleted the state."""

    @pytest.fixture
    def checkpoint(self, path: Path, bucket: str, client: S3Client) -> MemoryCheckpoint:
        class Dying(MemoryCheckpoint):
            def clear(self) -> None:
                raise KeyboardInterrupt

        checkpoint = Dying()
        with pytest.raises(KeyboardInterrupt):
            upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
        restored = MemoryCheckpoint()
        restored.state = checkpoint.state
        return restored

    @pytest.mark.needs("full_object_checksum")
    @pytest.mark.parametrize("if_exists", ["replace", "fail", "skip"])
    def test_the_object_is_recognised_and_nothing_is_sent_again(
        self,
        faults: FaultProxy,
        bucket: str,
        path: Path,
        client: S3Client,
        checkpoint: MemoryCheckpoint,
        if_exists: Any,
    ) -> None:
        before = faults.body_bytes("PUT")
        result = upload_file(
            client, path, bucket, "k", part_size=PART, checkpoint=checkpoint, if_exists=if_exists
        )
        assert (result.status, result.parts, result.resumed_parts) == ("uploaded", PARTS, PARTS)
        assert faults.body_bytes("PUT") == before
        assert checkpoint.state is None

    def test_another_object_at_the_key_is_not_taken_for_it(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client, checkpoint: MemoryCheckpoint
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"other object")
        upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
        assert_stored(s3, bucket, "k", path)
