"""Delete a bucket: an empty one, or with ``force=True`` one with all its contents."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from botocore.exceptions import ClientError

from airflow_s3ops.s3.buckets.contents import describe_contents
from airflow_s3ops.s3.buckets.empty import empty_bucket
from airflow_s3ops.s3.buckets.eventual_consistency import CONFLICT, retry_while
from airflow_s3ops.s3.errors import (
    BucketNotEmpty,
    BucketNotFound,
    BucketRefilled,
    InvalidInput,
    NotSupportedByServer,
)
from airflow_s3ops.s3.listings.pages import request_page
from airflow_s3ops.s3.names import checked_bucket, s3_uri
from airflow_s3ops.s3.requests.cancellable_client import cancellable
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.requests.translate import code_of, translated
from airflow_s3ops.s3.requests.xml_operations import OBJECTS, VERSIONS
from airflow_s3ops.s3.results import DeleteBucketResult

if TYPE_CHECKING:
    import threading

    from types_boto3_s3 import S3Client

log = logging.getLogger(__name__)

# empty_bucket has rounds of its own. If something is written between its last listing and DeleteBucket in
# every one of these rounds, another client keeps writing, and waiting would not help.
MAX_ROUNDS = 3

IfMissing = Literal["fail", "ignore"]


def delete_bucket(
    client: S3Client,
    bucket: str,
    *,
    force: bool = False,
    if_missing: IfMissing = "fail",
    stop: threading.Event | None = None,
) -> DeleteBucketResult:
    """Delete a bucket.

    Without ``force`` nothing in the bucket is ever deleted. S3 rejects the deletion of a bucket that is not
    empty. SeaweedFS by default deletes the bucket with all its contents; so the bucket is listed first, which
    needs ``s3:ListBucketVersions``. Open multipart uploads do not count as contents. Where the server allows
    it, as AWS does, they are deleted together with the bucket; otherwise :class:`BucketNotEmpty` names them.

    :param force: first delete every object, version and delete marker, and abort every open upload. This
        cannot be undone.
    :param if_missing: ``ignore`` accepts that the bucket does not exist.
    :param stop: cancels the call within 2 seconds when it is set; S3 may still process a request that was
        already sent.
    :raises BucketNotEmpty: naming what the bucket contains.
    :raises BucketNotFound: the bucket does not exist, and ``if_missing="fail"``.
    :raises BucketRefilled: another client keeps writing to the bucket. Everything found was deleted; the
        bucket still exists.
    :raises AccessDenied: naming the missing permission. It is never treated as "does not exist".
    :raises PartialDelete: with ``force``, some contents cannot be deleted, such as a locked version.
    :raises Stopped: ``stop`` is set.
    """
    checked_bucket(bucket)
    if if_missing not in get_args(IfMissing):
        raise InvalidInput(f"if_missing is {if_missing!r}, not one of {', '.join(get_args(IfMissing))}")
    try:
        delete = _delete_with_contents if force else _delete_empty
        result = delete(client, bucket, stop)
    except BucketNotFound:
        if if_missing == "fail":
            raise
        result = DeleteBucketResult(bucket, "missing")
    log.info("%s %s", s3_uri(bucket), "was deleted" if result.status == "deleted" else "does not exist")
    return result


def _delete_empty(client: S3Client, bucket: str, stop: threading.Event | None) -> DeleteBucketResult:
    cancellation = Cancellation(stop, s3_uri(bucket))
    client = cancellable(client, cancellation)
    if _has_contents(client, bucket) or not _try_delete(client, bucket, cancellation):
        raise BucketNotEmpty(
            f"{s3_uri(bucket)} is not empty: it contains {describe_contents(client, bucket)}", bucket=bucket
        )
    return DeleteBucketResult(bucket, "deleted")


def _delete_with_contents(client: S3Client, bucket: str, stop: threading.Event | None) -> DeleteBucketResult:
    cancellation = Cancellation(stop, s3_uri(bucket))
    # empty_bucket sends requests from threads of its own, so it gets the original client.
    cancellable_client = cancellable(client, cancellation)
    objects = uploads = 0
    for _ in range(MAX_ROUNDS):
        emptied = empty_bucket(client, bucket, stop=stop)
        objects += emptied.objects_deleted
        uploads += emptied.uploads_aborted
        if _try_delete(cancellable_client, bucket, cancellation):
            return DeleteBucketResult(bucket, "deleted", objects, uploads)
        log.info("%s was written to meanwhile: emptying it again", s3_uri(bucket))
    raise BucketRefilled(
        f"{s3_uri(bucket)} was emptied {MAX_ROUNDS} times ({objects} objects and versions deleted), but "
        "another client keeps writing to it: it now contains "
        f"{describe_contents(cancellable_client, bucket)}",
        bucket=bucket,
    )


def _try_delete(client: S3Client, bucket: str, cancellation: Cancellation) -> bool:
    """Delete the bucket, which existed just before; return False if it is not empty."""
    with translated(client, bucket):
        try:
            retry_while(partial(client.delete_bucket, Bucket=bucket), CONFLICT, sleep=cancellation.sleep)
        except ClientError as error:
            if code_of(error) == "BucketNotEmpty":
                return False
            # The first attempt deleted it, but its response was lost: botocore's retry finds no bucket.
            retried = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
            if not (code_of(error) == "NoSuchBucket" and retried):
                raise
    return True


def _has_contents(client: S3Client, bucket: str) -> bool:
    try:
        return bool(request_page(client, VERSIONS, {"Bucket": bucket, "MaxKeys": 1}).rows)
    except NotSupportedByServer:
        # A server that does not support versions.
        return bool(request_page(client, OBJECTS, {"Bucket": bucket, "MaxKeys": 1}).rows)
