"""CompleteMultipartUpload, which makes an object of the parts; and the case that its response is lost."""

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
# The errors that can follow a completion whose response was lost: the upload is gone, or the object that must
# not exist now exists. Or no try got a response.
_MAYBE_COMPLETED = (errors.UploadNotFound, errors.PreconditionFailed, errors.NetworkError, errors.ServerError)


def complete(
    transfer: Transfer, upload_id: str, parts: Sequence[UploadedPart], note: Callable[[SentObject], None]
) -> StoredObject:
    """Complete the upload, verify the object and return it.

    :param note: is called with the size and checksum of the object before the request is made.
    :raises PreconditionFailed: the condition in ExtraArgs was not met.
    :raises RequestConflict: another request wrote to the key at the same time; the upload must start again.
    :raises SourceChanged: the file changed.
    """
    sent = _sent_object(transfer, parts)
    note(sent)
    request = _request(transfer, upload_id, parts, sent)
    lost = LostResponses(transfer.destination.client, "CompleteMultipartUpload")

    def request_completion() -> dict[str, Any]:
        # Once the object may exist, a later change of the file does not matter.
        (transfer.cancellation if lost else transfer).check()
        with lost.watched():
            return transfer.request_once("CompleteMultipartUpload", **request)

    retries = replace(transfer.retries, worth=_WORTH_ANOTHER_TRY)
    try:
        response = retries.run(request_completion, transfer.cancellation.sleep)
    except _MAYBE_COMPLETED:
        # An older object may have the same bytes. So the object is ours only if the upload is gone.
        is_completed = lost and _is_gone(transfer, upload_id)
        stored = find_stored(transfer, sent) if is_completed else None
        if stored is None:
            raise
        return stored
    return verify(transfer, sent, response)


def _is_gone(transfer: Transfer, upload_id: str) -> bool:
    try:
        transfer.request_with_retries("ListParts", UploadId=upload_id, MaxParts=1)
    except (errors.UploadNotFound, errors.ObjectNotFound):
        return True
    except errors.AccessDenied:
        # Without s3:ListMultipartUploadParts this is unknown. False is the smaller error: a retry then finds
        # the object.
        return False
    return False


def _sent_object(transfer: Transfer, parts: Sequence[UploadedPart]) -> SentObject:
    part_checksums = [part.part_checksum for part in parts]
    checksum = whole(transfer.algorithm, transfer.form, part_checksums)
    return SentObject(
        sum(part_checksum.size for part_checksum in part_checksums),
        transfer.algorithm,
        checksum,
        _etag_of(parts),
    )


def _etag_of(parts: Sequence[UploadedPart]) -> str | None:
    """Return the ETag of the object, if the ETags of its parts are MD5 sums; else None."""
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
