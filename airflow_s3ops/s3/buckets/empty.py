"""Empty a bucket permanently: open uploads, versions and delete markers."""

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
    """Delete everything in a bucket, in flat memory, and check that it is empty afterwards.

    :param stop: cancels the call within 2 seconds when it is set.
    :param max_rounds: the highest number of rounds. A further round starts, without a wait, if another client
        has written to the bucket meanwhile.
    :param log: gets one line per round, and the progress every few seconds.
    :raises BucketRefilled: another client wrote to the bucket in every round.
    :raises PartialDelete: S3 did not delete some of the contents, such as versions under Object Lock.
    :raises BucketNotFound: there is no such bucket.
    :raises AccessDenied: one of ``s3:ListBucketVersions``, ``s3:ListBucketMultipartUploads`` and
        ``s3:AbortMultipartUpload`` is missing.
    :raises Stopped: ``stop`` is set.
    """
    cancellable_client = cancellable(client, Cancellation(stop, s3_uri(bucket)))
    objects = uploads = 0
    for round_number in range(1, max_rounds + 1):
        # Uploads first: one that is completed meanwhile becomes an object, which the listing then finds.
        aborted = _abort_uploads(cancellable_client, bucket, stop)
        deleted = _delete_all(client, bucket, stop, log)
        objects, uploads = objects + deleted, uploads + aborted
        log.info(
            "Emptying %s, round %s: %s objects, versions and markers deleted, %s uploads aborted",
            *(s3_uri(bucket), round_number, deleted, aborted),
        )
        remaining = contents(cancellable_client, bucket)
        if remaining.is_empty:
            return Emptied(objects, uploads)
    raise BucketRefilled(
        f"{s3_uri(bucket)} contains {remaining} after {max_rounds} rounds that deleted {objects:,} objects, "
        f"versions and markers and aborted {uploads:,} uploads: another client is writing to it",
        bucket=bucket,
    )


def _delete_all(client: S3Client, bucket: str, stop: threading.Event | None, log: Log) -> int:
    deletion = Deletion(bucket, log)
    try:
        delete_targets(
            client, deletion, targets_of(client, Selection(bucket, all_versions=True), stop), stop=stop
        )
    except NotSupportedByServer:
        # The server does not support versions, so only objects are listed. If it is DeleteObjects that the
        # server does not support, the error is raised again here.
        delete_targets(client, deletion, targets_of(client, Selection(bucket), stop), stop=stop)
    deletion.require_success()
    return deletion.deleted


def _abort_uploads(client: S3Client, bucket: str, stop: threading.Event | None) -> int:
    try:
        return abort_uploads(client, bucket, stop=stop)
    except NotSupportedByServer:
        return 0
