"""Helpers for tests of uploads of many files."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy


def write_files(folder: Path, names: Iterable[str]) -> Path:
    """Write files; the content of each is its relative path."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def listed(s3: S3Client, bucket: str, prefix: str = "") -> dict[str, int]:
    """Return the keys and their sizes."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}


def settled(s3: S3Client, faults: FaultProxy, bucket: str) -> dict[str, int]:
    """Close the proxy, wait until no cancelled request arrives any more, and return the keys."""
    faults.close()
    return at_rest(s3, bucket)


def at_rest(s3: S3Client, bucket: str) -> dict[str, int]:
    """Return the keys when they change no more; the proxy stays open, for requests that are to follow."""
    before: dict[str, int] = {}
    while (now := listed(s3, bucket)) != before or not now:
        before = now
        time.sleep(0.5)
    return now


def content(s3: S3Client, bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def rows(s3: S3Client, bucket: str, key: str) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in content(s3, bucket, key).splitlines()]


def sent_keys(faults: FaultProxy, bucket: str, method: str = "PUT") -> list[str]:
    """Return the keys of the requests through the proxy, in the order of their responses."""
    paths = [request.path for request in faults.matching(method, path=f"/{bucket}/")]
    return [path.removeprefix(f"/{bucket}/") for path in paths]
