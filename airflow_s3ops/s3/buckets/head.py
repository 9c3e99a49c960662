"""A bucket looked at: whether it is there, whose it is, where it is."""

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

# A full page of S3's: servers that know no Prefix answer with everything anyhow.
BUCKETS_A_PAGE = 1000
# Further looks at the list before a bucket is taken for another account's: 3.5 s in all.
LIST_TRIES = 4


@dataclass(frozen=True)
class BucketHead:
    """What HeadBucket shows of a bucket that is there, whoever owns it.

    :param region: where it is; None if the server does not say.
    """

    region: str | None


def head_bucket(client: S3Client, bucket: str) -> BucketHead | None:
    """Return what can be seen of a bucket (HeadBucket); None if there is none of that name.

    A 403 or a redirect is a bucket that is there. S3 tells its region even then.

    :raises S3OpsError: S3 answered neither.
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
                # A HEAD has no body to say why; this is refused for the same reason, and says so.
                client.get_bucket_location(Bucket=bucket)
            raise
    return BucketHead(region_in(response) or region(response.get("BucketRegion")))


def region_if_mine(
    client: S3Client, bucket: str, head: BucketHead, sleep: Callable[[float], None] = time.sleep
) -> str | None:
    """Return the region of a bucket if it is in my list (ListBuckets); None if the server does not say.

    Being allowed to read a bucket does not make it mine: another account's policy may allow it to the world.

    :param sight: what :func:`look` returned.
    :param pause: waits so many seconds before another look.
    :raises BucketNotMine: it is not in the list.
    :raises AccessDenied: the list is refused, so that nothing shows that the bucket is mine.
    """
    # The list is "eventually consistent": a bucket that another task of mine has just made may show late.
    for wait in (0.0, *eventual_consistency.WAITS[:LIST_TRIES]):
        sleep(wait)
        listed = _in_my_list(client, bucket)
        if listed is not None:
            return region_of_mine(client, bucket, head if head.region else listed)
    raise BucketNotMine(
        f"{s3_uri(bucket)} is there, but not among my buckets: it belongs to another account", bucket=bucket
    )


def _in_my_list(client: S3Client, bucket: str) -> BucketHead | None:
    pages = client.get_paginator("list_buckets").paginate(
        Prefix=bucket, PaginationConfig={"PageSize": BUCKETS_A_PAGE}
    )
    with translated(client):
        try:
            for mine in (mine for page in pages for mine in page.get("Buckets", [])):
                if mine["Name"] == bucket:
                    return BucketHead(region(mine.get("BucketRegion")))
        except ClientError as error:
            raise _list_refused(error, client, bucket) from error
    return None


def _list_refused(error: ClientError, client: S3Client, bucket: str) -> Exception:
    refusal = from_client_error(error, client)
    if not isinstance(refusal, AccessDenied):
        return refusal
    return AccessDenied(
        f"{s3_uri(bucket)} is there, but whether it is mine cannot be seen: {refusal.action} is not granted",
        action=refusal.action,
        bucket=bucket,
        code=refusal.code,
        request_id=refusal.request_id,
        reason=refusal.reason,
        advice=f"Grant {refusal.action} (on resource '*'): a bucket is adopted only if S3 lists it as mine.",
    )


def region_of_mine(client: S3Client, bucket: str, head: BucketHead) -> str | None:
    """Return the region of a bucket that is known to be mine; None if the server does not say.

    Where HeadBucket told none, GetBucketLocation is asked. An empty location means us-east-1 on AWS; but AWS
    tells the region in HeadBucket, and servers that don't answer an empty one wherever they are.

    :param sight: what :func:`look` returned.
    """
    if head.region:
        return head.region
    try:
        with translated(client, bucket):
            return region(client.get_bucket_location(Bucket=bucket).get("LocationConstraint"))
    except NotSupportedByServer:
        return None
