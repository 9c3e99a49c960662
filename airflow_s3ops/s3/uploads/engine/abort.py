"""Multipart uploads that nobody will go on with: aborted, for their parts are stored and billed till then."""

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

# A part that was on its way while the upload was aborted may bring it back: "Aborting a multipart upload" in
# the Amazon S3 User Guide says to abort again until ListParts finds none.
ABORTS = 3
TRIES = 3
# What is left of the 2 seconds that a stop may take, when the threads have had theirs.
CANCELLED_WITHIN = 0.5


def abort_earlier_upload(
    client: S3Client,
    extra_args: Mapping[str, Any],
    checkpoint: GuardedCheckpoint,
    *,
    is_cancelled: bool = False,
) -> None:
    """Abort the upload that an earlier attempt left, whatever it was of, and forget it.

    What cannot be aborted now stays in the checkpoint, for the next attempt to try.

    :param extra_args: as given by the user; AbortMultipartUpload is sent those that it knows.
    :param is_cancelled: see :func:`aborted`.
    """
    old = checkpoint.get()
    if old is None:
        return
    here = client.meta.endpoint_url
    if old.endpoint != here:
        log.warning("The upload %s stays open at %s: this is %s", old.upload_id, old.endpoint, here)
    elif not abort_upload(
        Destination(client, old.bucket, old.key, extra_args), old.upload_id, is_cancelled=is_cancelled
    ):
        return
    checkpoint.clear()


def abort_upload(destination: Destination, upload_id: str, *, is_cancelled: bool = False) -> bool:
    """Abort, and return whether the upload is gone. A failure is logged: another error is on its way.

    :param is_cancelled: because the end was asked for: one try, and at most half a second.
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
    log.warning("The upload %s to %s has parts although it was aborted", upload_id, destination.uri)
    return False


def _has_parts(destination: Destination, upload_id: str, cancellation: Cancellation) -> bool:
    head_or_none = partial(destination.request, "ListParts", UploadId=upload_id, MaxParts=1)
    try:
        run_in_thread(head_or_none, cancellation, 0)
    except errors.AccessDenied:
        return False  # not to be known; the abort was accepted
    return True
