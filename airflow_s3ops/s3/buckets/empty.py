"""A bucket emptied, for good: open uploads, versions and delete markers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_s3ops.s3.buckets.contents import BucketContents, contents, describe_contents
from airflow_s3ops.s3.deletes.run import Deletion, delete_targets
from airflow_s3ops.s3.deletes.selection import Selection
from airflow_s3ops.s3.deletes.targets import targets_of
from airflow_s3ops.s3.errors import BucketRefilled, NotSupportedByServer
from airflow_s3ops.s3.listings.multipart_uploads import abort_uploads
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.cancellable_client import cancellable
from airflow_s3ops.s3.requests.cancellation import Cancellation

if TYPE_CHECKING:
    import threading

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.deletes.run import Log

__all__ = ["BucketContents", "Emptied", "contents", "describe_contents", "empty_bucket"]

_log = logging.getLogger(__name__)
MAX_ROUNDS = 5


@dataclass(frozen=True)
class Emptied:
    """What emptying a bucket removed.

    :param objects_deleted: objects, noncurrent versions and delete markers.
    :param uploads_aborted: open multipart uploads.
    """

    objects_deleted: int = 0
    uploads_aborted: int = 0


def empty_bucket(
    client: S3Client,
    bucket: str,
    *,
    stop: threading.Event | None = None,
    max_rounds: int = MAX_ROUNDS,
    log: Log = _log,
) -> Emptied:
    """Delete everything in a bucket, in flat memory, and look whether it is empty then.

    :param stop: ends it within 2 seconds when it is set.
    :param max_rounds: how often to begin again if something came in meanwhile, without waiting.
    :param log: for one line a round, and progress every few seconds.
    :raises BucketRefilled: somebody wrote to it in every round.
    :raises PartialDelete: S3 refused to delete some of it, such as versions under Object Lock.
    :raises BucketNotFound: there is no such bucket.
    :raises AccessDenied: of ``s3:ListBucketVersions``, ``s3:ListBucketMultipartUploads`` and
        ``s3:AbortMultipartUpload`` one is missing.
    :raises Stopped: ``stop`` is set.
    """
    cancellable_client = cancellable(client, Cancellation(stop, s3_uri(bucket)))
    objects = uploads = 0
    for turn in range(1, max_rounds + 1):
        # Before the objects: an upload that is completed meanwhile becomes an object that the listing finds.
        aborted = _abort_uploads(cancellable_client, bucket, stop)
        deleted = _delete_all(client, bucket, stop, log)
        objects, uploads = objects + deleted, uploads + aborted
        log.info(
            "Emptying %s, round %s: %s objects, versions and markers deleted, %s uploads aborted",
            *(s3_uri(bucket), turn, deleted, aborted),
        )
        left = contents(cancellable_client, bucket)
        if left.is_empty:
            return Emptied(objects, uploads)
    raise BucketRefilled(
        f"{s3_uri(bucket)} holds {left} after {max_rounds} rounds that deleted {objects:,} objects, versions "
        f"and markers and aborted {uploads:,} uploads: somebody is writing to it",
        bucket=bucket,
    )


def _delete_all(client: S3Client, bucket: str, stop: threading.Event | None, log: Log) -> int:
    deletion = Deletion(bucket, log)
    try:
        delete_targets(
            client, deletion, targets_of(client, Selection(bucket, all_versions=True), stop), stop=stop
        )
    except NotSupportedByServer:
        # No versions on this server, so what it has are objects. If it was DeleteObjects, that says so again.
        delete_targets(client, deletion, targets_of(client, Selection(bucket), stop), stop=stop)
    deletion.require_success()
    return deletion.deleted


def _abort_uploads(client: S3Client, bucket: str, stop: threading.Event | None) -> int:
    try:
        return abort_uploads(client, bucket, stop=stop)
    except NotSupportedByServer:
        return 0
