"""Abort multipart uploads that will not be resumed: until then S3 stores and bills their parts."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.cancellation import Deadline
from airflow_s3ops.s3.requests.parallel import run_in_thread
from airflow_s3ops.s3.requests.retry import Retries
from airflow_s3ops.s3.uploads.engine.destination import Destination

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.requests.cancellation import Cancellation
    from airflow_s3ops.s3.uploads.checkpoint import GuardedCheckpoint

log = logging.getLogger(__name__)

# A part that was in flight during the abort may still be stored: "Aborting a multipart upload" in the Amazon
# S3 User Guide says to abort again until ListParts finds no part.
ABORTS = 3
TRIES = 3
# Seconds. A cancellation may take 2 seconds; this is what the threads leave of them.
CANCELLED_WITHIN = 0.5


def abort_earlier_upload(
    client: S3Client,
    extra_args: Mapping[str, Any],
    checkpoint: GuardedCheckpoint,
    *,
    is_cancelled: bool = False,
) -> None:
    """Abort the upload that an earlier attempt left, whatever its file and key, and clear the checkpoint.

    If the abort fails, the upload stays in the checkpoint, so that the next attempt can abort it.

    :param extra_args: as given by the user; AbortMultipartUpload is sent with those that it knows.
    :param is_cancelled: see :func:`abort_upload`.
    """
    old = checkpoint.get()
    if old is None:
        return
    endpoint = client.meta.endpoint_url
    if old.endpoint != endpoint:
        log.warning(
            "The upload %s stays open at %s: this client uses %s", old.upload_id, old.endpoint, endpoint
        )
    elif not abort_upload(
        Destination(client, old.bucket, old.key, extra_args), old.upload_id, is_cancelled=is_cancelled
    ):
        return
    checkpoint.clear()


def abort_upload(destination: Destination, upload_id: str, *, is_cancelled: bool = False) -> bool:
    """Abort an upload, and return whether it is gone. A failure is logged, not raised.

    It is not raised because the error that caused the abort is usually being raised already.

    :param is_cancelled: the upload was cancelled: the abort gets one try, and at most half a second.
    """
    retries = Retries(tries=1 if is_cancelled else TRIES)
    cancellation = Deadline(CANCELLED_WITHIN if is_cancelled else None, destination.uri)
    abort = partial(destination.request, "AbortMultipartUpload", UploadId=upload_id)
    try:
        for _ in range(ABORTS):
            retries.run(partial(run_in_thread, abort, cancellation, 0), cancellation.sleep)
            if not _has_parts(destination, upload_id, cancellation):
                return True
    except (errors.UploadNotFound, errors.ObjectNotFound):
        return True
    except errors.S3OpsError as error:
        log.warning("The upload %s to %s stays open: %s", upload_id, destination.uri, error)
        return False
    log.warning("The upload %s to %s still has parts, although it was aborted", upload_id, destination.uri)
    return False


def _has_parts(destination: Destination, upload_id: str, cancellation: Cancellation) -> bool:
    list_parts = partial(destination.request, "ListParts", UploadId=upload_id, MaxParts=1)
    try:
        run_in_thread(list_parts, cancellation, 0)
    except errors.AccessDenied:
        return False  # it cannot be checked; the abort was accepted
    return True
