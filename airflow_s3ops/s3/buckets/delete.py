"""A bucket deleted: an empty one, or with force=True whatever it holds."""

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

# Emptying begins anew by itself, too. What comes in between its last look and the deletion, so many times
# over, comes from a writer whom waiting does not stop.
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

    Without ``force`` nothing in it is ever deleted. S3 refuses a bucket that is not empty, but SeaweedFS
    deletes it with all it holds unless told otherwise: so we look first, which takes
    ``s3:ListBucketVersions``. Open multipart uploads are nothing that was ever stored: they go with the
    bucket where S3 allows that, as AWS does, and where it refuses they are among what :class:`BucketNotEmpty`
    names.

    :param force: delete every object, version and delete marker and abort every open upload first, for good.
    :param if_missing: ``ignore`` is content with a bucket that is not there.
    :param stop: ends it within 2 seconds when it is set; a request that is under way may still be done.
    :raises BucketNotEmpty: saying what is in it.
    :raises BucketNotFound: and ``if_missing="fail"``.
    :raises BucketRefilled: somebody goes on writing to it; everything found was deleted, the bucket is still
        there.
    :raises AccessDenied: naming the missing right. It never counts as "not there".
    :raises PartialDelete: with ``force``, something in it cannot be deleted, such as a locked version.
    :raises Stopped: ``stop`` said so.
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
    log.info("%s was %s", s3_uri(bucket), result.status if result.status == "deleted" else "not there")
    return result


def _delete_empty(client: S3Client, bucket: str, stop: threading.Event | None) -> DeleteBucketResult:
    cancellation = Cancellation(stop, s3_uri(bucket))
    client = cancellable(client, cancellation)
    if _holds_something(client, bucket) or not _deleted(client, bucket, cancellation):
        raise BucketNotEmpty(
            f"{s3_uri(bucket)} is not empty: it holds {describe_contents(client, bucket)}", bucket=bucket
        )
    return DeleteBucketResult(bucket, "deleted")


def _delete_with_contents(client: S3Client, bucket: str, stop: threading.Event | None) -> DeleteBucketResult:
    cancellation = Cancellation(stop, s3_uri(bucket))
    cancellable_client = cancellable(
        client, cancellation
    )  # emptying has threads of its own, and is given the bare one
    objects = uploads = 0
    for _ in range(MAX_ROUNDS):
        emptied = empty_bucket(client, bucket, stop=stop)
        objects += emptied.objects_deleted
        uploads += emptied.uploads_aborted
        if _deleted(cancellable_client, bucket, cancellation):
            return DeleteBucketResult(bucket, "deleted", objects, uploads)
        log.info("%s is not empty any more: once again", s3_uri(bucket))
    raise BucketRefilled(
        f"{s3_uri(bucket)} was emptied {MAX_ROUNDS} times ({objects} objects and versions deleted), but "
        f"somebody goes on writing to it: now it holds {describe_contents(cancellable_client, bucket)}",
        bucket=bucket,
    )


def _deleted(client: S3Client, bucket: str, cancellation: Cancellation) -> bool:
    """Delete the bucket, which was there a moment ago; return False if it is not empty."""
    with translated(client, bucket):
        try:
            retry_while(partial(client.delete_bucket, Bucket=bucket), CONFLICT, sleep=cancellation.sleep)
        except ClientError as error:
            if code_of(error) == "BucketNotEmpty":
                return False
            # The first try did it and its answer was lost: botocore's own retry finds nothing.
            retried = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
            if not (code_of(error) == "NoSuchBucket" and retried):
                raise
    return True


def _holds_something(client: S3Client, bucket: str) -> bool:
    try:
        return bool(request_page(client, VERSIONS, {"Bucket": bucket, "MaxKeys": 1}).rows)
    except NotSupportedByServer:
        # A server without versions.
        return bool(request_page(client, OBJECTS, {"Bucket": bucket, "MaxKeys": 1}).rows)
