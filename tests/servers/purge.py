"""Create and delete buckets for tests, with everything that a test left in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.literals import BucketLocationConstraintType

GONE = {"NoSuchBucket", "NoSuchUpload", "NoSuchKey", "404"}
ROUNDS = 5


def create_bucket(s3: S3Client, name: str, **more: Any) -> None:
    """Create a bucket in the client's region."""
    region = s3.meta.region_name
    if region == "us-east-1":  # the only region that must not be given
        s3.create_bucket(Bucket=name, **more)
    else:
        constraint = cast("BucketLocationConstraintType", region)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": constraint}, **more)


def delete_bucket(s3: S3Client, name: str) -> None:
    """Delete a bucket with versions, delete markers and open uploads; a missing bucket is not an error.

    A request that a test cancelled may still arrive, so a bucket is emptied again if it is not empty.
    """
    for number in range(ROUNDS):
        if _deleted(s3, name):
            return
        _empty(s3, name, in_batches=number == 0)
    s3.delete_bucket(Bucket=name)


def _deleted(s3: S3Client, name: str) -> bool:
    """Delete the bucket and return True, or False if it is not empty; an empty one needs one request only."""
    try:
        s3.delete_bucket(Bucket=name)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in {"BucketNotEmpty", *GONE}:
            raise
        return code in GONE
    return True


def _empty(s3: S3Client, name: str, *, in_batches: bool) -> None:
    try:
        _abort_uploads(s3, name)
        _delete_versions(s3, name, in_batches=in_batches)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise


def _abort_uploads(s3: S3Client, name: str) -> None:
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])


def _delete_versions(s3: S3Client, name: str, *, in_batches: bool) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        versions = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in found]
        if in_batches and len(versions) > 1 and _deleted_in_one_request(s3, name, versions):
            continue
        for version in versions:
            s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])


def _deleted_in_one_request(s3: S3Client, name: str, versions: list[Any]) -> bool:
    """Delete with one request; False if the server cannot, or a key has characters that XML lacks."""
    try:
        response = s3.delete_objects(Bucket=name, Delete={"Objects": versions, "Quiet": True})
    except ClientError:
        return False
    return not response.get("Errors")
