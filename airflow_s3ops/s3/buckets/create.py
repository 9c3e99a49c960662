"""Create a bucket, or adopt one that this account already owns."""

from __future__ import annotations

import logging
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from botocore.exceptions import ClientError

from airflow_s3ops.s3.buckets.eventual_consistency import CONFLICT, retry_while
from airflow_s3ops.s3.buckets.extra_args import create_bucket_args
from airflow_s3ops.s3.buckets.head import BucketHead, head_bucket, region_if_owned, region_of_owned
from airflow_s3ops.s3.buckets.region import location_constraint, requested_region
from airflow_s3ops.s3.buckets.settings import NAMES, BucketSettings
from airflow_s3ops.s3.buckets.settings_apply import apply_settings
from airflow_s3ops.s3.errors import BucketExists, BucketInOtherRegion, InvalidInput
from airflow_s3ops.s3.names import checked_new_bucket, s3_uri
from airflow_s3ops.s3.requests.cancellable_client import cancellable
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.requests.translate import code_of, translated
from airflow_s3ops.s3.results import CreateBucketResult

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client

log = logging.getLogger(__name__)

# Settings that are parameters of CreateBucket.
SET_AT_CREATION = frozenset({"object_ownership", "object_lock"})

IfExists = Literal["adopt", "fail"]


def create_bucket(
    client: S3Client,
    bucket: str,
    *,
    region_name: str | None = None,
    if_exists: IfExists = "adopt",
    settings: BucketSettings | Mapping[str, Any] | None = None,
    extra_args: Mapping[str, Any] | None = None,
    stop: threading.Event | None = None,
) -> CreateBucketResult:
    """Create a bucket, or adopt one that this account owns in the requested region; then apply the settings.

    Safe to call twice, and from several tasks at once. For an existing bucket CreateBucket is not sent: in
    us-east-1 AWS would respond with 200 and reset the bucket's ACLs. If a setting fails after the bucket was
    created, the bucket stays, and the next call continues from there.

    The result's ``status`` is ``created`` also if the response to CreateBucket was lost and botocore's
    automatic retry found that this account owns the bucket: it did not exist before this call. If several
    tasks create a bucket in us-east-1 at once, more than one may report ``created``: AWS responds to each of
    them as if it had created the bucket.

    :param region_name: None means the client's region.
    :param if_exists: ``fail`` raises an error for a bucket that exists already.
    :param settings: the settings that the bucket must have; ``object_ownership`` and ``object_lock`` of a new
        bucket are set by CreateBucket. ``applied`` of the result contains the settings that this call wrote.
    :param extra_args: more parameters of CreateBucket, such as ``ACL``; they have no effect on a bucket that
        exists already.
    :param stop: cancels the call within 2 seconds when it is set; S3 may still process a request that was
        already sent.
    :raises InvalidBucketName: naming the rule that the name breaks.
    :raises InvalidInput: another parameter is wrong (``InvalidExtraArgs``: one of ``extra_args``); nothing
        was sent.
    :raises BucketNotMine: another account owns the bucket.
    :raises BucketInOtherRegion: this account owns the bucket, but in another region; naming both regions.
    :raises BucketExists: this account owns the bucket, and ``if_exists="fail"``.
    :raises AccessDenied: naming the missing permission. Adopting needs ``s3:ListAllMyBuckets``.
    :raises RequestConflict: a bucket of this name is being created or deleted right now.
    :raises NotSupportedByServer: naming the setting that the server does not support.
    :raises Stopped: ``stop`` is set; the next call continues from what was done.
    """
    checked_new_bucket(bucket)
    if if_exists not in get_args(IfExists):
        raise InvalidInput(f"if_exists is {if_exists!r}, not one of {', '.join(get_args(IfExists))}")
    region = requested_region(client, region_name)
    checked = BucketSettings.of(settings).checked()
    args = create_bucket_args(client, checked, extra_args, location_constraint(region))

    cancellation = Cancellation(stop, s3_uri(bucket))
    client = cancellable(client, cancellation)
    head = head_bucket(client, bucket)
    creation = _create(client, bucket, args, cancellation) if head is None else _Creation.EXISTS
    bucket_region: str | None = region
    if creation is not _Creation.CREATED:
        bucket_region = _region_of(
            client, bucket, head, cancellation, is_owned=creation is not _Creation.EXISTS
        )
        _check_adoptable(bucket, bucket_region, region, if_exists="adopt" if creation.created else if_exists)
    log.info(
        "%s %s, region %s",
        s3_uri(bucket),
        "was created" if creation.created else "exists already",
        bucket_region,
    )

    is_new = creation is not _Creation.EXISTS
    changed = set(apply_settings(client, bucket, checked, created=is_new, sleep=cancellation.sleep))
    if creation.created:
        changed |= SET_AT_CREATION.intersection(checked.given())
    applied = tuple(name for name in NAMES if name in changed)
    return CreateBucketResult(bucket, bucket_region, "created" if creation.created else "existed", applied)


class _Creation(Enum):
    """The outcome of CreateBucket."""

    CREATED = "created"
    CREATED_RESPONSE_LOST = "created, but the response was lost"
    OWNED = "created by another task of this account, just before"
    EXISTS = "exists; the owner is not known"

    @property
    def created(self) -> bool:
        """Whether this call created the bucket, as far as that can be known."""
        return self in (_Creation.CREATED, _Creation.CREATED_RESPONSE_LOST)


def _create(client: S3Client, bucket: str, args: Mapping[str, Any], cancellation: Cancellation) -> _Creation:
    with translated(client, bucket):
        try:
            retry_while(
                partial(client.create_bucket, Bucket=bucket, **args), CONFLICT, sleep=cancellation.sleep
            )
        except ClientError as error:
            if code_of(error) == "BucketAlreadyExists":
                return _Creation.EXISTS
            if code_of(error) != "BucketAlreadyOwnedByYou":
                raise
            retried = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
            return _Creation.CREATED_RESPONSE_LOST if retried else _Creation.OWNED
    return _Creation.CREATED


def _region_of(
    client: S3Client, bucket: str, head: BucketHead | None, cancellation: Cancellation, *, is_owned: bool
) -> str | None:
    known_head = head or head_bucket(client, bucket) or BucketHead(None)
    if is_owned:
        return region_of_owned(client, bucket, known_head)
    return region_if_owned(client, bucket, known_head, cancellation.sleep)


def _check_adoptable(bucket: str, bucket_region: str | None, region: str, *, if_exists: str) -> None:
    if if_exists == "fail":
        raise BucketExists(
            f"{s3_uri(bucket)} exists already, in {bucket_region or 'an unknown region'}", bucket=bucket
        )
    if bucket_region not in (None, region):
        raise BucketInOtherRegion(
            f"{s3_uri(bucket)} exists already, but in {bucket_region}, not in {region}", bucket=bucket
        )
