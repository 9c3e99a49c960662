"""An upload that ended early goes on where it was, as far as S3 itself says what it has."""

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
    Kept,
    assert_stored,
    impatient_client,
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
    return impatient_client(faults)


@pytest.fixture
def kept(client: S3Client, bucket: str, path: Path) -> Kept:
    """The checkpoint of an upload that was stopped after two of its four parts."""
    kept = Kept()
    stopped_after(client, path, bucket, kept, parts=2)
    return kept


def stopped_after(client: S3Client, path: Path, bucket: str, kept: Kept, parts: int, **more: Any) -> None:
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
            checkpoint=kept,
            progress=watch,
            stop=stop,
            **more,
        )


def test_what_s3_has_is_not_sent_again(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, kept: Kept
) -> None:
    before = faults.body_bytes("PUT")
    seen: list[Progress] = []
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept, progress=seen.append)
    assert (result.parts, result.resumed_parts) == (PARTS, 2)
    assert faults.body_bytes("PUT") - before == SIZE - 2 * PART
    assert seen[-1] == Progress(SIZE, SIZE, resumed=2 * PART)
    assert faults.count("POST", query="uploads") == 1
    assert_stored(s3, bucket, "k", path)


def test_the_state_is_cleared_after_success(
    s3: S3Client, bucket: str, path: Path, client: S3Client, kept: Kept
) -> None:
    upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept)
    assert kept.state is None
    assert open_uploads(s3, bucket) == []


def test_the_state_is_small_and_has_no_secret_and_no_part_list(
    faults: FaultProxy, bucket: str, path: Path
) -> None:
    kept = Kept()
    secret = "s3cr3t-" * 4 + "fill"
    client = impatient_client(faults)
    client.meta.events.register("before-call.s3", _without_customer_key)
    client.meta.events.register("after-call.s3.CreateMultipartUpload", _as_if_encrypted)
    args = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": secret}
    stopped_after(client, path, bucket, kept, parts=2, extra_args=args)
    assert kept.state
    text = repr(kept.state)
    assert secret not in text
    assert "ETag" not in text
    assert len(text) < 2000
    upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept, extra_args=args)


def _without_customer_key(params: dict[str, Any], **_: object) -> None:
    # Over http servers refuse the key.
    for name in [name for name in params["headers"] if "customer" in name]:
        del params["headers"][name]


def _as_if_encrypted(parsed: dict[str, Any], **_: object) -> None:
    parsed["SSECustomerAlgorithm"] = "AES256"


def test_a_path_is_a_file_that_is_gone_in_the_end(
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
def test_another_file_begins_anew_and_the_old_upload_is_aborted(
    faults: FaultProxy,
    s3: S3Client,
    bucket: str,
    path: Path,
    client: S3Client,
    kept: Kept,
    change: Callable[[Path], None],
) -> None:
    change(path)
    before = faults.body_bytes("PUT")
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept)
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
def test_another_way_begins_anew_and_the_old_upload_is_aborted(
    s3: S3Client, bucket: str, path: Path, client: S3Client, kept: Kept, other: dict[str, Any]
) -> None:
    parameters = {"key": "k", "part_size": PART, **other}
    result = upload_file(client, path, bucket, checkpoint=kept, **parameters)
    assert not result.resumed_parts
    assert open_uploads(s3, bucket) == []
    assert kept.state is None


def test_a_state_that_nobody_understands_is_no_obstacle(
    s3: S3Client, bucket: str, path: Path, client: S3Client
) -> None:
    kept = Kept()
    kept.state = {"version": 99, "upload_id": "x"}
    upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept)
    assert_stored(s3, bucket, "k", path)


def test_an_upload_that_is_gone_begins_anew(
    s3: S3Client, bucket: str, path: Path, client: S3Client, kept: Kept
) -> None:
    for upload_id in open_uploads(s3, bucket):
        s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id)
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept)
    assert result.resumed_parts == 0
    assert_stored(s3, bucket, "k", path)
    assert open_uploads(s3, bucket) == []


@pytest.mark.needs("parts_replaced")
def test_a_part_that_s3_has_otherwise_is_sent_again(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, kept: Kept
) -> None:
    assert kept.state
    part: dict[str, Any] = {
        "Bucket": bucket,
        "Key": "k",
        "UploadId": kept.state["upload_id"],
        "PartNumber": 1,
    }
    s3.upload_part(**part, Body=b"x" * PART, ChecksumAlgorithm="CRC64NVME")
    before = faults.body_bytes("PUT")
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept)
    assert result.resumed_parts == 1
    assert faults.body_bytes("PUT") - before == SIZE - PART
    assert_stored(s3, bucket, "k", path)


@pytest.mark.parametrize(("etags", "resumed"), [("MD5 sums", 2), ("opaque", 0)])
def test_where_no_checksums_are_listed_an_etag_counts_only_as_an_md5_sum(
    faults: FaultProxy,
    s3: S3Client,
    bucket: str,
    path: Path,
    client: S3Client,
    kept: Kept,
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
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept)
    assert result.resumed_parts == resumed
    assert faults.body_bytes("PUT") - before == SIZE - resumed * PART
    assert_stored(s3, bucket, "k", path)


def test_without_the_right_to_list_parts_it_begins_anew(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, kept: Kept
) -> None:
    faults.on("GET", query="uploadId", times=None).respond(403, "AccessDenied")
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept)
    assert result.resumed_parts == 0
    assert_stored(s3, bucket, "k", path)
    assert open_uploads(s3, bucket) == []


