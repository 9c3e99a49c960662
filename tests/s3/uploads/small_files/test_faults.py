"""The fast road on a bad day: throttled, broken off, with credentials that run out."""

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
    remembering,
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
    "broken in the content": lambda faults: faults.on("PUT", after=10, times=20).reset_after(bytes=9),
    "lost answers": lambda faults: faults.on("PUT", after=10, times=20).lose_answer(),
    "closed connections": lambda faults: faults.on("PUT", after=10, times=20).respond(
        503, "SlowDown", headers={"Connection": "close"}
    ),
}


@pytest.mark.parametrize(
    ("status", "code", "kind", "told"),
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
def test_what_is_refused_has_its_name(
    faults: FaultProxy, bucket: str, paths: list[Path], status: int, code: str | None, kind: type, told: str
) -> None:
    faults.on("PUT", path=paths[0].name, times=None).respond(status, code)
    outcomes = sent(faults.server.client(), batch_args(bucket), paths[:2], retries=Retries(tries=1))
    assert {key: (type(e), e.code) for key, e in errors_of(outcomes).items()} == {paths[0].name: (kind, told)}


@pytest.mark.parametrize("fault", FAULTS)
def test_all_arrive_in_spite_of(
    faults: FaultProxy, s3: S3Client, bucket: str, paths: list[Path], fault: str
) -> None:
    FAULTS[fault](faults)
    all_uploaded(sent(faults.server.client(), batch_args(bucket), paths))
    assert objects(s3, bucket) == {path.name: path.read_bytes() for path in paths}


def test_throttling_lowers_how_many_are_under_way(faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
    faults.on("PUT", times=16).respond(503, "SlowDown")
    under_way: set[int] = set()
    pulled, ended = 0, 0

    def files() -> Iterator[UploadItem]:
        nonlocal pulled
        for path in write_files(tmp_path, 60):
            pulled += 1
            under_way.add(pulled - ended)
            yield upload_item(path)

    fast_path = FastPath(faults.server.client(), batch_args(bucket), most_at_once=16, retries=QUICK)
    for _ in fast_path.send(files()):
        ended += 1
    assert min(under_way) < 16


def test_who_is_refused_to_the_end_is_not_sent_and_the_others_are(
    faults: FaultProxy, bucket: str, paths: list[Path]
) -> None:
    faults.on("PUT", path=paths[0].name, times=None).respond(500, "InternalError")
    outcomes = sent(faults.server.client(), batch_args(bucket), paths)
    assert {key: type(error) for key, error in errors_of(outcomes).items()} == {
        paths[0].name: errors.ServerError
    }


def test_an_older_object_of_the_same_bytes_is_not_taken_for_ours(
    faults: FaultProxy, s3: S3Client, bucket: str, paths: list[Path]
) -> None:
    old = paths[0]
    s3.put_object(Bucket=bucket, Key=old.name, Body=old.read_bytes(), ChecksumAlgorithm="CRC64NVME")
    faults.on("PUT", path=old.name, times=None).respond(500, "InternalError")
    outcomes = sent(faults.server.client(), batch_args(bucket, Metadata={"new": "yes"}), paths)
    assert {key: type(error) for key, error in errors_of(outcomes).items()} == {old.name: errors.ServerError}
    assert s3.head_object(Bucket=bucket, Key=old.name)["Metadata"] == {}


def test_a_server_that_is_away_ends_the_batch(server: S3Server, tmp_path: Path) -> None:
    away = replace(server, endpoint_url="http://127.0.0.1:9", ca_bundle=None).client()
    pulled = []

    def files() -> Iterator[UploadItem]:
        for path in write_files(tmp_path, 500):
            pulled.append(path)
            yield upload_item(path)

    fast_path = FastPath(away, batch_args("bucket"), retries=Retries(tries=2, base=0.01))
    with pytest.raises(errors.NetworkError, match="awscrt reported"):
        list(fast_path.send(files()))
    assert len(pulled) < 500


def test_an_expired_token_is_renewed_in_the_middle(
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


def _metadata(number: int, *, lasts: bool) -> dict[str, str]:
    return {
        "access_key": f"AKIAIOSFODNN7EXAMPL{number}",
        "secret_key": "secret",
        "token": f"token-{number}",
        # botocore renews what lasts less than ten minutes.
        "expiry_time": "2099-01-01T00:00:00Z" if lasts else _soon(),
    }


def _soon() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))


def test_a_role_that_runs_out_signs_with_its_new_token(paths: list[Path]) -> None:
    numbers = iter(range(1, 10))

    def refreshed() -> dict[str, str]:
        number = next(numbers)
        return _metadata(number, lasts=number > 1)

    with remembering() as remembered:
        client = refreshing_client(remembered.endpoint_url, refreshed)
        assert len(all_uploaded(sent(client, batch_args("bucket"), paths))) == len(paths)
    assert set(remembered.values("x-amz-security-token")) <= {"token-1", "token-2"}
    assert "token-2" in remembered.values("x-amz-security-token")
    assert all("x-amz-security-token" in (signed or "") for signed in remembered.values("authorization"))


def test_a_role_that_cannot_be_renewed_ends_the_batch(paths: list[Path]) -> None:
    refusals = iter([_metadata(1, lasts=True)])

    def refreshed() -> dict[str, str]:
        return next(refusals)

    with remembering() as remembered:
        client = refreshing_client(remembered.endpoint_url, refreshed)
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
    until = time.monotonic() + 10
    while _event_loops() and time.monotonic() < until:
        time.sleep(0.05)
    assert _event_loops() == [], "what is under way is ended, whatever ends it"


def _event_loops() -> list[str]:
    """Return the names of awscrt's own threads."""
    names = (task / "comm" for task in Path("/proc/self/task").iterdir())
    return [name for path in names if (name := path.read_text()).startswith("AwsEventLoop")]


@pytest.mark.parametrize("when", ["before the first", "while all are silent", "while it waits to try again"])
def test_a_stop_ends_it_within_two_seconds(
    faults: FaultProxy, bucket: str, paths: list[Path], when: str
) -> None:
    stop = threading.Event()
    retries = QUICK
    stopped_at = [time.monotonic()]

    def set_it() -> None:
        stopped_at.append(time.monotonic())
        stop.set()

    if when == "before the first":
        stop.set()
    elif when == "while all are silent":
        faults.on("PUT", after=20, times=None, predicate=Soon(set_it, at=21)).stall()
    else:
        faults.on("PUT", after=20, times=None, predicate=Soon(set_it, at=21)).respond(503, "SlowDown")
        retries = Retries(tries=8, base=60, longest=60)
    fast_path = FastPath(faults.server.client(), batch_args(bucket), stop=stop, retries=retries)
    with pytest.raises(errors.Stopped):
        list(fast_path.send(upload_item(path) for path in paths))
    assert time.monotonic() - stopped_at[-1] < STOP_WITHIN + GRACE


def test_who_leaves_early_leaves_nothing_under_way(
    faults: FaultProxy, bucket: str, paths: list[Path]
) -> None:
    # How many requests are made before the first answer is taken is not for the test to say.
    faults.on("PUT", after=5, times=None, at_least=0).stall()
    outcomes = FastPath(faults.server.client(), batch_args(bucket)).send(upload_item(path) for path in paths)
    next(outcomes)
    began = time.monotonic()
    outcomes.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < STOP_WITHIN + GRACE
