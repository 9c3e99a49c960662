"""Faults on the fast path: throttling, broken connections, expired credentials."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError
from botocore.session import Session as CoreSession

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.retry import Retries
from airflow_s3ops.s3.uploads.small_files.fast_path import FastPath
from tests.faults import Soon
from tests.s3.uploads.small_files.support import (
    QUICK,
    all_uploaded,
    batch_args,
    errors_of,
    objects,
    recording_server,
    sent,
    upload_item,
    write_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.uploads.items import UploadItem
    from tests.faults import FaultProxy
    from tests.servers import S3Server

pytestmark = pytest.mark.needs_version("awscrt_without_retries")

STOP_WITHIN = 2.0
GRACE = 3.0


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return write_files(tmp_path, 120)


FAULTS: dict[str, Callable[[FaultProxy], object]] = {
    "throttling": lambda faults: faults.on("PUT", after=10, times=100).respond(503, "SlowDown"),
    "server errors": lambda faults: faults.on("PUT", after=10, times=20).respond(500, "InternalError"),
    "an error without a body": lambda faults: faults.on("PUT", after=10, times=20).respond(502),
    "broken connections": lambda faults: faults.on("PUT", after=10, times=20).reset_after(bytes=0),
    "connections broken within the content": lambda faults: faults.on("PUT", after=10, times=20).reset_after(
        bytes=9
    ),
    "lost responses": lambda faults: faults.on("PUT", after=10, times=20).lose_response(),
    "closed connections": lambda faults: faults.on("PUT", after=10, times=20).respond(
        503, "SlowDown", headers={"Connection": "close"}
    ),
}


@pytest.mark.parametrize(
    ("status", "code", "kind", "reported"),
    [
        (503, "SlowDown", errors.Throttled, "SlowDown"),
        (429, "TooManyRequests", errors.Throttled, "TooManyRequests"),
        (500, "InternalError", errors.ServerError, "InternalError"),
        (502, None, errors.ServerError, "InternalError"),
        (400, "RequestTimeout", errors.NetworkError, "RequestTimeout"),
        (501, "NotImplemented", errors.NotSupportedByServer, "NotImplemented"),
        (400, "EntityTooLarge", errors.RequestRejected, "EntityTooLarge"),
    ],
)
def test_each_refusal_has_its_error_class_and_code(
    faults: FaultProxy,
    bucket: str,
    paths: list[Path],
    status: int,
    code: str | None,
    kind: type,
    reported: str,
) -> None:
    faults.on("PUT", path=paths[0].name, times=None).respond(status, code)
    outcomes = sent(faults.server.client(), batch_args(bucket), paths[:2], retries=Retries(tries=1))
    assert {key: (type(e), e.code) for key, e in errors_of(outcomes).items()} == {
        paths[0].name: (kind, reported)
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_all_files_are_uploaded_despite(
    faults: FaultProxy, s3: S3Client, bucket: str, paths: list[Path], fault: str
) -> None:
    FAULTS[fault](faults)
    all_uploaded(sent(faults.server.client(), batch_args(bucket), paths))
    assert objects(s3, bucket) == {path.name: path.read_bytes() for path in paths}


def test_throttling_lowers_the_number_of_requests_in_flight(
    faults: FaultProxy, bucket: str, tmp_path: Path
) -> None:
    faults.on("PUT", times=16).respond(503, "SlowDown")
    in_flight: set[int] = set()
    taken, finished = 0, 0

    def files() -> Iterator[UploadItem]:
        nonlocal taken
        for path in write_files(tmp_path, 60):
            taken += 1
            in_flight.add(taken - finished)
            yield upload_item(path)

    fast_path = FastPath(faults.server.client(), batch_args(bucket), most_at_once=16, retries=QUICK)
    for _ in fast_path.send(files()):
        finished += 1
    assert min(in_flight) < 16


def test_a_file_that_is_refused_on_every_try_fails_and_the_others_are_uploaded(
    faults: FaultProxy, bucket: str, paths: list[Path]
) -> None:
    faults.on("PUT", path=paths[0].name, times=None).respond(500, "InternalError")
    outcomes = sent(faults.server.client(), batch_args(bucket), paths)
    assert {key: type(error) for key, error in errors_of(outcomes).items()} == {
        paths[0].name: errors.ServerError
    }


def test_an_older_object_with_the_same_bytes_is_not_taken_for_this_upload(
    faults: FaultProxy, s3: S3Client, bucket: str, paths: list[Path]
) -> None:
    old = paths[0]
    s3.put_object(Bucket=bucket, Key=old.name, Body=old.read_bytes(), ChecksumAlgorithm="CRC64NVME")
    faults.on("PUT", path=old.name, times=None).respond(500, "InternalError")
    outcomes = sent(faults.server.client(), batch_args(bucket, Metadata={"new": "yes"}), paths)
    assert {key: type(error) for key, error in errors_of(outcomes).items()} == {old.name: errors.ServerError}
    assert s3.head_object(Bucket=bucket, Key=old.name)["Metadata"] == {}


def test_an_unreachable_server_ends_the_batch(server: S3Server, tmp_path: Path) -> None:
    unreachable = replace(server, endpoint_url="http://127.0.0.1:9", ca_bundle=None).client()
    taken = []

    def files() -> Iterator[UploadItem]:
        for path in write_files(tmp_path, 500):
            taken.append(path)
            yield upload_item(path)

    fast_path = FastPath(unreachable, batch_args("bucket"), retries=Retries(tries=2, base=0.01))
    with pytest.raises(errors.NetworkError, match="awscrt reported"):
        list(fast_path.send(files()))
    assert len(taken) < 500


def test_an_expired_token_is_renewed_during_the_batch(
    faults: FaultProxy, s3: S3Client, bucket: str, paths: list[Path]
) -> None:
    faults.on("PUT", after=30, times=10).respond(400, "ExpiredToken")
    all_uploaded(sent(faults.server.client(), batch_args(bucket), paths))
    assert objects(s3, bucket).keys() == {path.name for path in paths}


def refreshing_client(endpoint_url: str, refreshed: Callable[[], dict[str, str]]) -> S3Client:
    core = CoreSession()
    core._credentials = RefreshableCredentials.create_from_metadata(  # type: ignore[attr-defined]
        refreshed(), refreshed, "a test"
    )
    session = boto3.session.Session(botocore_session=core)
    config = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
    return session.client("s3", endpoint_url=endpoint_url, region_name="eu-west-1", config=config)


def _metadata(number: int, *, is_long_lived: bool) -> dict[str, str]:
    return {
        "access_key": f"AKIAIOSFODNN7EXAMPL{number}",
        "secret_key": "secret",
        "token": f"token-{number}",
        # botocore renews credentials that expire in less than ten minutes.
        "expiry_time": "2099-01-01T00:00:00Z" if is_long_lived else _in_one_minute(),
    }


def _in_one_minute() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))


def test_after_a_role_expires_requests_are_signed_with_the_new_token(paths: list[Path]) -> None:
    numbers = iter(range(1, 10))

    def refreshed() -> dict[str, str]:
        number = next(numbers)
        return _metadata(number, is_long_lived=number > 1)

    with recording_server() as recorded:
        client = refreshing_client(recorded.endpoint_url, refreshed)
        assert len(all_uploaded(sent(client, batch_args("bucket"), paths))) == len(paths)
    assert set(recorded.values("x-amz-security-token")) <= {"token-1", "token-2"}
    assert "token-2" in recorded.values("x-amz-security-token")
    assert all("x-amz-security-token" in (signed or "") for signed in recorded.values("authorization"))


def test_a_role_that_cannot_be_renewed_ends_the_batch(paths: list[Path]) -> None:
    credentials_once = iter([_metadata(1, is_long_lived=True)])

    def refreshed() -> dict[str, str]:
        return next(credentials_once)

    with recording_server() as recorded:
        client = refreshing_client(recorded.endpoint_url, refreshed)
        fast_path = FastPath(client, batch_args("bucket"), most_at_once=4, retries=QUICK)
        outcomes = fast_path.send(upload_item(path) for path in paths)
        next(outcomes)
        credentials = client._request_signer._credentials  # type: ignore[attr-defined]
        credentials._expiry_time = credentials._expiry_time.replace(year=2001)

        def refused() -> dict[str, str]:
            raise CredentialRetrievalError(provider="a test", error_msg="no more")

        credentials._refresh_using = refused
        with pytest.raises(errors.CredentialsMissing):
            list(outcomes)
    deadline = time.monotonic() + 10
    while _event_loops() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _event_loops() == [], "requests in flight are ended, whatever the error is"


def _event_loops() -> list[str]:
    """Return the names of awscrt's threads."""
    names = (task / "comm" for task in Path("/proc/self/task").iterdir())
    return [name for path in names if (name := path.read_text()).startswith("AwsEventLoop")]


