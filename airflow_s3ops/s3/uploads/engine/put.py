"""Upload an object with one PutObject."""

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
    """Upload the whole content in one request, and verify the object.

    :raises PreconditionFailed: the condition in ExtraArgs was not met.
    :raises SourceChanged: the file changed before its last byte was sent. Nothing became visible, unless the
        error says that the response to an earlier try was lost.
    :raises ChecksumMismatch: S3 says that it received, or stored, something else.
    :raises NotSupportedByServer: the object is stored, but without the requested encryption.
    """
    algorithm = transfer.algorithm
    checksum = encoded(body.checksum(algorithm, for_signing=transfer.is_signed_in_full))
    destination = transfer.destination
    lost = LostResponses(destination.client, "PutObject")

    def put() -> dict[str, Any]:
        transfer.check()
        # An empty PartBody would wait for "100 Continue" without need.
        own = {"Body": body if len(body) else b"", algorithm.member: checksum}
        # For AWS the value is enough; moto stores it only if the algorithm is given, too.
        own["ChecksumAlgorithm"] = algorithm.name
        with lost.watched():
            return transfer.request_once("PutObject", **own)

    try:
        response = transfer.retries.run(put, transfer.cancellation.sleep)
    except errors.PreconditionFailed:
        # An earlier try of ours, whose response was lost, may have created the object.
        stored = find_stored(transfer, _sent(transfer, body, checksum, with_etag=True)) if lost else None
        if stored is None:
            raise
    except errors.SourceChanged as error:
        raise (_may_be_stored(error) if lost else error) from error
    else:
        stored = verify(transfer, _sent(transfer, body, checksum), response)
        destination.confirm_encryption(response, "it is stored without the requested encryption")
    if transfer.progress:
        transfer.progress(Progress(body.source_bytes, body.source_bytes))
    return stored


def _may_be_stored(error: errors.SourceChanged) -> errors.SourceChanged:
    return errors.SourceChanged(
        f"{error.what}; the response to an earlier try was lost, and that try may have stored the complete "
        "file as it was before",
        bucket=error.bucket,
        key=error.key,
    )


def _sent(transfer: Transfer, body: PartBody, checksum: str, *, with_etag: bool = False) -> SentObject:
    etag = ALGORITHMS["MD5"].of(body.blocks()).hex() if with_etag else None
    return SentObject(len(body), transfer.algorithm, checksum, etag)
