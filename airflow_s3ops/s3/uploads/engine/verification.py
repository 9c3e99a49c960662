"""What S3 says it stored, held against what was sent."""

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

    :param checksum: as S3 writes it.
    :param etag: what the ETag must be where S3 makes it of MD5 sums; None if that is not known.
    """

    size: int
    algorithm: Algorithm
    checksum: str
    etag: str | None = None


@dataclass(frozen=True)
class StoredObject:
    """An object as S3 has it.

    :param checksum: None if it was not compared with anything.
    """

    size: int
    etag: str | None
    version_id: str | None
    checksum: ObjectChecksum | None


def verify(transfer: Transfer, sent: SentObject, response: Mapping[str, Any]) -> StoredObject:
    """Return what is stored, by the answer that said so; by a HEAD where that has no checksum.

    :raises ChecksumMismatch: it is not what was sent.
    :raises ServerError: there is nothing at the key.
    """
    if response.get(sent.algorithm.member):
        return _compared(transfer.destination, sent, response, sent.size)
    try:
        seen = transfer.request("HeadObject", ChecksumMode="ENABLED")
    except ObjectNotFound as error:
        destination = transfer.destination
        raise not_stored(destination.bucket, destination.key) from error
    except (PermanentError, TransientError):
        seen = None  # it is stored all the same, and that was said
    if seen is None or seen.get("ETag") != response.get("ETag", seen.get("ETag")):
        # Nobody may look, or somebody else has written since.
        return _as(sent, response, ObjectChecksum(sent.algorithm.name, sent.checksum, "none"))
    return _compared(transfer.destination, sent, {**seen, **response}, seen["ContentLength"])


def find_stored(transfer: Transfer, sent: SentObject) -> StoredObject | None:
    """Return what is stored if it is what was sent, although no answer said so; else None.

    Size alone proves nothing: without a checksum the ETag must agree. Nor does it prove that it is ours: the
    caller must know why no older object can be meant.

    :raises TransientError: it cannot be found out now.
    :raises NotSupportedByServer: it is stored, but not encrypted as asked for.
    """
    seen = head_or_none(transfer)
    if seen is None or seen["ContentLength"] != sent.size:
        return None
    stored = seen.get(sent.algorithm.member)
    if stored:
        same = stored == sent.checksum
    else:
        same = sent.etag is not None and unquoted(seen.get("ETag")) == sent.etag
    if not same:
        return None
    transfer.destination.confirm_encryption(seen, "it is stored, but not so")
    return _compared(transfer.destination, sent, seen, sent.size)


def head_or_none(transfer: Transfer) -> dict[str, Any] | None:
    """Return HeadObject's answer; None if there is no object, or this identity may not look.

    :raises TransientError: the server does not answer, after all tries; or a stop.
    """
    try:
        return transfer.request("HeadObject", ChecksumMode="ENABLED")
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
    return _as(
        sent, response, ObjectChecksum(sent.algorithm.name, sent.checksum, "server" if checksum else "size")
    )


def _as(sent: SentObject, response: Mapping[str, Any], checksum: ObjectChecksum) -> StoredObject:
    return StoredObject(sent.size, unquoted(response.get("ETag")), response.get("VersionId"), checksum)
