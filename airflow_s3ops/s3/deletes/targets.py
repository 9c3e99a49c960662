"""Find the keys and versions of a selection while they are being deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from airflow_s3ops.s3.listings.objects import object_documents
from airflow_s3ops.s3.listings.pages import Listing, translated_parse_errors
from airflow_s3ops.s3.listings.versions import version_documents, version_pages
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.objects.presence import Presence, presence_of, require_bucket
from airflow_s3ops.s3.requests.cancellable_client import cancellable
from airflow_s3ops.s3.requests.cancellation import Cancellation, raise_if_cancelled
from airflow_s3ops.s3.requests.prefetch import a_page_ahead, fetched_ahead, in_order
from airflow_s3ops.s3.requests.xml import parse_time

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.deletes.selection import Selection
    from airflow_s3ops.s3.listings.versions import VersionEntry
    from airflow_s3ops.s3.requests.xml import Document

HEADS_AHEAD = 1000  # keys


class Target(NamedTuple):
    """A key, or one of its versions, to delete."""

    key: str
    version_id: str | None = None


class Targets(Protocol):
    """Yields what to delete; each iteration sends its requests again.

    ``lookups_at_once`` is the number of requests that it sends at once.
    """

    lookups_at_once: int

    def __iter__(self) -> Iterator[Target]:
        """Send the requests, and yield what is found."""
        ...


class SelectedTargets(Targets, Protocol):
    """The targets of a selection.

    ``missing`` is the number of given keys that the last iteration did not find; None if it is not known.
    """

    missing: int | None


def targets_of(
    client: S3Client, selection: Selection, stop: threading.Event | None = None
) -> SelectedTargets:
    """Return the targets of a selection, to iterate over."""
    if selection.keys is None:
        return _ByPrefix(client, selection, stop)
    if selection.all_versions:
        return _VersionsOfKeys(client, selection, stop)
    return _Keys(client, selection, stop)


class _Finder:
    lookups_at_once = 1

    def __init__(self, client: S3Client, selection: Selection, stop: threading.Event | None) -> None:
        self.missing: int | None = None
        self._client = client
        self._selection = selection
        self._stop = stop

    def _check(self) -> None:
        raise_if_cancelled(self._stop, self._selection.bucket)


class _ByPrefix(_Finder):
    def __iter__(self) -> Iterator[Target]:
        selection = self._selection
        documents = version_documents if selection.all_versions else object_documents
        pages = documents(self._client, Listing(selection.bucket, selection.prefix, stop=self._stop))
        for page in fetched_ahead(pages, self._check):
            with translated_parse_errors(selection.bucket):
                targets = list(self._targets_in(page))
            yield from targets

    def _targets_in(self, page: Document) -> Iterator[Target]:
        selection = self._selection
        for _, row in page.rows:
            # Dates are parsed only if modified_before is given.
            if selection.modified_before is None or selection.includes(parse_time(row["LastModified"])):
                yield Target(page.decoded(row["Key"]), row["VersionId"] if selection.all_versions else None)


class _VersionsOfKeys(_Finder):
    def __iter__(self) -> Iterator[Target]:
        self.missing = 0
        for targets in fetched_ahead(self._pages(), self._check):
            yield from targets

    def _pages(self) -> Iterator[list[Target]]:
        for key in self._selection.keys or ():
            is_found = False
            for versions in self._versions(key):
                is_found = is_found or bool(versions)
                yield [Target(key, found.version_id) for found in versions if self._is_selected(found)]
            if not is_found and self.missing is not None:
                self.missing += 1

    def _versions(self, key: str) -> Iterator[list[VersionEntry]]:
        # A small page: most keys have few versions, and the entries after them belong to longer keys.
        listing = Listing(self._selection.bucket, key, page_size=100, stop=self._stop)
        for page in a_page_ahead(version_pages(self._client, listing)):
            versions = [version for version in page if version.key == key]
            yield versions
            if len(versions) < len(page):
                return

    def _is_selected(self, version: VersionEntry) -> bool:
        return self._selection.includes(version.last_modified)


class _Keys(_Finder):
    # With four DeleteObjects requests at once, this uses all ten connections of boto3's default pool.
    lookups_at_once = 6

    def __iter__(self) -> Iterator[Target]:
        self.missing = 0
        is_bucket_seen = False
        for key, presence in self._heads():
            if presence.state == "missing":
                if not is_bucket_seen:
                    self._require_bucket()
                    is_bucket_seen = True
                self.missing += self.missing is not None
            elif self._is_selected(presence):
                yield Target(key)

    def _require_bucket(self) -> None:
        bucket = self._selection.bucket
        require_bucket(cancellable(self._client, Cancellation(self._stop, s3_uri(bucket))), bucket)

    def _heads(self) -> Iterator[tuple[str, Presence]]:
        heads = (partial(self._head, key) for key in self._selection.keys or ())
        return in_order(heads, threads=self.lookups_at_once, most=HEADS_AHEAD, check=self._check)

    def _head(self, key: str) -> tuple[str, Presence]:
        self._check()
        return key, presence_of(self._client, self._selection.bucket, key)

    def _is_selected(self, presence: Presence) -> bool:
        if presence.state == "unknown":
            if self._selection.modified_before is not None and presence.error is not None:
                raise presence.error  # its age is not known
            self.missing = None
            return True
        return presence.last_modified is None or self._selection.includes(presence.last_modified)
