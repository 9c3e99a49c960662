"""Probes of what a server does with buckets: regions, versions, settings."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from tests.servers.lacks import Ability
from tests.servers.probe import Probe, finds, refuses
from tests.servers.purge import create_bucket, delete_bucket

if TYPE_CHECKING:
    from collections.abc import Callable

OTHER_REGION = "sa-east-1"
LIFECYCLE_RULE = {
    "ID": "abort",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
ENCRYPTION_RULE = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
CORS_RULE = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://example.com"]}


def _keeps(probe: Probe, setting: str, value: dict[str, Any], put_as: str) -> Callable[[], Any]:
    """Put a setting of the bucket, and return a function that reads it."""
    s3 = cast("Any", probe.s3)
    getattr(s3, f"put_{setting}")(Bucket=probe.bucket, **{put_as: value})
    return lambda: getattr(s3, f"get_{setting}")(Bucket=probe.bucket)


@finds(Ability.ANY_REGION)
def _any_region(probe: Probe) -> bool:
    s3 = replace(probe.server, region=OTHER_REGION).client()
    name = f"s3ops-{uuid.uuid4().hex[:20]}"
    create_bucket(s3, name)
    try:
        return s3.get_bucket_location(Bucket=name)["LocationConstraint"] == OTHER_REGION
    finally:
        delete_bucket(s3, name)


@finds(Ability.REGION_OF_BUCKET)
def _region_of_bucket(probe: Probe) -> bool:
    return probe.s3.head_bucket(Bucket=probe.bucket).get("BucketRegion") == probe.server.region


@finds(Ability.EXPECTED_BUCKET_OWNER)
def _expected_bucket_owner(probe: Probe) -> bool:
    return refuses(probe.s3.head_bucket, "403", Bucket=probe.bucket, ExpectedBucketOwner="999999999999")


@finds(Ability.VERSIONING)
def _versioning(probe: Probe) -> bool:
    probe.s3.put_bucket_versioning(Bucket=probe.bucket, VersioningConfiguration={"Status": "Enabled"})
    probe.put()
    probe.put()
    return len(probe.s3.list_object_versions(Bucket=probe.bucket)["Versions"]) == 2


@finds(Ability.LIFECYCLE)
def _lifecycle(probe: Probe) -> bool:
    rules = {"Rules": [LIFECYCLE_RULE]}
    read = _keeps(probe, "bucket_lifecycle_configuration", rules, "LifecycleConfiguration")
    return bool(read()["Rules"][0]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 7)


@finds(Ability.BUCKET_ENCRYPTION)
def _bucket_encryption(probe: Probe) -> bool:
    rules = {"Rules": [ENCRYPTION_RULE]}
    read = _keeps(probe, "bucket_encryption", rules, "ServerSideEncryptionConfiguration")
    rule = read()["ServerSideEncryptionConfiguration"]["Rules"][0]
    return bool(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256")


@finds(Ability.BUCKET_TAGGING)
def _bucket_tagging(probe: Probe) -> bool:
    tags = [{"Key": "team", "Value": "data"}]
    return bool(_keeps(probe, "bucket_tagging", {"TagSet": tags}, "Tagging")()["TagSet"] == tags)


@finds(Ability.CORS)
def _cors(probe: Probe) -> bool:
    read = _keeps(probe, "bucket_cors", {"CORSRules": [CORS_RULE]}, "CORSConfiguration")
    return bool(read()["CORSRules"][0]["AllowedMethods"] == ["GET"])


@finds(Ability.OBJECT_LOCK)
def _object_lock(probe: Probe) -> bool:
    name = f"s3ops-{uuid.uuid4().hex[:20]}"
    create_bucket(probe.s3, name, ObjectLockEnabledForBucket=True)
    try:
        found = probe.s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
        return found["ObjectLockEnabled"] == "Enabled"
    finally:
        delete_bucket(probe.s3, name)


@finds(Ability.EMPTY_BEFORE_DELETE)
def _empty_before_delete(probe: Probe) -> bool:
    probe.put()
    return refuses(probe.s3.delete_bucket, "BucketNotEmpty", Bucket=probe.bucket)
