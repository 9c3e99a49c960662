"""Regions of buckets: which one is asked for, and how a request names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client

# The one region that CreateBucket must not name, and whose endpoint takes requests for buckets anywhere.
FIRST_REGION = "us-east-1"
# How S3 once called regions, and botocore the endpoint s3.amazonaws.com.
_OLD_NAMES = {"EU": "eu-west-1", "US": FIRST_REGION, "aws-global": FIRST_REGION}


def asked_region(client: S3Client, region_name: str | None) -> str:
    """Return the region in which a bucket is to be: the given one, else the client's.

    :raises InvalidInput: the client cannot make buckets there. S3's rule: an endpoint makes buckets in its
        own region only, but the one of us-east-1 makes them anywhere.
    """
    mine = region(client.meta.region_name) or FIRST_REGION
    asked = region(region_name) or mine
    if mine not in (asked, FIRST_REGION):
        raise InvalidInput(
            f"The bucket is to be in {asked}, but this client asks the endpoint of {mine}",
            advice=f"Build the client with region_name={asked!r}, as S3OpsHook(region_name={asked!r}) does; "
            "nothing was sent.",
        )
    return asked


def location_constraint(region_name: str) -> dict[str, Any]:
    """Return what CreateBucketConfiguration must say for a region; nothing for us-east-1."""
    return {} if region_name == FIRST_REGION else {"LocationConstraint": region_name}


def region(name: str | None) -> str | None:
    """Return a region by its name of today; None for no name."""
    return _OLD_NAMES.get(name, name) if name else None


def region_in(response: Mapping[str, Any]) -> str | None:
    """Return the region that S3's answer, even a refusal, tells in ``x-amz-bucket-region``; None if none."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return region(headers.get("x-amz-bucket-region"))
