"""What operations return: frozen dataclasses whose ``to_xcom()`` is plain JSON of under 2 KB.

A field that does not apply is None, and left out of XCom.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

XCOM_BYTES = 2000


class Result:
    """Plain JSON for XCom from a dataclass."""

    __slots__ = ()

    def to_xcom(self) -> dict[str, Any]:
        """Return the fields that apply, as JSON types only."""
        fields: dict[str, Any] = asdict(self)  # type: ignore[call-overload]
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in fields.items()
            if value is not None
        }


def _fitting(xcom: dict[str, Any], spare: str) -> dict[str, Any]:
    """Leave out one field if all of them are too long for XCom."""
    if len(json.dumps(xcom, ensure_ascii=False).encode()) >= XCOM_BYTES:
        del xcom[spare]
    return xcom


@dataclass(frozen=True)
class CreateBucketResult(Result):
    """A bucket that is there, mine, and as asked.

    :param bucket: its name.
    :param region: the region it lives in; None if the server tells none.
    :param status: whether this run made it.
    :param applied: names of the :class:`BucketSettings` fields that this run changed.
    """

    bucket: str
    region: str | None
    status: Literal["created", "existed"]
    applied: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObjectChecksum:
    """The checksum of an object as it is stored.

    :param algorithm: S3's name of it, such as ``CRC64NVME``.
    :param value: base64, as S3 writes it; ``<base64>-<parts>`` for a COMPOSITE one.
    :param verified_by: ``server``: the server compared it with what it stored, or returned it (or, for one of
        many small files, an ETag that is the MD5 sum of what was sent);
        ``size``: the server answers no checksums, only the size was compared; ``none``: it answers none, and
        this identity may not look (``s3:GetObject``), or somebody else has written to the key since.
    """

    algorithm: str
    value: str
    verified_by: Literal["server", "size", "none"]


@dataclass(frozen=True)
class UploadFileResult(Result):
    """One object, as it is stored now.

    :param status: ``uploaded`` by this run, or ``skipped``: what is there was left as it is.
    :param size: bytes stored (for ``compress="gzip"`` the compressed ones).
    :param etag: without quotes.
    :param parts: number of parts; None for a single PUT.
    :param resumed_parts: parts that an earlier attempt had sent already.
    :param seconds: wall time of the call.
    """

    uri: str
    bucket: str
    key: str
    status: Literal["uploaded", "skipped"]
    size: int
    etag: str | None = None
    version_id: str | None = None
    checksum: ObjectChecksum | None = None
    parts: int | None = None
    resumed_parts: int | None = None
    seconds: float = 0.0

    def to_xcom(self) -> dict[str, Any]:
        """Return the fields that apply; without ``uri`` where a long key would stand there a second time."""
        return _fitting(super().to_xcom(), "uri")


@dataclass(frozen=True)
class UploadFilesResult(Result):
    """What became of many files. That some failed is an error, :class:`PartialUpload`, and no result.

    :param prefix: what the keys begin with.
    :param uploaded: files that this run sent.
    :param skipped: files whose objects were left as they are.
    :param failed: 0.
    :param bytes: of the files that this run sent.
    :param manifest: the manifest's URI; None if none was asked for.
    :param seconds: wall time of the call.
    """

    bucket: str
    prefix: str
    uploaded: int
    skipped: int
    failed: int
    bytes: int
    seconds: float = 0.0
    manifest: str | None = None

    def to_xcom(self) -> dict[str, Any]:
        """Return the fields that apply; without ``prefix`` if it and ``manifest`` are too long together."""
        return _fitting(super().to_xcom(), "prefix")


@dataclass(frozen=True)
class DeleteObjectResult(Result):
    """What deleting one key did.

    :param deleted: 1 if this run deleted the object (or version, or put a delete marker), else 0.
    :param missing: 1 if there was nothing to delete, else 0; None if this identity may not look.
    :param version_id: the version that was deleted, or the id of the delete marker that was made.
    :param delete_marker: True if the deletion made, or removed, a delete marker.
    """

    bucket: str
    deleted: int
    missing: int | None
    version_id: str | None = None
    delete_marker: bool | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class DeleteObjectsResult(Result):
    """What deleting many keys did.

    :param deleted: keys (with ``all_versions``: versions and markers) that S3 confirmed as deleted.
    :param missing: keys of the given list that were not there; None for a prefix, and if this identity may
        not look.
    :param matched: keys (versions, markers) that were selected; None for a list, unless it is a dry run.
    :param dry_run: True if nothing was to be deleted; then ``deleted`` is 0.
    """

    bucket: str
    deleted: int
    missing: int | None = None
    matched: int | None = None
    dry_run: bool | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class DeleteBucketResult(Result):
    """What deleting a bucket did.

    :param objects_deleted: objects, versions and markers that ``force=True`` removed first.
    :param uploads_aborted: open multipart uploads that were aborted first.
    """

    bucket: str
    status: Literal["deleted", "missing"]
    objects_deleted: int = 0
    uploads_aborted: int = 0


@dataclass(frozen=True)
class JoinManifestsResult(Result):
    """One manifest made of many.

    :param manifest: the joined one's URI.
    :param objects: its rows.
    :param bytes: the size of all objects together.
    """

    bucket: str
    manifest: str
    objects: int
    bytes: int
    seconds: float = 0.0


@dataclass(frozen=True)
class FailedKey:
    """A key that S3 did not delete, or a file that did not become an object.

    :param code: S3's error code, such as ``AccessDenied``, or the name of our own error.
    :param message: S3's own words, or ours.
    """

    key: str
    version_id: str | None
    code: str
    message: str
