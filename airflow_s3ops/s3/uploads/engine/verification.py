"""Compare what S3 stored with what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.errors import ChecksumMismatch, ObjectNotFound, PermanentError, TransientError
from airflow_s3ops.s3.requests.required_fields import not_stored
from airflow_s3ops.s3.results import ObjectChecksum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_s3ops.s3.checksum import Algorithm
    from airflow_s3ops.s3.uploads.engine.destination import Destination
    from airflow_s3ops.s3.uploads.engine.transfer import Transfer


@dataclass(frozen=True)
class SentObject:
    """An object as it was sent.

    :param checksum: in S3's notation.
    :param etag: the ETag that the object has if S3 makes ETags of MD5 sums; None if it is not known.
    """

    size: int
    algorithm: Algorithm
    checksum: str
    etag: str | None = None


@dataclass(frozen=True)
class StoredObject:
    """An object as S3 has it.

    :param checksum: None if nothing was compared.
    """

    size: int
    etag: str | None
    version_id: str | None
    checksum: ObjectChecksum | None


def verify(transfer: Transfer, sent: SentObject, response: Mapping[str, Any]) -> StoredObject:
    """Return the stored object, after comparing it with what was sent.

    :param response: to the request that stored the object. If it has no checksum, a HEAD is made.
    :raises ChecksumMismatch: the stored object is not what was sent.
    :raises ServerError: there is no object at the key.
    """
    if response.get(sent.algorithm.member):
        return _compared(transfer.destination, sent, response, sent.size)
    try:
        head = transfer.request_with_retries("HeadObject", ChecksumMode="ENABLED")
    except ObjectNotFound as error:
        destination = transfer.destination
        raise not_stored(destination.bucket, destination.key) from error
    except (PermanentError, TransientError):
        head = None  # the object is stored: the first response shows it
    if head is None or head.get("ETag") != response.get("ETag", head.get("ETag")):
        # This identity is not allowed to HEAD the object, or another writer has replaced it since.
        return _stored_object(sent, response, ObjectChecksum(sent.algorithm.name, sent.checksum, "none"))
    return _compared(transfer.destination, sent, {**head, **response}, head["ContentLength"])


def find_stored(transfer: Transfer, sent: SentObject) -> StoredObject | None:
    """Return the object at the key if it has the content that was sent, after a lost response; else None.

    The size alone proves nothing: without a stored checksum the ETag must be equal. Equal content does not
    prove that this upload wrote the object: the caller must make sure that it cannot be an older one.

    :raises TransientError: it cannot be found out now.
    :raises NotSupportedByServer: the object is stored, but without the requested encryption.
    """
    head = head_or_none(transfer)
    if head is None or head["ContentLength"] != sent.size:
        return None
    stored = head.get(sent.algorithm.member)
    if stored:
        same = stored == sent.checksum
    else:
        same = sent.etag is not None and unquoted(head.get("ETag")) == sent.etag
    if not same:
        return None
    transfer.destination.confirm_encryption(head, "it is stored without the requested encryption")
    return _compared(transfer.destination, sent, head, sent.size)


def head_or_none(transfer: Transfer) -> dict[str, Any] | None:
    """Return the response to HeadObject; None if there is no object, or HEAD is not allowed (s3:GetObject).

    :raises TransientError: the server does not respond after all tries, or the upload was cancelled.
    """
    try:
        return transfer.request_with_retries("HeadObject", ChecksumMode="ENABLED")
    except PermanentError:
        return None


def unquoted(etag: str | None) -> str | None:
    """Return an ETag without its quotes."""
    return etag.strip('"') if etag else None


def _compared(
    destination: Destination, sent: SentObject, response: Mapping[str, Any], size: int
) -> StoredObject:
    checksum = response.get(sent.algorithm.member)
    if size != sent.size or (checksum and checksum != sent.checksum):
        raise ChecksumMismatch(
            f"{destination.uri} is stored with {size:,} bytes and {sent.algorithm.name} "
            f"{checksum or 'unknown'}, but {sent.size:,} bytes with {sent.checksum} were sent",
            bucket=destination.bucket,
            key=destination.key,
        )
    return _stored_object(
        sent, response, ObjectChecksum(sent.algorithm.name, sent.checksum, "server" if checksum else "size")
    )


def _stored_object(sent: SentObject, response: Mapping[str, Any], checksum: ObjectChecksum) -> StoredObject:
    return StoredObject(sent.size, unquoted(response.get("ETag")), response.get("VersionId"), checksum)
