"""Bugs of the amazon provider with buckets, and tests that they do not occur here.

Each class is named after one bug of the provider; each of its tests would fail with the provider's behaviour.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.buckets.create import create_bucket
from airflow_s3ops.s3.buckets.delete import delete_bucket
from airflow_s3ops.s3.buckets.settings import BucketSettings
from tests.memory import peak_bytes_on_pages
from tests.s3.buckets.support import client_in, deleted_afterwards, new_bucket_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server


@pytest.fixture
def name(s3: S3Client) -> Iterator[str]:
    """The name of a bucket that does not exist yet."""
    with deleted_afterwards(s3, new_bucket_name()) as unused:
        yield unused


def exists(s3: S3Client, name: str) -> bool:
    return any(bucket["Name"] == name for bucket in s3.list_buckets()["Buckets"])


class TestA403Or400OnHeadCountsAsMissingAndTheDeleteTaskSucceedsWhileTheBucketExists:
    @pytest.mark.parametrize("force", [False, True])
    @pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (400, "ExpiredToken")])
    def test_delete_bucket(
        self,
        faults: FaultProxy,
        s3: S3Client,
        bucket: str,
        status: int,
        code: str,
        force: bool,  # noqa: FBT001
    ) -> None:
        faults.on("GET", times=None).respond(status, code)
        # The first request fails, and no other must follow; at the moment the first one is a GET.
        faults.on("HEAD", times=None, at_least=0).respond(status)
        faults.on("DELETE", times=None, at_least=0).respond(status, code)

        with pytest.raises((errors.AccessDenied, errors.CredentialsExpired)):
            delete_bucket(faults.server.client(), bucket, force=force, if_missing="ignore")

        assert exists(s3, bucket)


class TestTwoCreateTasksAtOnceOneFailsWithBucketAlreadyOwnedByYou:
    def test_create_bucket(self, server: S3Server, name: str) -> None:
        with ThreadPoolExecutor(2) as pool:
            tasks = [pool.submit(create_bucket, server.client(), name) for _ in range(2)]

        assert sorted(task.result().status for task in tasks) == ["created", "existed"]


class TestABucketOfThatNameInTheWrongRegionCountsAsSuccess:
    @pytest.mark.needs("any_region")
    def test_create_bucket(self, server: S3Server, bucket: str) -> None:
        with pytest.raises(errors.BucketInOtherRegion, match=f"in {server.region}, not in sa-east-1"):
            create_bucket(client_in(server, "sa-east-1"), bucket)

    def test_create_bucket_by_the_header_alone(self, faults: FaultProxy, bucket: str) -> None:
        faults.on("HEAD", times=None).respond(200, headers={"x-amz-bucket-region": "sa-east-1"})

        with pytest.raises(errors.BucketInOtherRegion, match="in sa-east-1, not in"):
            create_bucket(faults.server.client(), bucket)


class TestNoSettingsAtCreation:
    @pytest.mark.needs("versioning")
    def test_versioning(self, s3: S3Client, name: str) -> None:
        create_bucket(s3, name, settings=BucketSettings(versioning="Enabled"))

        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"

    @pytest.mark.needs("block_public_access")
    def test_public_access_block(self, s3: S3Client, name: str) -> None:
        create_bucket(s3, name, settings=BucketSettings(block_public_access=True))

        switches = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert list(switches.values()) == [True] * 4

    @pytest.mark.needs("ownership_controls")
    def test_ownership(self, s3: S3Client, name: str) -> None:
        create_bucket(s3, name, settings=BucketSettings(object_ownership="BucketOwnerPreferred"))

        (rule,) = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        assert rule["ObjectOwnership"] == "BucketOwnerPreferred"

    @pytest.mark.needs("bucket_encryption")
    @pytest.mark.parametrize(
        ("encryption", "algorithm"), [("AES256", "AES256"), ({"kms_key_id": "alias/reports"}, "aws:kms")]
    )
    def test_encryption(self, s3: S3Client, name: str, encryption: Any, algorithm: str) -> None:
        create_bucket(s3, name, settings=BucketSettings(encryption=encryption))

        (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == algorithm

    @pytest.mark.needs("bucket_tagging")
    def test_tags(self, s3: S3Client, name: str) -> None:
        create_bucket(s3, name, settings=BucketSettings(tags={"team": "data"}))

        assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "team", "Value": "data"}]

    @pytest.mark.needs("lifecycle")
    def test_lifecycle(self, s3: S3Client, name: str) -> None:
        create_bucket(s3, name, settings=BucketSettings(abort_incomplete_uploads_days=7))

        (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}

    @pytest.mark.needs("object_lock")
    def test_object_lock(self, s3: S3Client, name: str) -> None:
        create_bucket(s3, name, settings=BucketSettings(object_lock={"mode": "GOVERNANCE", "days": 1}))

        lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
        assert lock["Rule"]["DefaultRetention"]["Mode"] == "GOVERNANCE"

    @pytest.mark.needs("anonymous_read_by_policy")
    def test_policy(self, s3: S3Client, name: str) -> None:
        resource = f"arn:aws:s3:::{name}/*"
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resource}

        create_bucket(
            s3, name, settings=BucketSettings(policy={"Statement": [statement], "Version": "2012-10-17"})
        )

        (stored,) = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
        assert stored["Resource"] == resource


class TestForceDeleteAlwaysFailsOnAVersionedBucket31192:
    @pytest.mark.needs("versioning")
    def test_delete_bucket(self, s3: S3Client, versioned_bucket: str) -> None:
        for body in (b"1", b"2"):
            s3.put_object(Bucket=versioned_bucket, Key="a.csv", Body=body)
        s3.delete_object(Bucket=versioned_bucket, Key="a.csv")

        result = delete_bucket(s3, versioned_bucket, force=True)

        assert result.objects_deleted == 3
        assert not exists(s3, versioned_bucket)


@pytest.mark.slow
class TestForceDeleteLoadsEveryKeyIntoMemory31192:
    def test_delete_bucket(self) -> None:
        def peak(pages: int) -> int:
            return peak_bytes_on_pages(
                pages,
                'assert delete_bucket(client, "made-up", force=True).objects_deleted == arguments["keys"]',
                before="from airflow_s3ops.s3.buckets.delete import delete_bucket",
            )

        # Both numbers fill all requests at once, so the requests take the same memory.
        small, large = peak(20), peak(100)

        assert (large - small) / 80_000 < 20  # bytes per key


class TestForceDeleteSleeps500SecondsInTheWorkerBetweenRounds31192:
    def test_delete_bucket(self, faults: FaultProxy, s3: S3Client, bucket: str) -> None:
        def refill(_: object) -> None:
            s3.put_object(Bucket=bucket, Key="again", Body=b"x")

        faults.on("DELETE", predicate=lambda request: request.path.strip("/") == bucket, times=None).run(
            refill
        )
        started = time.perf_counter()

        with pytest.raises(errors.BucketRefilled):
            delete_bucket(faults.server.client(), bucket, force=True)

        assert time.perf_counter() - started < 20
