"""The bucket of all scenarios: fill it, restore it, and check it.

A run of a contestant starts with tens of thousands of keys, or with none. If the server's store is a folder,
a copy of the bucket, with extended attributes, is restored in less than a second. For any other server the
same is done by requests.
"""

from __future__ import annotations

import hashlib
import http.client
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.sources import Seen
from tests.servers.purge import create_bucket, delete_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_s3 import S3Client

    from tests.servers import S3Server

BUCKET = "s3ops-bench"
# The gateway's folders with a folder for each bucket: current objects, and earlier versions.
STORES = ("store", "versions")
EMPTY = "empty"
REQUEST_WITHIN = 60.0


class WrongObjectsError(Exception):
    """The bucket does not have the expected content."""


class Bucket:
    """One bucket, whose states can be saved and restored.

    :param client: a client with a direct connection to the server.
    :param versioned: whether the bucket keeps versions.
    """

    def __init__(self, server: S3Server, client: S3Client, *, versioned: bool = False) -> None:
        self._server = server
        self._client = client
        self._versioned = versioned
        self._saved: set[str] = set()
        self._create()
        self._save(EMPTY)

    def empty(self) -> None:
        """Remove everything that is in the bucket."""
        if not self._restore(EMPTY):
            self.delete()
            self._create()

    def fill(self, keys: list[str], body: bytes, *, versions: int = 1) -> None:
        """Fill the bucket with exactly these keys, each with this number of versions."""
        state = f"{len(keys)}-{versions}"
        if self._restore(state):
            return
        self.empty()
        for _ in range(versions):
            self._put(keys, body)
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self.check(dict.fromkeys(keys, Seen(len(body), etag)), versions=versions)
        self._save(state)

    def check(self, wanted: Mapping[str, Seen], *, versions: int = 1) -> None:
        """Compare the listing with the expected objects.

        :raises WrongObjectsError: an object is missing, differs, or should not be there.
        """
        wrong: list[str] = []
        found = Counter[str]()
        for key, seen in self._versions() if self._versioned else self._objects():
            found[key] += 1
            if key not in wanted:
                wrong.append(f"{key} should not be there")
            elif not wanted[key].matches(seen):
                wrong.append(f"{key} has {seen.size} bytes and the ETag {seen.etag}")
        wrong += [f"{key} exists {found[key]} times" for key in wanted if found[key] != versions]
        if wrong:
            raise WrongObjectsError(f"{len(wrong)} wrong objects: {', '.join(wrong[:2])}")

    def delete(self) -> None:
        """Delete the bucket with its content, and the saved copies."""
        delete_bucket(self._client, BUCKET)
        self._saved.clear()
        if self._server.folder is not None:
            shutil.rmtree(Path(self._server.folder, "kept"), ignore_errors=True)

    def _create(self) -> None:
        create_bucket(self._client, BUCKET)
        if self._versioned:
            self._client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def _put(self, keys: list[str], body: bytes) -> None:
        # Presigned requests on one connection take half the time of put_object.
        connection = http.client.HTTPConnection(
            urlsplit(self._server.endpoint_url).netloc, timeout=REQUEST_WITHIN
        )
        for key in keys:
            url = self._client.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": key})
            connection.request("PUT", url, body)
            response = connection.getresponse()
            if response.status != 200:
                raise WrongObjectsError(f"{key} cannot be stored: {response.read(500)!r}")
            response.read()
        connection.close()

    def _objects(self) -> Iterator[tuple[str, Seen]]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for one in page.get("Contents", []):
                yield one["Key"], Seen(one["Size"], one["ETag"].strip('"'))

    def _versions(self) -> Iterator[tuple[str, Seen]]:
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
            for version in page.get("Versions", []):
                yield version["Key"], Seen(version["Size"], version["ETag"].strip('"'))
            for marker in page.get("DeleteMarkers", []):
                yield marker["Key"], Seen(0, "of a delete marker")

    def _save(self, state: str) -> None:
        folder = self._server.folder
        if folder is None:
            return
        for place, kept in _places(Path(folder), state):
            if place.is_dir():
                _copy(place, kept)
        self._saved.add(state)

    def _restore(self, state: str) -> bool:
        folder = self._server.folder
        if folder is None or state not in self._saved:
            return False
        for place, kept in _places(Path(folder), state):
            if place.is_dir():
                # Rename first, at once: the request of a killed contestant may still write to the old folder.
                aside = place.rename(kept.with_name(f"aside-{time.monotonic_ns()}"))
                shutil.rmtree(aside, ignore_errors=True)
            if kept.is_dir():
                _copy(kept, place)
        return True


def _places(folder: Path, state: str) -> Iterator[tuple[Path, Path]]:
    for store in STORES:
        kept = folder / "kept" / store
        kept.mkdir(parents=True, exist_ok=True)
        yield folder / store / BUCKET, kept / state


def _copy(source: Path, target: Path) -> None:
    # shutil.copytree is five times slower with many files.
    subprocess.run(["cp", "-a", source, target], check=True)
