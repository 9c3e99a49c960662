"""Delete many keys: a list, a prefix or a whole bucket, with limits against deleting too much by mistake."""

from __future__ import annotations

import logging
import time
from itertools import islice
from typing import TYPE_CHECKING

from airflow_s3ops.s3.deletes.run import Deletion, delete_targets
from airflow_s3ops.s3.deletes.selection import checked_selection, require_booleans
from airflow_s3ops.s3.deletes.targets import targets_of
from airflow_s3ops.s3.errors import BucketRefilled, TooManyObjects
from airflow_s3ops.s3.results import DeleteObjectsResult

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.deletes.run import Log
    from airflow_s3ops.s3.deletes.selection import Selection
    from airflow_s3ops.s3.deletes.targets import Target, Targets

_log = logging.getLogger(__name__)
LOGGED_KEYS = 5  # of a dry run
MAX_ROUNDS = 5  # of listing and deleting


def delete_objects(
    client: S3Client,
    bucket: str,
    *,
    keys: Iterable[str] | None = None,
    prefix: str | None = None,
    everything: bool = False,
    all_versions: bool = False,
    modified_before: datetime | str | None = None,
    max_objects: int | None = None,
    dry_run: bool = False,
    stop: threading.Event | None = None,
    log: Log = _log,
) -> DeleteObjectsResult:
    """Delete many objects, selected by exactly one of ``keys``, ``prefix`` and ``everything``.

    Every batch is sent, even if others fail. A prefix is deleted while it is listed.
    On a versioned bucket each object gets a delete marker, unless ``all_versions`` is True.

    :param keys: complete keys. A key that does not exist is counted as missing, and gets no delete marker.
    :param prefix: all keys that begin with it; must not be empty.
    :param everything: True for all keys of the bucket.
    :param all_versions: delete versions and delete markers permanently. ``modified_before`` applies to each
        version by itself.
    :param modified_before: only what is strictly older: an aware datetime, or an ISO 8601 string with an
        offset.
    :param max_objects: delete nothing if more objects are selected (with ``all_versions``: more versions and
        markers); they are counted first.
    :param dry_run: count, and log the first few keys; delete nothing.
    :param stop: checked before each request.
    :param log: gets the progress, every few seconds, and the keys of a dry run.
    :raises InvalidInput: the selection is missing, empty or not unique.
    :raises TooManyObjects: more than ``max_objects`` are selected.
    :raises PartialDelete: at the end, with each key that was not deleted and its error code.
    :raises BucketRefilled: new versions are written as fast as others are deleted.
    :raises BucketNotFound: there is no such bucket.
    :raises AccessDenied: ``s3:ListBucket`` (with ``all_versions``: ``s3:ListBucketVersions``) is missing.
    :raises Stopped: ``stop`` is set.
    """
    started = time.monotonic()
    selection = checked_selection(
        bucket,
        keys=keys,
        prefix=prefix,
        everything=everything,
        all_versions=all_versions,
        modified_before=modified_before,
        max_objects=max_objects,
    )
    require_booleans(bucket, dry_run=dry_run)
    targets = targets_of(client, selection, stop)
    if dry_run:
        count = _count_for_dry_run(selection, targets, log)
        return DeleteObjectsResult(
            bucket, 0, targets.missing, count, dry_run=True, seconds=_seconds_since(started)
        )
    _require_within_limit(selection, targets)
    deletion = Deletion(bucket, log)
    if _delete_up_to_limit(client, selection, targets, deletion, stop):
        raise _too_many(selection, f"more were written during the deletion; {deletion.deleted:,} are deleted")
    matched = deletion.sent if selection.keys is None else None
    return DeleteObjectsResult(
        bucket, deletion.deleted, targets.missing, matched, seconds=_seconds_since(started)
    )


def _delete_up_to_limit(
    client: S3Client,
    selection: Selection,
    targets: Targets,
    deletion: Deletion,
    stop: threading.Event | None,
) -> bool:
    """Delete the targets, and return whether there are more than the limit.

    Versions are listed again after the deletion, because the listing of some servers ends too early.
    """
    for _ in range(MAX_ROUNDS):
        before = deletion.sent
        limit = None if selection.max_objects is None else selection.max_objects - before
        limited = _Limited(targets, limit)
        delete_targets(client, deletion, limited, stop=stop)
        deletion.require_success()
        is_listed = selection.all_versions and selection.keys is None
        if limited.is_exceeded or not is_listed or deletion.sent == before:
            return limited.is_exceeded
    raise BucketRefilled(
        f"{selection} still has versions after {MAX_ROUNDS} rounds that deleted {deletion.deleted:,}: "
        "another client is writing to it, or the server does not list all of them",
        bucket=selection.bucket,
    )


class _Limited:
    """The targets up to a limit: there may be more of them than when they were counted."""

    def __init__(self, targets: Targets, limit: int | None) -> None:
        self.is_exceeded = False
        self.lookups_at_once = targets.lookups_at_once
        self._targets = targets
        self._limit = limit

    def __iter__(self) -> Iterator[Target]:
        for count, target in enumerate(self._targets):
            if count == self._limit:
                self.is_exceeded = True
                return
            yield target


def _require_within_limit(selection: Selection, targets: Targets) -> None:
    limit = selection.max_objects
    if limit is None or _cannot_exceed(selection, limit):
        return
    if sum(1 for _ in islice(targets, limit + 1)) > limit:
        raise _too_many(selection, "nothing was deleted")


def _cannot_exceed(selection: Selection, limit: int) -> bool:
    return selection.keys is not None and not selection.all_versions and len(selection.keys) <= limit


def _count_for_dry_run(selection: Selection, targets: Targets, log: Log) -> int:
    first: list[Target] = []
    matched = 0
    for target in targets:
        matched += 1
        if len(first) < LOGGED_KEYS:
            first.append(target)
    names = ", ".join(repr(key) + (f" version {version}" if version else "") for key, version in first)
    log.info("Dry run: %s of %s would be deleted; the first are: %s", matched, selection, names or "none")
    limit = selection.max_objects
    if limit is not None and matched > limit:
        raise _too_many(selection, f"{matched:,} match; nothing was deleted, this was a dry run")
    return matched


def _too_many(selection: Selection, what: str) -> TooManyObjects:
    return TooManyObjects(
        f"{selection} selects more than max_objects={selection.max_objects}: {what}", bucket=selection.bucket
    )


def _seconds_since(started: float) -> float:
    return round(time.monotonic() - started, 3)
