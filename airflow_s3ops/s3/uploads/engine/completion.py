"""The one request that makes an object of its parts, and what its silence means."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.checksum import encoded, whole
from airflow_s3ops.s3.requests.lost_response import LostResponses
from airflow_s3ops.s3.requests.retry import WORTH_ANOTHER_TRY
from airflow_s3ops.s3.uploads.engine.verification import SentObject, find_stored, unquoted, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_s3ops.s3.uploads.engine.parts import UploadedPart
    from airflow_s3ops.s3.uploads.engine.transfer import Transfer
    from airflow_s3ops.s3.uploads.engine.verification import StoredObject

# After a 409 the upload cannot be completed any more: "Conditional writes" in the Amazon S3 User Guide.
_WORTH_ANOTHER_TRY = tuple(error for error in WORTH_ANOTHER_TRY if error is not errors.RequestConflict)
# What an answer looks like to somebody who has been answered before, without hearing it: the upload is gone,
# or the object that must not be there is there. Or there is no answer to the very end.
_MAYBE_DONE = (errors.UploadNotFound, errors.PreconditionFailed, errors.NetworkError, errors.ServerError)


def complete(
    transfer: Transfer, upload_id: str, parts: Sequence[UploadedPart], note: Callable[[SentObject], None]
) -> StoredObject:
    """Complete the upload and return the object, verified.

    :param note: told what the object will be, before the request is made.
    :raises PreconditionFailed: the condition in ExtraArgs was not met.
    :raises RequestConflict: another writer was at the key; begin anew.
    :raises SourceChanged: the file changed.
    """
    sent = _whole(transfer, parts)
    note(sent)
    request = _request(transfer, upload_id, parts, sent)
    lost = LostResponses(transfer.destination.client, "CompleteMultipartUpload")

    def ask() -> dict[str, Any]:
        # Once the object may be there, the file's further fate does not matter to it.
        (transfer.cancellation if lost else transfer).check()
        with lost.watched():
            return transfer.request_once("CompleteMultipartUpload", **request)

    retries = replace(transfer.retries, worth=_WORTH_ANOTHER_TRY)
    try:
        response = retries.run(ask, transfer.cancellation.sleep)
    except _MAYBE_DONE:
        # The same bytes may lie there since long ago: only an upload that is gone can have become the object.
        is_done = lost and _is_gone(transfer, upload_id)
        stored = find_stored(transfer, sent) if is_done else None
        if stored is None:
            raise
        return stored
    return verify(transfer, sent, response)


def _is_gone(transfer: Transfer, upload_id: str) -> bool:
    try:
        transfer.request("ListParts", UploadId=upload_id, MaxParts=1)
    except (errors.UploadNotFound, errors.ObjectNotFound):
        return True
    except errors.AccessDenied:
        # Who may not list parts cannot know. Of two errors the smaller: a retry finds the object there.
        return False
    return False


def _whole(transfer: Transfer, parts: Sequence[UploadedPart]) -> SentObject:
    part_checksums = [part.part_checksum for part in parts]
    checksum = whole(transfer.algorithm, transfer.form, part_checksums)
    return SentObject(
        sum(part_checksum.size for part_checksum in part_checksums),
        transfer.algorithm,
        checksum,
        _etag_of(parts),
    )


def _etag_of(parts: Sequence[UploadedPart]) -> str | None:
    """Return the object's ETag, where S3 gives parts their MD5 sums as ETags."""
    try:
        sums = b"".join(bytes.fromhex(unquoted(part.etag) or "") for part in parts)
    except ValueError:
        return None
    return f"{hashlib.md5(sums, usedforsecurity=False).hexdigest()}-{len(parts)}"


def _request(
    transfer: Transfer, upload_id: str, parts: Sequence[UploadedPart], sent: SentObject
) -> dict[str, Any]:
    member = transfer.algorithm.member
    listed = [
        {"PartNumber": part.number, "ETag": part.etag, member: encoded(part.part_checksum.checksum)}
        for part in parts
    ]
    return {
        "UploadId": upload_id,
        "MultipartUpload": {"Parts": listed},
        "ChecksumType": transfer.form,
        "MpuObjectSize": sent.size,
        **({member: sent.checksum} if transfer.form == "FULL_OBJECT" else {}),
    }