@pytest.mark.parametrize(
    "when", ["before the first", "while no request gets a response", "while it waits to retry"]
)
def test_cancellation_ends_it_within_two_seconds(
    faults: FaultProxy, bucket: str, paths: list[Path], when: str
) -> None:
    stop = threading.Event()
    retries = QUICK
    stopped_at = [time.monotonic()]

    def cancel() -> None:
        stopped_at.append(time.monotonic())
        stop.set()

    if when == "before the first":
        stop.set()
    elif when == "while no request gets a response":
        faults.on("PUT", after=20, times=None, predicate=Soon(cancel, at=21)).stall()
    else:
        faults.on("PUT", after=20, times=None, predicate=Soon(cancel, at=21)).respond(503, "SlowDown")
        retries = Retries(tries=8, base=60, longest=60)
    fast_path = FastPath(faults.server.client(), batch_args(bucket), stop=stop, retries=retries)
    with pytest.raises(errors.Stopped):
        list(fast_path.send(upload_item(path) for path in paths))
    assert time.monotonic() - stopped_at[-1] < STOP_WITHIN + GRACE


def test_closing_the_generator_ends_all_requests(faults: FaultProxy, bucket: str, paths: list[Path]) -> None:
    # The number of requests before the first outcome is not fixed.
    faults.on("PUT", after=5, times=None, at_least=0).stall()
    outcomes = FastPath(faults.server.client(), batch_args(bucket)).send(upload_item(path) for path in paths)
    next(outcomes)
    started = time.monotonic()
    outcomes.close()  # type: ignore[attr-defined]
    assert time.monotonic() - started < STOP_WITHIN + GRACE
