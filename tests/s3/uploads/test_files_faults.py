"""Faults during an upload of many files, cancellation, and the memory that it takes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.deletes.objects import delete_objects
from airflow_s3ops.s3.requests.retry import Retries
from airflow_s3ops.s3.uploads import dispatch
from airflow_s3ops.s3.uploads.files import upload_files
from tests.faults import Soon
from tests.s3.cancellation_support import GRACE, WITHIN, StopWatch
from tests.s3.uploads.files_support import at_rest, listed, settled, write_files
from tests.s3.uploads.support import (
    MIB,
    MemoryCheckpoint,
    assert_stored,
    one_try_client,
    open_uploads,
    write_file,
)

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server

pytestmark = pytest.mark.usefixtures("either_path")

NAMES = [f"{number:03}" for number in range(120)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "data", NAMES)


@pytest.fixture
def client(faults: FaultProxy) -> S3Client:
    return one_try_client(faults)


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry without waiting."""
    monkeypatch.setattr(Retries, "backoff", lambda *_: 0.0)


@pytest.mark.usefixtures("no_backoff")
class TestTransientFaults:
    """All files are uploaded in the end."""

    @pytest.fixture(autouse=True)
    def all_uploaded(self, s3: S3Client, bucket: str, folder: Path, client: S3Client) -> object:
        yield
        result = upload_files(client, folder, bucket, manifest_key="manifest")
        assert result.uploaded == len(NAMES)
        assert list(listed(s3, bucket)) == [*NAMES, "manifest"]

    def test_a_burst_of_slow_down(self, faults: FaultProxy) -> None:
        faults.on("PUT", times=100, after=10).respond(503, "SlowDown")

    def test_closed_connections(self, faults: FaultProxy) -> None:
        faults.on("PUT", times=20, after=10).reset_after(bytes=0)

    def test_lost_responses(self, faults: FaultProxy) -> None:
        faults.on("PUT", times=20, after=10).lose_response()

    def test_a_token_that_expires_during_the_upload_and_is_renewed(self, faults: FaultProxy) -> None:
        faults.on("PUT", times=20, after=50).respond(400, "ExpiredToken")


@pytest.mark.usefixtures("no_backoff")
class TestPermanentFaults:
    def test_a_token_that_stays_expired_ends_the_upload_and_a_retry_continues(
        self, faults: FaultProxy, s3: S3Client, bucket: str, folder: Path, client: S3Client
    ) -> None:
        faults.on("PUT", times=None, after=50).respond(400, "ExpiredToken")
        with pytest.raises(errors.CredentialsExpired) as caught:
            upload_files(client, folder, bucket, manifest_key="manifest")
        assert caught.value.retryable
        stored = listed(s3, bucket)
        assert "manifest" not in stored
        assert 0 < len(stored) <= 50
        result = upload_files(s3, folder, bucket, if_exists="skip_if_same")
        # Requests in flight may have been carried out after the first listing.
        assert len(stored) <= result.skipped <= 50
        assert result.uploaded + result.skipped == len(NAMES)

    def test_a_refused_key_is_one_failure_with_its_code(
        self, faults: FaultProxy, s3: S3Client, bucket: str, folder: Path, client: S3Client
    ) -> None:
        faults.on("PUT", path=f"/{bucket}/007", times=None).respond(403, "AccessDenied")
        with pytest.raises(errors.PartialUpload) as caught:
            upload_files(client, folder, bucket)
        assert [(failure.key, failure.code) for failure in caught.value.failures] == [("007", "AccessDenied")]
        assert not caught.value.retryable
        assert len(listed(s3, bucket)) == len(NAMES) - 1

    def test_a_key_that_stays_throttled_is_one_retryable_failure(
        self, faults: FaultProxy, bucket: str, folder: Path, client: S3Client
    ) -> None:
        faults.on("PUT", path=f"/{bucket}/007", times=None).respond(503, "SlowDown")
        with pytest.raises(errors.PartialUpload) as caught:
            upload_files(client, folder, bucket)
        assert [failure.code for failure in caught.value.failures] == ["SlowDown"]
        assert caught.value.retryable

    def test_an_unavailable_server_does_not_get_a_request_for_every_file(
        self, faults: FaultProxy, bucket: str, folder: Path, client: S3Client
    ) -> None:
        faults.on("PUT", times=None).respond(503, "SlowDown")
        with pytest.raises(errors.Throttled):
            upload_files(client, folder, bucket)
        requested = {request.path for request in faults.requests}
        assert len(requested) < len(NAMES)


