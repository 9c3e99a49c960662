"""Helpers for tests of uploads: files, stored objects and open multipart uploads."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

MIB = 1 << 20
PART = 5 * MIB  # the smallest part that S3 accepts
# botocore makes one try for each request, so that the engine, not botocore, handles each fault of the proxy.
ONE_TRY = {"total_max_attempts": 1, "mode": "standard"}


def write_file(path: Path, size: int, seed: int = 0) -> Path:
    """Write random bytes: different for each seed, and at each position."""
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def stored_bytes(s3: S3Client, bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def digest(data: bytes) -> str:
    """Return a short digest, so that a failed comparison prints little."""
    return hashlib.sha256(data).hexdigest()


def assert_stored(s3: S3Client, bucket: str, key: str, path: Path) -> None:
    assert digest(stored_bytes(s3, bucket, key)) == digest(path.read_bytes())


def assert_nothing_stored(s3: S3Client, bucket: str) -> None:
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def open_uploads(s3: S3Client, bucket: str) -> list[str]:
    return [upload["UploadId"] for upload in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]


def one_try_client(faults: FaultProxy, **config: Any) -> S3Client:
    """Return a client through the proxy that tries once, and has a short read time-out."""
    return faults.server.client(retries=ONE_TRY, **{"read_timeout": 10, **config})


class MemoryCheckpoint:
    """A checkpoint in memory."""

    def __init__(self) -> None:
        self.state: dict[str, Any] | None = None
        self.history: list[dict[str, Any] | None] = []

    def get(self) -> dict[str, Any] | None:
        return self.state

    def set(self, state: dict[str, Any], /) -> None:
        self.state = state
        self.history.append(state)

    def clear(self) -> None:
        self.state = None
        self.history.append(None)
