"""Compare the existing object with the content to upload."""

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
    """What was found at the key.

    :param condition: ExtraArgs with a condition that fails if the key changes after the HEAD.
    :param same: the existing object, if it has the content to upload; None if it has not, or if that is not
        known.
    """

    condition: Mapping[str, str]
    same: StoredObject | None = None


def compare_with_existing(transfer: Transfer) -> Existing:
    """HEAD the key, and compare size and checksum with the content; nothing else is compared.

    The checksum is the stored one. If none is stored, the ETag is used where it is made of MD5 sums. An
    object with neither counts as different.

    :raises AccessDenied: ``s3:GetObject`` is missing; or ``s3:ListBucket`` is, and there is no object.
    :raises ServerError: the response has no size or no ETag.
    """
    try:
        head = transfer.request_with_retries("HeadObject", ChecksumMode="ENABLED")
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
    """Return the name and value of the stored checksum, and an empty digest that computes the same kind."""
    stored = {name: head[a.member] for name, a in ALGORITHMS.items() if head.get(a.member)}
    if not stored and (etag := _MD5.fullmatch(unquoted(head.get("ETag")) or "")):
        stored = {"MD5": _as_checksum(etag[0])}
    if not stored:
        return None
    name, value = next(iter(stored.items()))
    if "-" not in value:
        return name, value, ALGORITHMS[name].new()
    first = transfer.request_with_retries("HeadObject", PartNumber=1)
    return name, value, CompositeDigest(ALGORITHMS[name], first["ContentLength"])


def _as_checksum(etag: str) -> str:
    """Return an ETag in the form of a checksum: base64, with the number of parts unchanged after it."""
    digest, dash, count = etag.partition("-")
    return encoded(bytes.fromhex(digest)) + dash + count
