"""A bucket made, or adopted if it is mine already."""

from __future__ import annotations

import logging
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from botocore.exceptions import ClientError

from airflow_s3ops.s3.buckets.eventual_consistency import CONFLICT, retry_while
from airflow_s3ops.s3.buckets.extra_args import create_bucket_args
from airflow_s3ops.s3.buckets.head import BucketHead, head_bucket, region_if_mine, region_of_mine
from airflow_s3ops.s3.buckets.region import asked_region, location_constraint
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

# Settings that CreateBucket takes itself.
SENT_ALONG = frozenset({"object_ownership", "object_lock"})

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
    """Make a bucket, or adopt one that is mine and in the asked region; then apply the settings.

    Safe to call twice, and from several tasks at once. A bucket that is there is never created again: in
    us-east-1 AWS would answer 200 and reset its ACLs. What S3 refuses after the bucket was made leaves the
    bucket there; the next call goes on from there.

    The result's ``status`` is ``created`` also when the answer to CreateBucket was lost and botocore's own
    retry found the bucket to be mine: a moment before, there was none. Of several tasks at once in us-east-1
    more than one may say so: AWS tells each that it made the bucket.

    :param region_name: None means the client's.
    :param if_exists: ``fail`` takes no bucket that is there already.
    :param settings: what the bucket should be like; ``object_ownership`` and ``object_lock`` are part of
        making a new one. ``applied`` of the result names what this call wrote.
    :param extra_args: more parameters of CreateBucket, such as ``ACL``; they mean nothing for a bucket that
        is there already.
    :param stop: ends it within 2 seconds when it is set; a request that is under way may still be done.
    :raises InvalidBucketName: naming the rule that is broken.
    :raises InvalidInput: another parameter is wrong (``InvalidExtraArgs``: one of ``extra_args``); nothing
        was sent.
    :raises BucketNotMine: the name is taken by another account.
    :raises BucketInOtherRegion: mine, but elsewhere; naming both regions.
    :raises BucketExists: mine, and ``if_exists="fail"``.
    :raises AccessDenied: naming the missing right. Adopting needs ``s3:ListAllMyBuckets``.
    :raises RequestConflict: the name is being made or removed at this moment.
    :raises NotSupportedByServer: naming the setting that the server does not know.
    :raises Stopped: ``stop`` is set; the next call goes on from what was done.
    """
    checked_new_bucket(bucket)
    if if_exists not in get_args(IfExists):
        raise InvalidInput(f"if_exists is {if_exists!r}, not one of {', '.join(get_args(IfExists))}")
    region = asked_region(client, region_name)
    checked = BucketSettings.of(settings).checked()
    args = create_bucket_args(client, checked, extra_args, location_constraint(region))

    cancellation = Cancellation(stop, s3_uri(bucket))
    client = cancellable(client, cancellation)
    head = head_bucket(client, bucket)
    creation = _make(client, bucket, args, cancellation) if head is None else _Creation.TAKEN
    home: str | None = region
    if creation is not _Creation.MADE:
        home = _home(client, bucket, head, cancellation, mine=creation is not _Creation.TAKEN)
        _check_adoptable(bucket, home, region, if_exists="adopt" if creation.created else if_exists)
    log.info("%s was %s, region %s", s3_uri(bucket), "created" if creation.created else "there already", home)

    is_new = creation is not _Creation.TAKEN
    changed = set(apply_settings(client, bucket, checked, created=is_new, sleep=cancellation.sleep))
    if creation.created:
        changed |= SENT_ALONG.intersection(checked.given())
    applied = tuple(name for name in NAMES if name in changed)
    return CreateBucketResult(bucket, home, "created" if creation.created else "existed", applied)


class _Creation(Enum):
    """What CreateBucket told."""

    MADE = "made"
    MADE_BEFORE_A_RETRY = "made, and the answer lost"
    MINE = "made by another task of mine, a moment ago"
    TAKEN = "there, whosever it is"

    @property
    def created(self) -> bool:
        """Whether this call made the bucket, as far as can be known."""
        return self in (_Creation.MADE, _Creation.MADE_BEFORE_A_RETRY)


def _make(client: S3Client, bucket: str, args: Mapping[str, Any], cancellation: Cancellation) -> _Creation:
    with translated(client, bucket):
        try:
            retry_while(
                partial(client.create_bucket, Bucket=bucket, **args), CONFLICT, sleep=cancellation.sleep
            )
        except ClientError as error:
            if code_of(error) == "BucketAlreadyExists":
                return _Creation.TAKEN
            if code_of(error) != "BucketAlreadyOwnedByYou":
                raise
            retried = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
            return _Creation.MADE_BEFORE_A_RETRY if retried else _Creation.MINE
    return _Creation.MADE


def _home(
    client: S3Client, bucket: str, head: BucketHead | None, cancellation: Cancellation, *, mine: bool
) -> str | None:
    seen = head or head_bucket(client, bucket) or BucketHead(None)
    if mine:
        return region_of_mine(client, bucket, seen)
    return region_if_mine(client, bucket, seen, cancellation.sleep)


def _check_adoptable(bucket: str, home: str | None, region: str, *, if_exists: str) -> None:
    if if_exists == "fail":
        raise BucketExists(
            f"{s3_uri(bucket)} is there already, in {home or 'an untold region'}", bucket=bucket
        )
    if home not in (None, region):
        raise BucketInOtherRegion(
            f"{s3_uri(bucket)} is there already, but in {home}, not in {region}", bucket=bucket
        )