class TestListOfEarlierFailures:
    """It is deleted after a success, with the same care as any object."""

    @pytest.fixture
    def stale(self, s3: S3Client, versioned_bucket: str) -> str:
        s3.put_object(Bucket=versioned_bucket, Key="m.failed", Body=b"{}\n")
        return versioned_bucket

    def markers(self, s3: S3Client, bucket: str) -> list[str]:
        return [marker["Key"] for marker in s3.list_object_versions(Bucket=bucket).get("DeleteMarkers", ())]

    @pytest.mark.needs("versioning")
    def test_a_lost_response_adds_no_second_delete_marker(
        self, s3: S3Client, client: S3Client, faults: FaultProxy, tmp_path: Path, stale: str
    ) -> None:
        faults.on("DELETE").lose_response()
        upload_files(client, write_files(tmp_path, ["a"]), stale, manifest_key="m")
        assert self.markers(s3, stale) == ["m.failed"]

    @pytest.mark.needs("versioning")
    def test_extra_args_are_in_every_request_about_it(
        self, s3: S3Client, client: S3Client, faults: FaultProxy, tmp_path: Path, stale: str
    ) -> None:
        extra_args = {"RequestPayer": "requester"}
        upload_files(client, write_files(tmp_path, ["a"]), stale, manifest_key="m", extra_args=extra_args)
        about_it = [request for request in faults.requests if request.path.endswith("m.failed")]
        assert [request.method for request in about_it] == ["HEAD", "DELETE"]
        assert {request.headers.get("x-amz-request-payer") for request in about_it} == {"requester"}
        assert self.markers(s3, stale) == ["m.failed"]

    @pytest.mark.parametrize("hangs", ["HEAD", "DELETE"])
    def test_cancellation_does_not_wait_for_it(
        self, s3: S3Client, faults: FaultProxy, tmp_path: Path, bucket: str, hangs: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="m.failed", Body=b"{}\n")
        watch = StopWatch()
        faults.on(hangs, path="m.failed", predicate=Soon(watch.set)).stall()
        client = one_try_client(faults, read_timeout=20)
        with pytest.raises(errors.Stopped):
            upload_files(client, write_files(tmp_path, ["a"]), bucket, manifest_key="m", stop=watch.event)
        assert watch.seconds < WITHIN + GRACE


class TestCancellation:
    def test_before_the_start_nothing_is_sent(
        self, faults: FaultProxy, bucket: str, folder: Path, client: S3Client
    ) -> None:
        stop = threading.Event()
        stop.set()
        with pytest.raises(errors.Stopped):
            upload_files(client, folder, bucket, stop=stop)
        assert faults.requests == []

    def test_while_no_file_matches(
        self, faults: FaultProxy, bucket: str, folder: Path, client: S3Client
    ) -> None:
        stop = threading.Event()
        stop.set()
        with pytest.raises(errors.Stopped):
            upload_files(client, folder, bucket, include="*.csv", stop=stop)
        assert faults.requests == []

    def test_during_small_files(
        self, faults: FaultProxy, s3: S3Client, bucket: str, folder: Path, client: S3Client
    ) -> None:
        watch = StopWatch()
        faults.on("PUT", after=20).run(watch.set)
        with pytest.raises(errors.Stopped):
            upload_files(client, folder, bucket, manifest_key="m", stop=watch.event)
        assert watch.seconds < WITHIN + GRACE
        assert len(settled(s3, faults, bucket)) < len(NAMES)

    def test_while_the_server_does_not_respond(
        self, faults: FaultProxy, s3: S3Client, bucket: str, folder: Path, client: S3Client
    ) -> None:
        watch = StopWatch()
        faults.on("PUT", after=20, times=1).run(watch.set)
        faults.on("PUT", after=19, times=None).stall()
        with pytest.raises(errors.Stopped):
            upload_files(client, folder, bucket, stop=watch.event)
        assert watch.seconds < WITHIN + GRACE
        assert len(settled(s3, faults, bucket)) < len(NAMES)

    @pytest.mark.needs("checksums_in_list_parts")
    def test_during_a_large_file_which_the_next_try_resumes(
        self, faults: FaultProxy, s3: S3Client, bucket: str, folder: Path, client: S3Client
    ) -> None:
        watch = StopWatch()
        checkpoints: dict[str, MemoryCheckpoint] = {}
        large = write_file(folder / "000-large", 60 * MIB)
        given: Any = {
            "checkpoint_for": lambda key: checkpoints.setdefault(key, MemoryCheckpoint()),
            "if_exists": "skip_if_same",
            "max_concurrency": 2,
        }
        faults.on("PUT", query="partNumber=4").run(watch.set)
        with pytest.raises(errors.Stopped):
            upload_files(client, folder, bucket, stop=watch.event, **given)
        assert watch.seconds < WITHIN + GRACE
        assert list(checkpoints) == ["000-large"]
        state = checkpoints["000-large"].state
        assert state
        assert open_uploads(s3, bucket) == [state["upload_id"]]
        stored = at_rest(s3, bucket)
        before = faults.count("PUT")
        result = upload_files(client, folder, bucket, **given)
        assert result.uploaded == len(NAMES) + 1 - len(stored)
        assert faults.count("POST", query="uploads") == 1
        parts = faults.count("PUT", query="uploadId")
        assert parts <= 4 + 2, "all four, and those that were in flight"
        assert faults.count("PUT") - before <= len(NAMES) - len(stored) + 2
        assert_stored(s3, bucket, "000-large", large)
        assert checkpoints["000-large"].state is None
        assert open_uploads(s3, bucket) == []


