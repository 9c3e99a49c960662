"""Regions of buckets: which one is requested, and how a request names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client

# CreateBucket must not name this region. Its endpoint accepts requests for buckets in any region.
US_EAST_1 = "us-east-1"
# Old names of regions in S3, and botocore's name for the region of s3.amazonaws.com.
_OLD_NAMES = {"EU": "eu-west-1", "US": US_EAST_1, "aws-global": US_EAST_1}


def requested_region(client: S3Client, region_name: str | None) -> str:
    """Return the region in which to create a bucket: the given one, or else the client's.

    :raises InvalidInput: the client cannot create buckets there. S3's rule: an endpoint creates buckets in
        its own region only, but the endpoint of us-east-1 creates them in any region.
    """
    client_region = region(client.meta.region_name) or US_EAST_1
    requested = region(region_name) or client_region
    if client_region not in (requested, US_EAST_1):
        raise InvalidInput(
            f"The bucket is requested in {requested}, but this client uses the endpoint of {client_region}",
            advice=f"Create the client with region_name={requested!r}, as "
            f"S3OpsHook(region_name={requested!r}) does. Nothing was sent.",
        )
    return requested


def location_constraint(region_name: str) -> dict[str, Any]:
    """Return what CreateBucketConfiguration must contain for a region; nothing for us-east-1."""
    return {} if region_name == US_EAST_1 else {"LocationConstraint": region_name}


def region(name: str | None) -> str | None:
    """Return the current name of a region; None for no name."""
    return _OLD_NAMES.get(name, name) if name else None


def region_in(response: Mapping[str, Any]) -> str | None:
    """Return the region in the header ``x-amz-bucket-region`` of a response or error response, or None."""
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return region(headers.get("x-amz-bucket-region"))
