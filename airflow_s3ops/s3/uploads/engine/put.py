"""An object sent by one PutObject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.checksum import ALGORITHMS, encoded
from airflow_s3ops.s3.requests.lost_response import LostResponses
from airflow_s3ops.s3.uploads.engine.verification import SentObject, find_stored, verify
from airflow_s3ops.s3.uploads.progress import Progress

if TYPE_CHECKING:
    from airflow_s3ops.s3.uploads.engine.body import PartBody
    from airflow_s3ops.s3.uploads.engine.transfer import Transfer
    from airflow_s3ops.s3.uploads.engine.verification import StoredObject


def put_object(transfer: Transfer, body: PartBody) -> StoredObject:
    """Store the whole content by one request, verified.

    :raises PreconditionFailed: the condition in ExtraArgs was not met.
    :raises SourceChanged: the file changed before its last byte was sent; nothing became visible, unless the
        error says that an answer was lost before.
    :raises ChecksumMismatch: S3 says that it got, or has, something else.
    :raises NotSupportedByServer: it is stored, but not encrypted as asked for.
    """
    algorithm = transfer.algorithm
    checksum = encoded(body.checksum(algorithm, for_signing=transfer.is_signed_in_full))
    destination = transfer.destination
    lost = LostResponses(destination.client, "PutObject")

    def put() -> dict[str, Any]:
        transfer.check()
        # An empty body of ours would wait for "100 Continue" for nothing.
        own = {"Body": body if len(body) else b"", algorithm.member: checksum}
        # For AWS the value is enough; moto keeps it only if the algorithm is named as well.
        own["ChecksumAlgorithm"] = algorithm.name
        with lost.watched():
            return transfer.request_once("PutObject", **own)

    try:
        response = transfer.retries.run(put, transfer.cancellation.sleep)
    except errors.PreconditionFailed:
        # The condition may have been met by ourselves, in a try whose answer was lost.
        stored = find_stored(transfer, _sent(transfer, body, checksum, with_etag=True)) if lost else None
        if stored is None:
            raise
    except errors.SourceChanged as error:
        raise (_too_late(error) if lost else error) from error
    else:
        stored = verify(transfer, _sent(transfer, body, checksum), response)
        destination.confirm_encryption(response, "it is stored, but not so")
    if transfer.progress:
        transfer.progress(Progress(body.source_bytes, body.source_bytes))
    return stored


def _too_late(error: errors.SourceChanged) -> errors.SourceChanged:
    return errors.SourceChanged(
        f"{error.what}; a try whose answer was lost may have stored it, whole, as it was before that",
        bucket=error.bucket,
        key=error.key,
    )


def _sent(transfer: Transfer, body: PartBody, checksum: str, *, with_etag: bool = False) -> SentObject:
    etag = ALGORITHMS["MD5"].of(body.blocks()).hex() if with_etag else None
    return SentObject(len(body), transfer.algorithm, checksum, etag)
