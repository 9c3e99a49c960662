"""HEAD a bucket: whether it exists, whether this account owns it, and in which region it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from airflow_s3ops.s3.buckets import eventual_consistency
from airflow_s3ops.s3.buckets.region import region, region_in
from airflow_s3ops.s3.errors import AccessDenied, BucketNotMine, NotSupportedByServer
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.translate import from_client_error, status_of, translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

# S3's largest page: servers that do not support Prefix return all buckets anyway.
LIST_PAGE_SIZE = 1000
# Retries of the list before a bucket counts as another account's: 3.5 s in all.
LIST_RETRIES = 4


@dataclass(frozen=True)
class BucketHead:
    """What HeadBucket returns for an existing bucket, of any owner.

    :param region: the bucket's region; None if the server does not return it.
    """

    region: str | None


def head_bucket(client: S3Client, bucket: str) -> BucketHead | None:
    """Return what HeadBucket shows of a bucket; None if there is no bucket of that name.

    After a 403 or a redirect the bucket exists. S3 returns its region even then.

    :raises S3OpsError: the response says neither that the bucket exists nor that it does not.
    """
    with translated(client, bucket):
        try:
            response = client.head_bucket(Bucket=bucket)
        except ClientError as error:
            if status_of(error) == 404:
                return None
            if status_of(error) in (301, 307, 403) or region_in(error.response):
                return BucketHead(region_in(error.response))
            if status_of(error) == 400:
                # The response to a HEAD has no body that gives the reason. This request fails for the same
                # reason, and its response has a body.
                client.get_bucket_location(Bucket=bucket)
            raise
    return BucketHead(region_in(response) or region(response.get("BucketRegion")))


def region_if_owned(
    client: S3Client, bucket: str, head: BucketHead, sleep: Callable[[float], None] = time.sleep
) -> str | None:
    """Return the region of a bucket that ListBuckets contains; None if the server does not return it.

    Permission to read a bucket does not prove that this account owns it: another account's bucket policy may
    allow everyone to read.

    :param head: the result of :func:`head_bucket`.
    :param sleep: waits for a number of seconds before the next ListBuckets.
    :raises BucketNotMine: the bucket is not in the list.
    :raises AccessDenied: ListBuckets is denied, so it is not known whether this account owns the bucket.
    """
    # The list is "eventually consistent": a bucket that another task has just created may appear late.
    for wait in (0.0, *eventual_consistency.WAITS[:LIST_RETRIES]):
        sleep(wait)
        listed = _find_in_list(client, bucket)
        if listed is not None:
            return region_of_owned(client, bucket, head if head.region else listed)
    raise BucketNotMine(
        f"{s3_uri(bucket)} exists, but is not in the list of this account's buckets: another account owns it",
        bucket=bucket,
    )


def _find_in_list(client: S3Client, bucket: str) -> BucketHead | None:
    pages = client.get_paginator("list_buckets").paginate(
        Prefix=bucket, PaginationConfig={"PageSize": LIST_PAGE_SIZE}
    )
    with translated(client):
        try:
            for entry in (entry for page in pages for entry in page.get("Buckets", [])):
                if entry["Name"] == bucket:
                    return BucketHead(region(entry.get("BucketRegion")))
        except ClientError as error:
            raise _list_error(error, client, bucket) from error
    return None


def _list_error(error: ClientError, client: S3Client, bucket: str) -> Exception:
    translated_error = from_client_error(error, client)
    if not isinstance(translated_error, AccessDenied):
        return translated_error
    return AccessDenied(
        f"{s3_uri(bucket)} exists, but it is not known whether this account owns it: "
        f"{translated_error.action} is not granted",
        action=translated_error.action,
        bucket=bucket,
        code=translated_error.code,
        request_id=translated_error.request_id,
        reason=translated_error.reason,
        advice=f"Grant {translated_error.action} (on resource '*'): a bucket is adopted only if S3 lists it "
        "for this account.",
    )


def region_of_owned(client: S3Client, bucket: str, head: BucketHead) -> str | None:
    """Return the region of a bucket that this account owns; None if the server does not return it.

    If HeadBucket returned no region, GetBucketLocation is sent. On AWS an empty location means us-east-1; but
    AWS returns the region in HeadBucket. Servers that do not return it there return an empty location in any
    region.

    :param head: the result of :func:`head_bucket`.
    """
    if head.region:
        return head.region
    try:
        with translated(client, bucket):
            return region(client.get_bucket_location(Bucket=bucket).get("LocationConstraint"))
    except NotSupportedByServer:
        return None
