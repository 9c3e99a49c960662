"""Whether there is something to delete: one HEAD, and what each refusal of it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from airflow_s3ops.s3.errors import BucketNotFound, S3OpsError, Stopped
from airflow_s3ops.s3.requests.required_fields import require_fields
from airflow_s3ops.s3.requests.translate import from_client_error, status_of, translated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from types_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Presence:
    """What a HEAD tells of a key, or of one of its versions.

    :param state: ``object``; ``marker``: the version is a delete marker; ``missing``; ``unknown``: the server
        refused to say, for ``refusal``.
    :param etag: without quotes; None for all but an object.
    """

    state: Literal["object", "marker", "missing", "unknown"]
    etag: str | None = None
    last_modified: datetime | None = None
    refusal: S3OpsError | None = None


def presence_of(client: S3Client, bucket: str, key: str, version_id: str | None = None) -> Presence:
    """Ask whether an object, or one of its versions, is there (HeadObject).

    A missing bucket looks like a missing key here: see :func:`require_bucket`.

    :raises S3OpsError: the server can't be asked at all.
    """
    request: dict[str, Any] = {"Bucket": bucket, "Key": key}
    if version_id is not None:
        request["VersionId"] = version_id
    with translated(client, bucket, key):
        try:
            response: Mapping[str, Any] = client.head_object(**request)
        except ClientError as error:
            return _refused(error, client, bucket, key)
    require_fields("HeadObject", response, bucket, key, "ETag", "LastModified")
    return Presence("object", response["ETag"].strip('"'), response["LastModified"])


def require_bucket(client: S3Client, bucket: str) -> None:
    """Tell a missing bucket from a missing key, after a HEAD of the key that said 404 without a word.

    :raises BucketNotFound: there is no such bucket.
    :raises Stopped: the client's; it says nothing of the bucket.
    """
    try:
        with translated(client, bucket):
            client.head_bucket(Bucket=bucket)
    except (BucketNotFound, Stopped):
        raise
    except S3OpsError:
        return  # whatever else it says, the bucket is there


def _refused(error: ClientError, client: S3Client, bucket: str, key: str) -> Presence:
    status = status_of(error)
    if status == 404:
        return Presence("missing")
    if status == 405:
        return Presence("marker")
    # 403: without s3:GetObject, or without s3:ListBucket and the key is not there. 400: SSE-C, whose key is
    # not ours to know, or a version id of the wrong shape. A HEAD has no body to tell: the DELETE will.
    if status in (400, 403):
        refusal = from_client_error(error, client, bucket, key)
        refusal.__cause__ = error
        return Presence("unknown", refusal=refusal)
    raise error
