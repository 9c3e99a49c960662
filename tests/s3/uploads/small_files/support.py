"""Helpers for tests of the fast path: files, batches, and a server that records requests."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from airflow_s3ops.s3.checksum import ALGORITHMS
from airflow_s3ops.s3.files.walk import SourceFile
from airflow_s3ops.s3.requests.retry import Retries
from airflow_s3ops.s3.uploads.items import BatchArgs, Failed, Uploaded, UploadItem
from airflow_s3ops.s3.uploads.small_files.fast_path import FastPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.errors import S3OpsError

# Short waits: the tests check that requests are retried, not how long the client waits.
QUICK = Retries(tries=8, base=0.01, longest=0.2)


def write_files(folder: Path, count: int, size: int = 100) -> list[Path]:
    """Write files with different contents."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04}.csv" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(f"{number:04}".encode() * (size // 4))
    return paths


def upload_item(path: Path, key: str | None = None) -> UploadItem:
    """Return an upload item; if the file is missing, its size and mtime are invented."""
    try:
        status = path.stat()
        size, mtime_ns = status.st_size, status.st_mtime_ns
    except FileNotFoundError:
        size, mtime_ns = 1, 1
    return UploadItem(SourceFile(str(path), path.name, size, mtime_ns), key or path.name)


def batch_args(
    bucket: str, if_exists: Any = "replace", algorithm: str = "CRC64NVME", **extra_args: Any
) -> BatchArgs:
    return BatchArgs(bucket, extra_args, ALGORITHMS[algorithm], if_exists)


def sent(
    client: S3Client, args: BatchArgs, files: Iterable[Path | UploadItem], **options: Any
) -> dict[str, Uploaded | Failed]:
    """Upload files, and return the outcomes by key."""
    fast_path = FastPath(client, args, **{"retries": QUICK, **options})
    all_files = (file if isinstance(file, UploadItem) else upload_item(file) for file in files)
    return {outcome.item.key: outcome for outcome in fast_path.send(all_files)}


def all_uploaded(outcomes: dict[str, Uploaded | Failed]) -> dict[str, Uploaded]:
    """Assert that no file failed, and return the outcomes."""
    failed = {key: outcome for key, outcome in outcomes.items() if isinstance(outcome, Failed)}
    assert not failed, {key: str(outcome.error) for key, outcome in failed.items()}
    return {key: outcome for key, outcome in outcomes.items() if isinstance(outcome, Uploaded)}


def errors_of(outcomes: dict[str, Uploaded | Failed]) -> dict[str, S3OpsError]:
    return {key: one.error for key, one in outcomes.items() if isinstance(one, Failed)}


def objects(s3: S3Client, bucket: str) -> dict[str, bytes]:
    """Return all objects of a bucket: keys and contents."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def aws_client(**options: Any) -> S3Client:
    """Return a client for AWS, to check the requests that it would make."""
    config = Config(signature_version="s3v4", **options.pop("config", {}))
    return boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=config,
        **options,
    )


class RecordedRequests:
    """All headers of all requests, including credentials, which the fault proxy does not record."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.endpoint_url = ""

    def values(self, header: str) -> list[str | None]:
        return [request.get(header) for request in self.requests]


@contextmanager
def recording_server() -> Iterator[RecordedRequests]:
    """Run a server that accepts every PUT, stores nothing and records the headers."""
    recorded = RecordedRequests()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            recorded.requests.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("x-amz-checksum-crc64nvme", self.headers["x-amz-checksum-crc64nvme"])
            self.send_header("ETag", '"opaque"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorded.endpoint_url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield recorded
        server.shutdown()
        thread.join()
