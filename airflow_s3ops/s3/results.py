"""The results of operations: frozen dataclasses whose ``to_xcom()`` returns plain JSON of less than 2 KB.

A field that does not apply is None, and is left out of XCom.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

XCOM_BYTES = 2000


class Result:
    """Base class: turns a dataclass into plain JSON for XCom."""

    __slots__ = ()

    def to_xcom(self) -> dict[str, Any]:
        """Return the fields that apply, as JSON types only."""
        fields: dict[str, Any] = asdict(self)  # type: ignore[call-overload]
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in fields.items()
            if value is not None
        }


def _shortened(xcom: dict[str, Any], optional: str) -> dict[str, Any]:
    """Leave out the optional field if all fields together are too long for XCom."""
    if len(json.dumps(xcom, ensure_ascii=False).encode()) >= XCOM_BYTES:
        del xcom[optional]
    return xcom


@dataclass(frozen=True)
class CreateBucketResult(Result):
    """A bucket that exists, belongs to this account, and has the requested settings.

    :param bucket: its name.
    :param region: the region it is in; None if the server returns none.
    :param status: whether this run created it.
    :param applied: names of the :class:`BucketSettings` fields that this run changed.
    """

    bucket: str
    region: str | None
    status: Literal["created", "existed"]
    applied: tuple[str, ...] = ()


@dataclass(frozen=True)
class ObjectChecksum:
    """The checksum of an object as it is stored.

    :param algorithm: S3's name of the algorithm, such as ``CRC64NVME``.
    :param value: base64, in S3's format; ``<base64>-<parts>`` for a COMPOSITE checksum.
    :param verified_by: ``server``: the server compared it with what it stored, or returned it (or, for one of
        many small files, returned an ETag that is the MD5 sum of what was sent).
        ``size``: the server returns no checksums, only the size was compared.
        ``none``: the server returns no checksums, and this identity is not allowed to HEAD the object
        (``s3:GetObject``), or another writer has replaced it since.
    """

    algorithm: str
    value: str
    verified_by: Literal["server", "size", "none"]


@dataclass(frozen=True)
class UploadFileResult(Result):
    """One object, as it is stored now.

    :param status: ``uploaded`` by this run, or ``skipped``: the existing object was not changed.
    :param size: bytes stored (for ``compress="gzip"`` the compressed bytes).
    :param etag: without quotes.
    :param parts: number of parts; None for a single PUT.
    :param resumed_parts: number of parts that an earlier attempt had already sent.
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
        """Return the fields that apply; without ``uri`` if the key is so long that both do not fit."""
        return _shortened(super().to_xcom(), "uri")


@dataclass(frozen=True)
class UploadFilesResult(Result):
    """The result of uploading many files. If files failed, :class:`PartialUpload` is raised instead.

    :param prefix: the prefix of the keys.
    :param uploaded: number of files that this run uploaded.
    :param skipped: number of files whose existing objects were not changed.
    :param failed: always 0.
    :param bytes: the size of all files that this run uploaded.
    :param manifest: the manifest's URI; None if none was requested.
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
        """Return the fields that apply; without ``prefix`` if ``prefix`` and ``manifest`` do not both fit."""
        return _shortened(super().to_xcom(), "prefix")


@dataclass(frozen=True)
class DeleteObjectResult(Result):
    """The result of deleting one key.

    :param deleted: 1 if this run deleted the object (or version, or created a delete marker), else 0.
    :param missing: 1 if there was nothing to delete, else 0; None if this identity is not allowed to HEAD the
        object.
    :param version_id: the version that was deleted, or the id of the delete marker that was created.
    :param delete_marker: True if the deletion created or removed a delete marker.
    """

    bucket: str
    deleted: int
    missing: int | None
    version_id: str | None = None
    delete_marker: bool | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class DeleteObjectsResult(Result):
    """The result of deleting many keys.

    :param deleted: number of keys (with ``all_versions``: versions and markers) that S3 confirmed as deleted.
    :param missing: number of keys of the given list that did not exist; None for a prefix, and if this
        identity is not allowed to HEAD the objects.
    :param matched: number of keys (versions, markers) selected; None for a list, unless it is a dry run.
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
    """The result of deleting a bucket.

    :param objects_deleted: number of objects, versions and markers that ``force=True`` deleted first.
    :param uploads_aborted: number of open multipart uploads that were aborted first.
    """

    bucket: str
    status: Literal["deleted", "missing"]
    objects_deleted: int = 0
    uploads_aborted: int = 0


@dataclass(frozen=True)
class JoinManifestsResult(Result):
    """The result of joining many manifests into one.

    :param manifest: the URI of the joined manifest.
    :param objects: the number of its rows.
    :param bytes: the size of all its objects together.
    """

    bucket: str
    manifest: str
    objects: int
    bytes: int
    seconds: float = 0.0


@dataclass(frozen=True)
class FailedKey:
    """A key that S3 did not delete, or a file that was not uploaded.

    :param code: S3's error code, such as ``AccessDenied``, or the name of our own error.
    :param message: S3's error message, or ours.
    """

    key: str
    version_id: str | None
    code: str
    message: str
