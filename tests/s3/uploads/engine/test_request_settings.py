"""Time-outs in proportion to the content, and the Expect header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.uploads.engine.request_settings import (
    STORE_RATE,
    apply_request_settings,
    read_timeout_after,
)
from airflow_s3ops.s3.uploads.file import upload_file
from tests.s3.uploads.support import PART, one_try_client, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy


def time_outs(client: S3Client) -> dict[str, list[float]]:
    """Record the read time-out of each request, by operation."""
    seen: dict[str, list[float]] = {}

    def note(request: Any, event_name: str, **_: object) -> None:
        seen.setdefault(event_name.rpartition(".")[2], []).append(request.context.get("read_timeout"))

    client.meta.events.register("before-send.s3", note)
    return seen


def test_the_time_out_grows_with_the_size() -> None:
    assert read_timeout_after(60, 0) == 60
    assert read_timeout_after(60, 100 * STORE_RATE) == 160


def test_every_request_with_content_has_its_own_time_out(
    faults: FaultProxy, bucket: str, tmp_path: Path
) -> None:
    client = one_try_client(faults, read_timeout=10)
    seen = time_outs(client)
    upload_file(client, write_file(tmp_path / "f", PART + 1000), bucket, "k", part_size=PART)
    upload_file(client, write_file(tmp_path / "g", 1000), bucket, "k")
    assert sorted(seen["UploadPart"]) == [read_timeout_after(10, 1000), read_timeout_after(10, PART)]
    assert seen["PutObject"] == [read_timeout_after(10, 1000)]
    assert seen["CompleteMultipartUpload"] == [read_timeout_after(10, PART + 1000)]
    assert seen["CreateMultipartUpload"] == [None]


def test_a_client_without_time_out_still_has_none(faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
    client = one_try_client(faults, read_timeout=None)
    seen = time_outs(client)
    upload_file(client, write_file(tmp_path / "g", 1000), bucket, "k")
    assert seen["PutObject"] == [None]


def test_requests_of_other_code_are_not_changed(faults: FaultProxy, bucket: str) -> None:
    client = one_try_client(faults)
    apply_request_settings(client)
    apply_request_settings(client)
    seen = time_outs(client)
    client.put_object(Bucket=bucket, Key="k", Body=b"other content")
    assert seen["PutObject"] == [None]


def test_the_first_try_of_a_part_has_no_expect_header_and_the_next_one_has(
    faults: FaultProxy, bucket: str, tmp_path: Path
) -> None:
    faults.on("PUT", query="partNumber=1").respond(503, "SlowDown")
    client = one_try_client(faults)
    upload_file(client, write_file(tmp_path / "f", 2 * PART), bucket, "k", part_size=PART)
    expects_continue = {
        number: ["expect" in put.headers for put in faults.matching("PUT", query=f"partNumber={number}")]
        for number in (1, 2)
    }
    assert expects_continue == {1: [False, True], 2: [False]}


def test_a_single_put_has_an_expect_header(faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
    upload_file(one_try_client(faults), write_file(tmp_path / "f", 1000), bucket, "k")
    (put,) = faults.matching("PUT")
    assert put.headers["expect"] == "100-continue"
