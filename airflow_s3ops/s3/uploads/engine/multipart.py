"""Upload an object in parts: start or resume the upload, complete it, or abort it if it cannot succeed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.uploads.engine.completion import complete
from airflow_s3ops.s3.uploads.engine.parts import PartUploader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_s3ops.s3.uploads.engine.body import PartBody
    from airflow_s3ops.s3.uploads.engine.resume import Resumption
    from airflow_s3ops.s3.uploads.engine.transfer import Transfer
    from airflow_s3ops.s3.uploads.engine.verification import StoredObject

log = logging.getLogger(__name__)

# How often an upload is started within one call, if it has disappeared or another writer wrote to the key.
ATTEMPTS = 3
# After these errors the upload can never become the object.
_NOT_RESUMABLE = (
    errors.PermanentError,
    errors.SourceChanged,
    errors.ChecksumMismatch,
    errors.RequestConflict,
    errors.UploadNotFound,
)


@dataclass(frozen=True)
class MultipartResult:
    """An object made of parts.

    :param resumed: the number of parts that an earlier attempt sent.
    """

    stored: StoredObject
    parts: int
    resumed: int


def upload_in_parts(
    transfer: Transfer, resumption: Resumption, bodies: Iterator[PartBody]
) -> MultipartResult:
    """Upload the content as a multipart upload, and verify the object.

    :param resumption: the upload that an earlier attempt left, and the state that a later attempt needs.
    :param bodies: the parts of the content. If the upload must start again, new ones are created.
    :raises PreconditionFailed: the condition in ExtraArgs was not met at completion.
    :raises S3OpsError: the upload failed. It is aborted, unless a later attempt may resume it.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return _once(transfer, resumption, bodies)
        except (errors.UploadNotFound, errors.RequestConflict) as error:
            log.warning("The upload to %s starts again: %s", transfer.destination.uri, error.what)
        bodies = transfer.content.bodies(transfer.windows, transfer.check)
    return _once(transfer, resumption, bodies)


def _once(transfer: Transfer, resumption: Resumption, bodies: Iterator[PartBody]) -> MultipartResult:
    upload = resumption.open_upload()
    if upload.completed:
        return MultipartResult(upload.completed, upload.parts, upload.parts)
    try:
        sent = PartUploader(transfer, upload.upload_id, upload.stored_parts).send(bodies)
        stored = complete(transfer, upload.upload_id, sent, resumption.note_completion)
    except BaseException as error:
        if not resumption.is_resumable or isinstance(error, _NOT_RESUMABLE):
            resumption.abort(upload.upload_id)
        raise
    resumption.clear()
    return MultipartResult(stored, len(sent), sum(part.is_resumed for part in sent))
