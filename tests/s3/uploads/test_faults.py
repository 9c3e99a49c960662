"""After a fault the object is right, or the error is clear, and no multipart upload is left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.retry import Retries
from airflow_s3ops.s3.uploads.engine.transfer import Transfer
from airflow_s3ops.s3.uploads.file import upload_file
from tests.s3.uploads.support import (
    MIB,
    PART,
    MemoryCheckpoint,
    assert_nothing_stored,
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
    from tests.s3.conftest import FewThreads

PARTS = 4
PART_QUERY = "partNumber=2"


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry without waiting."""
    monkeypatch.setattr(Retries, "backoff", lambda *_: 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_file(tmp_path / "data.bin", (PARTS - 1) * PART + 1000)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_file(tmp_path / "small.bin", 100_000)


@pytest.fixture
def client(faults: FaultProxy) -> S3Client:
    return one_try_client(faults)


class TestTransientFaults:
    """The object is right in the end."""

    @pytest.fixture(autouse=True)
    def complete_and_nothing_open(self, s3: S3Client, bucket: str, path: Path, client: S3Client) -> object:
        yield
        upload_file(client, path, bucket, "k", part_size=PART)
        assert_stored(s3, bucket, "k", path)
        assert open_uploads(s3, bucket) == []

    def test_a_burst_of_slow_down(self, faults: FaultProxy) -> None:
        for number in range(1, PARTS + 1):
            faults.on("PUT", query=f"partNumber={number}", times=4).respond(503, "SlowDown")

    def test_slow_down_at_the_start_and_at_completion(self, faults: FaultProxy) -> None:
        faults.on("POST", query="uploads", times=1).respond(503, "SlowDown")
        faults.on("POST", query="uploadId", times=2).respond(503, "SlowDown")

    def test_internal_errors(self, faults: FaultProxy) -> None:
        faults.on("PUT", query=PART_QUERY, times=2).respond(500, "InternalError")
        faults.on("PUT", query="partNumber=3", times=2).respond(502)

    def test_an_error_inside_a_200_at_completion(self, faults: FaultProxy) -> None:
        body = b"<Error><Code>InternalError</Code><Message>We encountered an error.</Message></Error>"
        faults.on("POST", query="uploadId").respond_body(200, body)

    def test_a_reset_after_half_a_part(self, faults: FaultProxy) -> None:
        faults.on("PUT", query=PART_QUERY, times=2).reset_after(bytes=PART // 2)

    def test_a_reset_before_the_first_byte(self, faults: FaultProxy) -> None:
        faults.on("PUT", query=PART_QUERY).reset_after(bytes=0)

    def test_a_lost_response_to_a_part(self, faults: FaultProxy) -> None:
        faults.on("PUT", query=PART_QUERY).lose_response()

    def test_a_lost_response_to_completion(self, faults: FaultProxy) -> None:
        faults.on("POST", query="uploadId").lose_response()

    def test_a_lost_response_to_completion_and_then_no_such_upload(self, faults: FaultProxy) -> None:
        faults.on("POST", query="uploadId").lose_response()
        # The proxy responds, because some servers respond with 200 to the same completion again.
        faults.on("POST", query="uploadId").respond(404, "NoSuchUpload")

    def test_lost_responses_to_every_completion(self, faults: FaultProxy) -> None:
        faults.on("POST", query="uploadId", times=None).lose_response()

    @pytest.mark.parametrize(("method", "query"), [("PUT", PART_QUERY), ("POST", "uploadId")])
    def test_an_upload_that_disappears(
        self, faults: FaultProxy, s3: S3Client, bucket: str, method: str, query: str
    ) -> None:
        def abort(_: object) -> bool:
            for upload_id in open_uploads(s3, bucket) if rule.fired == 0 else []:
                s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload_id)
            return True

        # The proxy responds, because some servers respond with 500 to a part of an aborted upload.
        rule = faults.on(method, query=query, predicate=abort).respond(404, "NoSuchUpload")

    def test_a_token_that_is_renewed(self, faults: FaultProxy) -> None:
        faults.on("PUT", query=PART_QUERY).respond(400, "ExpiredToken")

    def test_a_bad_digest_response(self, faults: FaultProxy) -> None:
        faults.on("PUT", query=PART_QUERY).respond(400, "BadDigest")


class TestOneLostResponse:
    """With a condition, too, the object that this upload stored is not taken for another writer's."""

    @pytest.mark.parametrize("if_exists", ["fail", "skip", "skip_if_same"])
    def test_to_completion(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, if_exists: str
    ) -> None:
        faults.on("POST", query="uploadId").lose_response()
        result = upload_file(client, path, bucket, "k", part_size=PART, if_exists=if_exists)  # type: ignore[arg-type]
        assert (result.status, result.parts) == ("uploaded", PARTS)
        assert result.etag == s3.head_object(Bucket=bucket, Key="k")["ETag"].strip('"')
        assert_stored(s3, bucket, "k", path)

    @pytest.mark.parametrize("if_exists", ["replace", "fail", "skip", "skip_if_same"])
    def test_to_a_single_put(
        self, faults: FaultProxy, s3: S3Client, bucket: str, small: Path, client: S3Client, if_exists: str
    ) -> None:
        faults.on("PUT").lose_response()
        result = upload_file(client, small, bucket, "k", if_exists=if_exists)  # type: ignore[arg-type]
        assert result.status == "uploaded"
        assert_stored(s3, bucket, "k", small)

    @pytest.mark.parametrize("if_exists", ["replace", "fail"])
    def test_during_the_retries_of_botocore(
        self, faults: FaultProxy, bucket: str, small: Path, if_exists: str
    ) -> None:
        faults.on("PUT").lose_response()
        client = faults.server.client(retries={"total_max_attempts": 3, "mode": "standard"})
        result = upload_file(client, small, bucket, "k", if_exists=if_exists)  # type: ignore[arg-type]
        assert result.status == "uploaded"

    def test_an_object_of_another_writer_is_not_taken_for_this_upload(
        self, faults: FaultProxy, s3: S3Client, bucket: str, small: Path, client: S3Client
    ) -> None:
        def put_other_object(_: object) -> bool:
            if rule.fired == 0:  # after the HEAD of the key, which would end the upload before its PUT
                s3.put_object(Bucket=bucket, Key="k", Body=b"other object")
            return True

        rule = faults.on("PUT", predicate=put_other_object).reset_after(bytes=0)
        with pytest.raises(errors.ObjectExists):
            upload_file(client, small, bucket, "k", if_exists="fail")
        assert stored_bytes(s3, bucket, "k") == b"other object"


class TestSinglePut:
    def test_a_burst_of_slow_down(
        self, faults: FaultProxy, s3: S3Client, bucket: str, small: Path, client: S3Client
    ) -> None:
        faults.on("PUT", times=4).respond(503, "SlowDown")
        upload_file(client, small, bucket, "k")
        assert_stored(s3, bucket, "k", small)

    def test_a_reset_in_the_middle(
        self, faults: FaultProxy, s3: S3Client, bucket: str, small: Path, client: S3Client
    ) -> None:
        faults.on("PUT", times=2).reset_after(bytes=50_000)
        upload_file(client, small, bucket, "k")
        assert_stored(s3, bucket, "k", small)


@pytest.mark.parametrize("name", ["small", "path"])
def test_unsigned_content_is_sent_again_from_its_start(
    faults: FaultProxy,
    s3: S3Client,
    bucket: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    # As on https, where the signer does not read and rewind the body.
    monkeypatch.setattr(Transfer, "is_signed_in_full", False)
    client = one_try_client(faults, s3={"addressing_style": "path", "payload_signing_enabled": False})
    faults.on("PUT", times=2).respond(503, "SlowDown")
    faults.on("PUT", times=2).reset_after(bytes=1000)
    file = request.getfixturevalue(name)
    upload_file(client, file, bucket, "k", part_size=PART)
    assert_stored(s3, bucket, "k", file)
    assert {put.headers["x-amz-content-sha256"] for put in faults.matching("PUT")} == {"UNSIGNED-PAYLOAD"}


class TestPermanentFaults:
    """The error is clear, and no upload is left open."""

    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (503, "SlowDown", errors.Throttled),
            (500, "InternalError", errors.ServerError),
            (403, "AccessDenied", errors.AccessDenied),
            (400, "ExpiredToken", errors.CredentialsExpired),
            (400, "EntityTooSmall", errors.RequestRejected),
        ],
    )
    def test_on_a_part(
        self,
        faults: FaultProxy,
        s3: S3Client,
        bucket: str,
        path: Path,
        client: S3Client,
        status: int,
        code: str,
        kind: type[errors.S3OpsError],
    ) -> None:
        faults.on("PUT", query=PART_QUERY, times=None).respond(status, code)
        with pytest.raises(kind) as caught:
            upload_file(client, path, bucket, "k", part_size=PART)
        assert (caught.value.bucket, caught.value.key, caught.value.code) == (bucket, "k", code)
        assert_nothing_stored(s3, bucket)
        assert open_uploads(s3, bucket) == []

    def test_the_number_of_tries_of_a_part_is_limited(
        self, faults: FaultProxy, bucket: str, path: Path, client: S3Client
    ) -> None:
        faults.on("PUT", query=PART_QUERY, times=None).respond(503, "SlowDown")
        with pytest.raises(errors.Throttled):
            upload_file(client, path, bucket, "k", part_size=PART)
        assert faults.count("PUT", query=PART_QUERY) == 5

    def test_a_connection_that_breaks_on_every_try(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        faults.on("PUT", query=PART_QUERY, times=None).reset_after(bytes=MIB)
        with pytest.raises(errors.NetworkError):
            upload_file(client, path, bucket, "k", part_size=PART)
        assert open_uploads(s3, bucket) == []

    def test_an_upload_that_disappears_every_time(
        self, faults: FaultProxy, bucket: str, path: Path, client: S3Client
    ) -> None:
        faults.on("PUT", query=PART_QUERY, times=None).respond(404, "NoSuchUpload")
        with pytest.raises(errors.UploadNotFound):
            upload_file(client, path, bucket, "k", part_size=PART)
        assert faults.count("POST", query="uploads") == 3

    def test_an_abort_that_fails_is_logged_with_what_stays_open(
        self,
        faults: FaultProxy,
        s3: S3Client,
        bucket: str,
        path: Path,
        client: S3Client,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        faults.on("PUT", query=PART_QUERY, times=None).respond(403, "AccessDenied")
        faults.on("DELETE", times=None).respond(403, "AccessDenied")
        with pytest.raises(errors.AccessDenied) as caught:
            upload_file(client, path, bucket, "k", part_size=PART)
        assert caught.value.action == "s3:PutObject"
        (upload_id,) = open_uploads(s3, bucket)
        assert upload_id in caplog.text
        assert "s3:AbortMultipartUpload" in caplog.text

    def test_an_abort_is_retried(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        faults.on("PUT", query=PART_QUERY, times=None).respond(403, "AccessDenied")
        faults.on("DELETE", times=2).respond(503, "SlowDown")
        with pytest.raises(errors.AccessDenied):
            upload_file(client, path, bucket, "k", part_size=PART)
        assert open_uploads(s3, bucket) == []


class TestStalled:
    def test_a_part_times_out_and_is_sent_again(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path
    ) -> None:
        faults.on("PUT", query=PART_QUERY).stall()
        upload_file(one_try_client(faults, read_timeout=1), path, bucket, "k", part_size=PART)
        assert_stored(s3, bucket, "k", path)
        assert faults.count("PUT", query=PART_QUERY) == 2
        assert open_uploads(s3, bucket) == []

    def test_completion_is_requested_again(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path
    ) -> None:
        faults.on("POST", query="uploadId").stall()
        upload_file(one_try_client(faults, read_timeout=1), path, bucket, "k", part_size=PART)
        assert_stored(s3, bucket, "k", path)


@pytest.mark.needs("checksum_verification")
class TestBitRot:
    @pytest.mark.parametrize("times", [1, 3])
    def test_a_flipped_bit_in_a_part_is_refused_and_the_part_sent_again(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client, times: int
    ) -> None:
        rule = faults.on("PUT", query=PART_QUERY, times=times).flip_bit(at=PART // 3)
        upload_file(client, path, bucket, "k", part_size=PART)
        assert_stored(s3, bucket, "k", path)
        assert rule.fired == times
        assert faults.count("PUT", query=PART_QUERY) == times + 1

    def test_a_flipped_bit_in_a_single_put(
        self, faults: FaultProxy, s3: S3Client, bucket: str, small: Path, client: S3Client
    ) -> None:
        faults.on("PUT", times=2).flip_bit(at=77_777)
        upload_file(client, small, bucket, "k")
        assert_stored(s3, bucket, "k", small)

    def test_a_bit_that_is_flipped_on_every_try_ends_in_a_clear_error(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        faults.on("PUT", query=PART_QUERY, times=None).flip_bit(at=0)
        with pytest.raises(errors.ChecksumMismatch):
            upload_file(client, path, bucket, "k", part_size=PART)
        assert_nothing_stored(s3, bucket)
        assert open_uploads(s3, bucket) == []


class TestWithACheckpoint:
    """A transient error keeps the upload for the next attempt; a permanent error aborts it."""

    @pytest.mark.parametrize(
        ("status", "code"), [(503, "SlowDown"), (400, "ExpiredToken"), (500, "InternalError")]
    )
    def test_after_a_transient_fault_the_next_attempt_resumes(
        self,
        faults: FaultProxy,
        s3: S3Client,
        bucket: str,
        path: Path,
        client: S3Client,
        status: int,
        code: str,
    ) -> None:
        checkpoint = MemoryCheckpoint()
        faults.on("PUT", query="partNumber=4", times=5).respond(status, code)
        with pytest.raises(errors.TransientError):
            upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint, max_concurrency=1)
        assert checkpoint.state
        assert open_uploads(s3, bucket) == [checkpoint.state["upload_id"]]
        before = faults.body_bytes("PUT", query="uploadId")
        result = upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
        assert result.resumed_parts == PARTS - 1
        assert faults.body_bytes("PUT", query="uploadId") - before == 1000
        assert_stored(s3, bucket, "k", path)
        assert checkpoint.state is None

    def test_after_a_permanent_fault_the_upload_is_aborted_and_the_state_deleted(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        checkpoint = MemoryCheckpoint()
        faults.on("PUT", query=PART_QUERY, times=None).respond(403, "AccessDenied")
        with pytest.raises(errors.AccessDenied):
            upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
        assert checkpoint.state is None
        assert open_uploads(s3, bucket) == []

    def test_after_a_failed_abort_the_next_attempt_aborts_the_upload(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, client: S3Client
    ) -> None:
        checkpoint = MemoryCheckpoint()
        faults.on("PUT", query=PART_QUERY).respond(403, "AccessDenied")
        # Three tries when the part failed, and three when the error is known to be permanent.
        faults.on("DELETE", times=6).respond(503, "SlowDown")
        with pytest.raises(errors.AccessDenied):
            upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
        assert checkpoint.state
        upload_file(client, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
        assert_stored(s3, bucket, "k", path)
        assert open_uploads(s3, bucket) == []


class TestFewThreads:
    """The machine does not start more threads."""

    def test_one_thread_is_enough_for_all_parts(
        self, s3: S3Client, bucket: str, path: Path, few_threads: FewThreads
    ) -> None:
        few_threads("s3ops-part", most=1)
        upload_file(s3, path, bucket, "k", part_size=PART)
        assert_stored(s3, bucket, "k", path)

    @pytest.mark.parametrize("name", ["s3ops-part", "s3ops"])
    def test_without_a_thread_the_upload_is_aborted(
        self, s3: S3Client, bucket: str, path: Path, few_threads: FewThreads, name: str
    ) -> None:
        few_threads(name, most=0)
        with pytest.raises(errors.OutOfThreads):
            upload_file(s3, path, bucket, "k", part_size=PART)
        assert open_uploads(s3, bucket) == []

    def test_with_a_checkpoint_it_is_kept_for_the_next_try(
        self, s3: S3Client, bucket: str, path: Path, few_threads: FewThreads
    ) -> None:
        few_threads("s3ops-part", most=0)
        checkpoint = MemoryCheckpoint()
        with pytest.raises(errors.OutOfThreads):
            upload_file(s3, path, bucket, "k", part_size=PART, checkpoint=checkpoint)
        assert checkpoint.state
        assert open_uploads(s3, bucket) == [checkpoint.state["upload_id"]]

    def test_a_small_file_needs_no_thread(
        self, s3: S3Client, bucket: str, small: Path, few_threads: FewThreads
    ) -> None:
        few_threads("s3ops", most=0)
        upload_file(s3, small, bucket, "k")
        assert_stored(s3, bucket, "k", small)
