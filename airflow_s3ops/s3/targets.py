"""What exactly is to be deleted: keys and versions, found for a selection while they are being deleted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from airflow_s3ops.s3.listing import object_pages, version_pages
from airflow_s3ops.s3.presence import Presence, presence_of, require_bucket
from airflow_s3ops.s3.stopping import raise_if_stopped

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.listing import VersionEntry
    from airflow_s3ops.s3.selection import Selection

T = TypeVar("T")

# With the four lanes of DeleteObjects, boto3's default pool of ten connections is used in full.
LOOKERS = 6
LOOK_AT_ONCE = 1000


class Target(NamedTuple):
    """A key, or one of its versions, that is to go."""

    key: str
    version_id: str | None = None


class Targets(Protocol):
    """Yields what is to be deleted; each iteration looks anew.

    ``missing`` is the number of given keys that the last iteration did not find; None where it is not known.
    """

    missing: int | None

    def __iter__(self) -> Iterator[Target]:
        """Look, and yield what is found."""
        ...


def targets_of(client: S3Client, selection: Selection, stop: threading.Event | None = None) -> Targets:
    """Return what a selection selects, to be iterated."""
    if selection.keys is None:
        return _ByPrefix(client, selection, stop)
    if selection.all_versions:
        return _VersionsOfKeys(client, selection, stop)
    return _Keys(client, selection, stop)


def a_page_ahead(pages: Iterable[list[T]]) -> Iterator[T]:
    """Yield a listing's entries, a page only when the next one has been fetched.

    Moto and Versity Gateway end a listing early, without an error, if the version that its marker names is
    gone by then.
    """
    before: list[T] = []
    for page in pages:
        yield from before
        before = page
    yield from before


class _Finder:
    def __init__(self, client: S3Client, selection: Selection, stop: threading.Event | None) -> None:
        self.missing: int | None = None
        self._client = client
        self._selection = selection
        self._stop = stop


class _ByPrefix(_Finder):
    def __iter__(self) -> Iterator[Target]:
        client, chosen = self._client, self._selection
        if chosen.all_versions:
            versions = version_pages(client, chosen.bucket, chosen.prefix, stop=self._stop)
            for version in a_page_ahead(versions):
                if chosen.takes(version.last_modified):
                    yield Target(version.key, version.version_id)
        else:
            for found in a_page_ahead(object_pages(client, chosen.bucket, chosen.prefix, stop=self._stop)):
                if chosen.takes(found.last_modified):
                    yield Target(found.key)


class _VersionsOfKeys(_Finder):
    def __iter__(self) -> Iterator[Target]:
        self.missing = 0
        for key in self._selection.keys or ():
            is_found = False
            for version in self._versions(key):
                is_found = True
                if self._selection.takes(version.last_modified):
                    yield Target(key, version.version_id)
            self.missing += not is_found

    def _versions(self, key: str) -> Iterator[VersionEntry]:
        # A small page: most keys have few versions, and what follows belongs to longer keys.
        pages = version_pages(self._client, self._selection.bucket, key, page_size=100, stop=self._stop)
        return takewhile(lambda version: version.key == key, a_page_ahead(pages))


class _Keys(_Finder):
    def __iter__(self) -> Iterator[Target]:
        self.missing = 0
        is_bucket_seen = False
        for key, presence in self._looked_at():
            if presence.state == "missing":
                if not is_bucket_seen:
                    require_bucket(self._client, self._selection.bucket)
                    is_bucket_seen = True
                self.missing += self.missing is not None
            elif self._takes(presence):
                yield Target(key)

    def _looked_at(self) -> Iterator[tuple[str, Presence]]:
        keys = iter(self._selection.keys or ())
        with ThreadPoolExecutor(LOOKERS, thread_name_prefix="s3ops-head") as pool:
            look = partial(self._look, self._client, self._selection.bucket)
            while some := list(islice(keys, LOOK_AT_ONCE)):
                yield from zip(some, pool.map(look, some), strict=True)

    def _look(self, client: S3Client, bucket: str, key: str) -> Presence:
        raise_if_stopped(self._stop, bucket)
        return presence_of(client, bucket, key)

    def _takes(self, presence: Presence) -> bool:
        if presence.state == "unknown":
            if self._selection.modified_before is not None and presence.refusal is not None:
                raise presence.refusal  # its age can't be known
            self.missing = None
            return True
        return presence.last_modified is None or self._selection.takes(presence.last_modified)
