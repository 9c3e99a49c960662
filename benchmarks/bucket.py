"""The bucket in which all happens: filled, brought back to what it was, and looked at.

A turn of a contestant needs tens of thousands of keys to be there, or to be gone. Where the server's store is
known to be a folder, a copy of the bucket is kept and put back, extended attributes and all, in less than a
second; any other server is asked with requests.
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
# The gateway's folders that have one of a bucket's name inside: objects, and versions that are not the last.
STORES = ("store", "versions")
EMPTY = "empty"
REQUEST_WITHIN = 60.0


class WrongObjectsError(Exception):
    """What lies in the bucket is not what should."""


class Bucket:
    """One bucket, and the states it can be brought to.

    :param client: straight to the server.
    :param versioned: whether it keeps versions.
    """

    def __init__(self, server: S3Server, client: S3Client, *, versioned: bool = False) -> None:
        self._server = server
        self._client = client
        self._versioned = versioned
        self._kept: set[str] = set()
        self._create()
        self._keep(EMPTY)

    def empty(self) -> None:
        """Leave nothing in it, whatever a contestant left there."""
        if not self._put_back(EMPTY):
            self.delete()
            self._create()

    def fill(self, keys: list[str], body: bytes, *, versions: int = 1) -> None:
        """Bring it to these keys and no others, each with so many versions."""
        state = f"{len(keys)}-{versions}"
        if self._put_back(state):
            return
        self.empty()
        for _ in range(versions):
            self._put(keys, body)
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self.check(dict.fromkeys(keys, Seen(len(body), etag)), versions=versions)
        self._keep(state)

    def check(self, wanted: Mapping[str, Seen], *, versions: int = 1) -> None:
        """Compare what is listed with what should be there.

        :raises WrongObjectsError: something is missing, differs, or should not be there.
        """
        wrong: list[str] = []
        found = Counter[str]()
        for key, seen in self._versions() if self._versioned else self._objects():
            found[key] += 1
            if key not in wanted:
                wrong.append(f"{key} should not be there")
            elif not wanted[key].is_met_by(seen):
                wrong.append(f"{key} has {seen.size} bytes and the ETag {seen.etag}")
        wrong += [f"{key} is there {found[key]} times" for key in wanted if found[key] != versions]
        if wrong:
            raise WrongObjectsError(f"{len(wrong)} wrong objects: {', '.join(wrong[:2])}")

    def delete(self) -> None:
        """Remove it and all that is in it, and what was kept."""
        delete_bucket(self._client, BUCKET)
        self._kept.clear()
        if self._server.folder is not None:
            shutil.rmtree(Path(self._server.folder, "kept"), ignore_errors=True)

    def _create(self) -> None:
        create_bucket(self._client, BUCKET)
        if self._versioned:
            self._client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def _put(self, keys: list[str], body: bytes) -> None:
        # A presigned request on one connection takes half the time of put_object.
        connection = http.client.HTTPConnection(
            urlsplit(self._server.endpoint_url).netloc, timeout=REQUEST_WITHIN
        )
        for key in keys:
            url = self._client.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": key})
            connection.request("PUT", url, body)
            answer = connection.getresponse()
            if answer.status != 200:
                raise WrongObjectsError(f"{key} cannot be put there: {answer.read(500)!r}")
            answer.read()
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

    def _keep(self, state: str) -> None:
        folder = self._server.folder
        if folder is None:
            return
        for place, kept in _places(Path(folder), state):
            if place.is_dir():
                _copy(place, kept)
        self._kept.add(state)

    def _put_back(self, state: str) -> bool:
        folder = self._server.folder
        if folder is None or state not in self._kept:
            return False
        for place, kept in _places(Path(folder), state):
            if place.is_dir():
                # Out of the server's sight at once; the request of one that was killed may still write there.
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
    # Not shutil.copytree: five times slower on so many files.
    subprocess.run(["cp", "-a", source, target], check=True)