def test_small_and_large_files_share_one_limit_of_requests(
    faults: FaultProxy, bucket: str, folder: Path, client: S3Client
) -> None:
    write_file(folder / "large", 40 * MIB)
    write_file(folder / "larger", 17 * MIB)
    now, most, lock = [0], [0], threading.Lock()

    def count(_: object) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1

    faults.on("PUT", times=None).run(count)
    result = upload_files(client, folder, bucket, max_concurrency=5)
    assert result.uploaded == len(NAMES) + 2
    assert 1 < most[0] <= 5


UPLOAD = """
import json, os, resource, sys
from tests.servers import S3Server
from airflow_s3ops.s3.uploads import dispatch
from airflow_s3ops.s3.uploads.files import upload_files
parameters = json.load(sys.stdin)
if parameters["path"] == "boto3":
    dispatch.unsupported_reason = lambda *_: "the test sets this reason"
client = S3Server(**parameters["server"]).client()

def upload(source):
    return upload_files(client, source, parameters["bucket"], manifest_key=parameters["manifest_key"])

if parameters["fork"]:
    assert upload(parameters["sources"][0]).uploaded
    if pid := os.fork():
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    client = S3Server(**parameters["server"]).client()
for source in parameters["sources"]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    uploaded = upload(source).uploaded
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"uploaded": uploaded, "grown": grown * 1024}), flush=True)
os._exit(0) if parameters["fork"] else None
"""


def run(server: S3Server, bucket: str, path: str, sources: list[Path], *, fork: bool) -> list[dict[str, Any]]:
    parameters = {
        "server": asdict(server),
        "bucket": bucket,
        "path": path,
        "sources": list(map(str, sources)),
        "fork": fork,
        "manifest_key": "manifest",
    }
    done = subprocess.run(
        [sys.executable, "-c", UPLOAD],
        input=json.dumps(parameters),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=240,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_forked_process_uploads_after_its_parent(
    server: S3Server, s3: S3Client, bucket: str, folder: Path, either_path: str
) -> None:
    (result,) = run(server, bucket, either_path, [folder], fork=True)
    assert result["uploaded"] == len(NAMES)
    assert list(listed(s3, bucket)) == [*NAMES, "manifest"]


@pytest.mark.slow
def test_ten_times_as_many_files_take_no_more_memory(
    server: S3Server, bucket: str, tmp_path: Path, either_path: str
) -> None:
    few = write_files(tmp_path / "few", [f"{n // 100}/{n}" for n in range(300)])
    many = write_files(tmp_path / "many", [f"{n // 100}/{n}" for n in range(3000)])
    first, second = run(server, bucket, either_path, [few, many], fork=False)
    delete_objects(server.client(), bucket, everything=True)
    assert (first["uploaded"], second["uploaded"]) == (300, 3000)
    # The peak of memory is hardly higher with many files than with few: under half a KiB for each.
    assert second["grown"] < 3000 * 512, second


def test_the_reason_for_the_boto3_path_is_logged(
    server: S3Server, bucket: str, folder: Path, either_path: str, caplog: pytest.LogCaptureFixture
) -> None:
    proxied = server.client(
        proxies={"http": server.endpoint_url}
    )  # the server accepts requests that are meant for a proxy
    with caplog.at_level("INFO", logger=dispatch.__name__):
        upload_files(proxied, [folder / "000"], bucket)
    reason = {"awscrt": "a proxy is configured", "boto3": "the test sets this reason"}[either_path]
    assert caplog.messages == [f"boto3 uploads all files, which is slower than awscrt: {reason}"]