class Down(Kept):
    """A store that fails in one of the things that it does."""

    def __init__(self, deed: str) -> None:
        super().__init__()
        self._deed = deed

    def get(self) -> dict[str, Any] | None:
        self._fail("get")
        return super().get()

    def set(self, state: dict[str, Any], /) -> None:
        self._fail("set")
        super().set(state)

    def clear(self) -> None:
        self._fail("clear")
        super().clear()

    def _fail(self, deed: str) -> None:
        if deed == self._deed:
            raise ConnectionError("down")


@pytest.mark.parametrize("deed", ["get", "set", "clear"])
def test_a_store_that_is_down_costs_no_upload(
    s3: S3Client, bucket: str, path: Path, client: S3Client, caplog: pytest.LogCaptureFixture, deed: str
) -> None:
    upload_file(client, path, bucket, "k", part_size=PART, checkpoint=Down(deed))
    assert_stored(s3, bucket, "k", path)
    assert "The checkpoint of the upload failed" in caplog.text


@pytest.mark.parametrize("deed", ["get", "set"])
def test_nor_does_it_leave_an_upload_open(
    s3: S3Client, bucket: str, path: Path, client: S3Client, deed: str
) -> None:
    stopped_after(client, path, bucket, Down(deed), parts=2)
    assert open_uploads(s3, bucket) == []


class TestPermanentErrors:
    """No attempt follows them, so nothing may stay open, whenever they show."""

    def test_a_file_that_is_gone(self, s3: S3Client, bucket: str, path: Path, client: S3Client) -> None:
        kept = Kept()
        stopped_after(client, path, bucket, kept, parts=2)
        path.unlink()
        with pytest.raises(errors.SourceNotFound):
            upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept)
        assert open_uploads(s3, bucket) == []
        assert kept.state is None

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
    def test_a_parameter_that_is_wrong_on_the_next_attempt(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client, parameters: dict[str, Any]
    ) -> None:
        kept = Kept()
        stopped_after(client, path, bucket, kept, parts=2)
        with pytest.raises(errors.PermanentError):
            upload_file(client, path, bucket, "k", **{"part_size": PART, "checkpoint": kept, **parameters})
        assert open_uploads(s3, bucket) == []
        assert kept.state is None

    def test_a_right_that_is_missing_before_anything_is_sent(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        kept = Kept()
        stopped_after(client, path, bucket, kept, parts=2)
        faults.on("HEAD").respond(403)
        with pytest.raises(errors.AccessDenied):
            upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept, if_exists="skip_if_same")
        assert open_uploads(s3, bucket) == []


def test_parts_are_listed_page_by_page(
    faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, kept: Kept
) -> None:
    def one_a_page(params: dict[str, Any], **_: object) -> None:
        params["MaxParts"] = 1

    client.meta.events.register("provide-client-params.s3.ListParts", one_a_page)
    result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept)
    assert result.resumed_parts == 2
    assert faults.count("GET", query="uploadId") >= 2
    assert_stored(s3, bucket, "k", path)


class TestResumeFalse:
    def test_nothing_is_kept_and_nothing_is_left_open(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        kept = Kept()
        stopped_after(client, path, bucket, kept, parts=2, resume=False)
        assert kept.state is None
        assert open_uploads(s3, bucket) == []

    def test_what_an_earlier_attempt_left_is_aborted(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client, kept: Kept
    ) -> None:
        result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept, resume=False)
        assert result.resumed_parts == 0
        assert open_uploads(s3, bucket) == []
        assert kept.state is None

    def test_without_a_checkpoint_nothing_is_left_open_either(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        stop = threading.Event()
        with pytest.raises(errors.Stopped):
            upload_file(client, path, bucket, "k", part_size=PART, progress=lambda _: stop.set(), stop=stop)
        assert open_uploads(s3, bucket) == []


class TestDiedAfterCompletion:
    """The attempt before completed the upload, and died before it could forget it."""

    @pytest.fixture
    def died(self, path: Path, bucket: str, client: S3Client) -> Kept:
        class Dying(Kept):
            def clear(self) -> None:
                raise KeyboardInterrupt

        kept = Dying()
        with pytest.raises(KeyboardInterrupt):
            upload_file(client, path, bucket, "k", part_size=PART, checkpoint=kept)
        alive = Kept()
        alive.state = kept.state
        return alive

    @pytest.mark.needs("full_object_checksum")
    @pytest.mark.parametrize("if_exists", ["replace", "fail", "skip"])
    def test_the_object_is_recognised_and_nothing_is_sent_again(
        self, faults: FaultProxy, bucket: str, path: Path, client: S3Client, died: Kept, if_exists: Any
    ) -> None:
        before = faults.body_bytes("PUT")
        result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=died, if_exists=if_exists)
        assert (result.status, result.parts, result.resumed_parts) == ("uploaded", PARTS, PARTS)
        assert faults.body_bytes("PUT") == before
        assert died.state is None

    def test_another_object_in_its_place_is_not_taken_for_it(
        self, s3: S3Client, bucket: str, path: Path, client: S3Client, died: Kept
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"theirs")
        upload_file(client, path, bucket, "k", part_size=PART, checkpoint=died)
        assert_stored(s3, bucket, "k", path)
