"""An object sent in parts: begun or resumed, completed once, aborted where nothing can come of it."""

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

# How often an upload is begun anew within one call, when S3 lost it or another writer came between.
ATTEMPTS = 3
# After these, what is there can never become the object.
_DEAD = (
    errors.PermanentError,
    errors.SourceChanged,
    errors.ChecksumMismatch,
    errors.RequestConflict,
    errors.UploadNotFound,
)


@dataclass(frozen=True)
class MultipartResult:
    """An object made of parts.

    :param resumed: how many of them an earlier attempt had sent.
    """

    stored: StoredObject
    parts: int
    resumed: int


def upload_in_parts(
    transfer: Transfer, resumption: Resumption, bodies: Iterator[PartBody]
) -> MultipartResult:
    """Store the content as a multipart upload, verified.

    :param memory: what an earlier attempt left, and where this one leaves what a later one needs.
    :param bodies: the content's; taken anew if the upload must begin anew.
    :raises PreconditionFailed: the condition in ExtraArgs was not met at completion.
    :raises S3OpsError: what ended it. The upload is aborted, unless a later attempt may go on with it.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return _once(transfer, resumption, bodies)
        except (errors.UploadNotFound, errors.RequestConflict) as error:
            log.warning("The upload to %s begins anew: %s", transfer.destination.uri, error.what)
        bodies = transfer.content.bodies(transfer.windows, transfer.check)
    return _once(transfer, resumption, bodies)


def _once(transfer: Transfer, resumption: Resumption, bodies: Iterator[PartBody]) -> MultipartResult:
    upload = resumption.opened()
    if upload.completed:
        return MultipartResult(upload.completed, upload.parts, upload.parts)
    try:
        sent = PartUploader(transfer, upload.upload_id, upload.there).send(bodies)
        stored = complete(transfer, upload.upload_id, sent, resumption.completing)
    except BaseException as error:
        if not resumption.is_kept or isinstance(error, _DEAD):
            resumption.abort(upload.upload_id)
        raise
    resumption.clear()
    return MultipartResult(stored, len(sent), sum(part.was_there for part in sent))
