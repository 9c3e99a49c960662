"""HEAD an object: its metadata, without its content."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.required_fields import require_fields
from airflow_s3ops.s3.requests.translate import translated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from types_boto3_s3 import S3Client


@dataclass(frozen=True)
class ObjectHead:
    """What HeadObject returns.

    :param size: bytes.
    :param etag: without quotes.
    :param checksums: base64 values by algorithm, such as ``{"CRC64NVME": …}``; empty if there are none.
    :param metadata: the user's own ``x-amz-meta-`` headers.
    """

    bucket: str
    key: str
    size: int
    etag: str
    last_modified: datetime
    content_type: str | None = None
    content_encoding: str | None = None
    cache_control: str | None = None
    version_id: str | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """Return ``s3://bucket/key``."""
        return s3_uri(self.bucket, self.key)


def head_object(client: S3Client, bucket: str, key: str, *, version_id: str | None = None) -> ObjectHead:
    """Return the metadata of an object (HeadObject, with ``ChecksumMode=ENABLED``).

    :param version_id: the id of a version; None means the current one.
    :raises ObjectNotFound: no such object, or no such bucket: the response to a HEAD does not say which.
    :raises AccessDenied: ``s3:GetObject`` is missing; or the object does not exist and
        ``s3:ListBucket`` is missing.
    """
    request: dict[str, Any] = {"Bucket": bucket, "Key": key, "ChecksumMode": "ENABLED"}
    if version_id is not None:
        request["VersionId"] = version_id
    with translated(client, bucket, key):
        response: Mapping[str, Any] = client.head_object(**request)
    require_fields("HeadObject", response, bucket, key, "ETag", "LastModified")
    return ObjectHead(
        bucket=bucket,
        key=key,
        size=response["ContentLength"],
        etag=response["ETag"].strip('"'),
        last_modified=response["LastModified"],
        content_type=response.get("ContentType"),
        content_encoding=response.get("ContentEncoding"),
        cache_control=response.get("CacheControl"),
        version_id=response.get("VersionId"),
        checksums=_checksums(response),
        metadata=response.get("Metadata", {}),
    )


def _checksums(response: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.removeprefix("Checksum"): value
        for name, value in response.items()
        if name.startswith("Checksum") and name != "ChecksumType"
    }
