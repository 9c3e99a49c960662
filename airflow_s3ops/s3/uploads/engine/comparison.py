"""Whether the object that is there already is what would be sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.checksum import ALGORITHMS, CompositeDigest, encoded, value_of
from airflow_s3ops.s3.errors import ObjectNotFound
from airflow_s3ops.s3.requests.required_fields import require_fields
from airflow_s3ops.s3.results import ObjectChecksum
from airflow_s3ops.s3.uploads.engine.read import read_through
from airflow_s3ops.s3.uploads.engine.verification import StoredObject, unquoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_s3ops.s3.checksum import Digest
    from airflow_s3ops.s3.uploads.engine.transfer import Transfer

_MD5 = re.compile(r"[0-9a-f]{32}(-\d+)?")


@dataclass(frozen=True)
class Existing:
    """What is at the key.

    :param condition: ExtraArgs that hold only as long as it stays so.
    :param same: the object, if it is what would be sent; None if it is not, or that cannot be told.
    """

    condition: Mapping[str, str]
    same: StoredObject | None = None


def compare_with_existing(transfer: Transfer) -> Existing:
    """Look at the key, and compare size and checksum with the content; nothing else is compared.

    The checksum is the stored one; without one, the ETag where it is made of MD5 sums. An object that has
    neither counts as another one.

    :raises AccessDenied: ``s3:GetObject`` is missing, or ``s3:ListBucket`` and there is no object.
    :raises ServerError: the answer has no size or no ETag.
    """
    try:
        head = transfer.request("HeadObject", ChecksumMode="ENABLED")
    except ObjectNotFound:
        return Existing({"IfNoneMatch": "*"})
    require_fields("HeadObject", head, transfer.destination.bucket, transfer.destination.key, "ETag")
    condition = {"IfMatch": head["ETag"]}
    found = _comparable(transfer, head)
    if found is None or transfer.content.size not in (None, head["ContentLength"]):
        return Existing(condition)
    name, stored, digest = found
    size = read_through(transfer, [digest])
    if size != head["ContentLength"] or value_of(digest) != stored:
        return Existing(condition)
    checksum = ObjectChecksum(name, stored, "server")
    return Existing(condition, StoredObject(size, unquoted(head["ETag"]), head.get("VersionId"), checksum))


def _comparable(transfer: Transfer, head: Mapping[str, Any]) -> tuple[str, str, Digest] | None:
    """Return the name and value of what S3 has, and an empty digest that makes the same of our content."""
    stored = {name: head[a.member] for name, a in ALGORITHMS.items() if head.get(a.member)}
    if not stored and (etag := _MD5.fullmatch(unquoted(head.get("ETag")) or "")):
        stored = {"MD5": _as_checksum(etag[0])}
    if not stored:
        return None
    name, value = next(iter(stored.items()))
    if "-" not in value:
        return name, value, ALGORITHMS[name].new()
    first = transfer.request("HeadObject", PartNumber=1)
    return name, value, CompositeDigest(ALGORITHMS[name], first["ContentLength"])


def _as_checksum(etag: str) -> str:
    """Write an ETag as a checksum: base64, and the number of parts behind it as it is."""
    digest, dash, count = etag.partition("-")
    return encoded(bytes.fromhex(digest)) + dash + count
