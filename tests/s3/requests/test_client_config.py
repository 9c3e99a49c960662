"""The default settings of our clients, and their effect on requests."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from airflow_s3ops.s3.requests.client_config import client_config
from airflow_s3ops.s3.requests.concurrency import DEFAULT_CONCURRENCY
from airflow_s3ops.s3.uploads.file import upload_file
from tests.s3.uploads.support import PART, assert_stored, write_file
from tests.servers.purge import create_bucket, delete_bucket

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.servers import S3Server

UNSIGNED = "UNSIGNED-PAYLOAD"


def our_client(server: S3Server) -> S3Client:
    config: Any = client_config(server.endpoint_url.startswith("https"))
    options = {name: getattr(config, name) for name in ("request_checksum_calculation", "retries")}
    return server.client(s3={"addressing_style": "path", **(config.s3 or {})}, **options)


def payload_hashes(client: S3Client) -> list[str]:
    seen: list[str] = []

    def note(request: Any, **_: object) -> None:
        value = request.headers["X-Amz-Content-SHA256"]
        seen.append(value.decode() if isinstance(value, bytes) else value)

    client.meta.events.register("before-send.s3.PutObject", note)
    client.meta.events.register("before-send.s3.UploadPart", note)
    return seen


def test_the_settings_of_the_connection_take_precedence() -> None:
    merged = client_config(endpoint_is_https=True).merge(Config(read_timeout=7, max_pool_connections=99))
    assert merged.read_timeout == 7  # type: ignore[attr-defined]
    assert merged.max_pool_connections == 99  # type: ignore[attr-defined]


def test_there_is_a_connection_for_every_part_in_flight() -> None:
    assert client_config(endpoint_is_https=True).max_pool_connections >= DEFAULT_CONCURRENCY  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [1000, PART + 1])
def test_on_http_the_payload_is_signed(
    server: S3Server, s3: S3Client, bucket: str, tmp_path: Path, size: int
) -> None:
    path = write_file(tmp_path / "f", size)
    client = our_client(server)
    hashes = payload_hashes(client)
    upload_file(client, path, bucket, "k", part_size=PART)
    data = path.read_bytes()
    pieces = [data[at : at + PART] for at in range(0, size, PART)]
    assert sorted(hashes) == sorted(hashlib.sha256(piece).hexdigest() for piece in pieces)
    assert_stored(s3, bucket, "k", path)


@pytest.mark.needs("tls")
@pytest.mark.parametrize("size", [1000, PART + 1])
def test_on_https_the_payload_is_not_signed(tls_server: S3Server, tmp_path: Path, size: int) -> None:
    path = write_file(tmp_path / "f", size)
    client = our_client(tls_server)
    bucket = f"s3ops-{uuid.uuid4().hex[:20]}"
    create_bucket(client, bucket)
    try:
        hashes = payload_hashes(client)
        result = upload_file(client, path, bucket, "k", part_size=PART)
        assert set(hashes) == {UNSIGNED}
        assert result.checksum
        assert result.checksum.verified_by == "server"
        assert_stored(client, bucket, "k", path)
    finally:
        delete_bucket(client, bucket)
