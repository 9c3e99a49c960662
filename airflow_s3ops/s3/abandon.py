"""Multipart uploads that nobody will go on with: aborted, for their parts are stored and billed till then."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.destination import Destination
from airflow_s3ops.s3.retry import Retries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.checkpoint import GuardedCheckpoint

log = logging.getLogger(__name__)

# A part that was on its way while the upload was aborted may bring it back: "Aborting a multipart upload" in
# the Amazon S3 User Guide says to abort again until ListParts finds none.
ABORTS = 3
TRIES = 3


def abandon(
    client: S3Client, extra_args: Mapping[str, Any], checkpoint: GuardedCheckpoint, *, tries: int = TRIES
) -> None:
    """Abort the upload that an earlier attempt left, whatever it was of, and forget it.

    What cannot be aborted now stays in the checkpoint, for the next attempt to try.

    :param extra_args: as given by the user; AbortMultipartUpload is sent those that it knows.
    :param tries: for each request.
    """
    old = checkpoint.get()
    if old is None:
        return
    here = client.meta.endpoint_url
    if old.endpoint != here:
        log.warning("The upload %s stays open at %s: this is %s", old.upload_id, old.endpoint, here)
    elif not aborted(Destination(client, old.bucket, old.key, extra_args), old.upload_id, tries=tries):
        return
    checkpoint.clear()


def aborted(destination: Destination, upload_id: str, *, tries: int = TRIES) -> bool:
    """Abort, and return whether the upload is gone. A failure is logged: another error is on its way."""
    retries = Retries(tries=tries)
    try:
        for _ in range(ABORTS):
            retries.run(lambda: destination.call("AbortMultipartUpload", UploadId=upload_id), time.sleep)
            if not _is_open(destination, upload_id):
                break
    except (errors.UploadNotFound, errors.ObjectNotFound):
        return True
    except errors.S3OpsError as error:
        log.warning("The upload %s to %s stays open: %s", upload_id, destination.uri, error)
        return False
    return True


def _is_open(destination: Destination, upload_id: str) -> bool:
    try:
        destination.call("ListParts", UploadId=upload_id, MaxParts=1)
    except errors.S3OpsError:
        return False  # gone, or not to be known
    return True
