"""Check with a HEAD whether there is something to delete, and interpret each error response to it."""

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
    """What a HEAD shows about a key, or about one of its versions.

    :param state: ``object``; ``marker``: the version is a delete marker; ``missing``; ``unknown``: the server
        rejected the HEAD with ``error``.
    :param etag: without quotes; None unless it is an object.
    """

    state: Literal["object", "marker", "missing", "unknown"]
    etag: str | None = None
    last_modified: datetime | None = None
    error: S3OpsError | None = None


def presence_of(client: S3Client, bucket: str, key: str, version_id: str | None = None) -> Presence:
    """Check whether an object, or one of its versions, exists (HeadObject).

    A missing bucket looks like a missing key here: see :func:`require_bucket`.

    :raises S3OpsError: the request failed for another reason.
    """
    request: dict[str, Any] = {"Bucket": bucket, "Key": key}
    if version_id is not None:
        request["VersionId"] = version_id
    with translated(client, bucket, key):
        try:
            response: Mapping[str, Any] = client.head_object(**request)
        except ClientError as error:
            return _presence_from(error, client, bucket, key)
    require_fields("HeadObject", response, bucket, key, "ETag", "LastModified")
    return Presence("object", response["ETag"].strip('"'), response["LastModified"])


def require_bucket(client: S3Client, bucket: str) -> None:
    """Check that the bucket exists, after a HEAD of a key returned 404, which does not say what is missing.

    :raises BucketNotFound: there is no such bucket.
    :raises Stopped: the client is cancelled; whether the bucket exists is not known.
    """
    try:
        with translated(client, bucket):
            client.head_bucket(Bucket=bucket)
    except (BucketNotFound, Stopped):
        raise
    except S3OpsError:
        return  # with any other error, the bucket exists


def _presence_from(error: ClientError, client: S3Client, bucket: str, key: str) -> Presence:
    status = status_of(error)
    if status == 404:
        return Presence("missing")
    if status == 405:
        return Presence("marker")
    # 403: s3:GetObject is missing; or s3:ListBucket is missing, and the key does not exist. 400: the object
    # uses SSE-C, whose key we don't have, or the version id has the wrong format. The response to a HEAD has
    # no body that would say which; the response to the DELETE will.
    if status in (400, 403):
        translated_error = from_client_error(error, client, bucket, key)
        translated_error.__cause__ = error
        return Presence("unknown", error=translated_error)
    raise error
