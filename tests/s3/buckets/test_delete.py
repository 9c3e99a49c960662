"""Delete a bucket if it is empty, or with force=True with its contents; errors never count as deleted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.buckets import delete, eventual_consistency
from airflow_s3ops.s3.buckets.delete import delete_bucket
from tests.s3.buckets.support import SHORT_WAITS, new_bucket_name, other_account_client
from tests.servers.purge import create_bucket as create_directly
from tests.servers.purge import delete_bucket as delete_directly

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", SHORT_WAITS)


@pytest.fixture
def proxied(faults: FaultProxy) -> S3Client:
    """A client through the proxy, with two attempts per request."""
    return faults.server.client()


def is_deletion_of(bucket: str) -> dict[str, Any]:
    """Match DeleteBucket, but not the deletion of objects in the bucket."""
    return {"method": "DELETE", "predicate": lambda request: request.path.strip("/") == bucket}


def exists(s3: S3Client, name: str) -> bool:
    return any(bucket["Name"] == name for bucket in s3.list_buckets()["Buckets"])


def fill(s3: S3Client, bucket: str) -> None:
    """Put two objects, a noncurrent version, a delete marker and an open upload into a versioned bucket."""
    for key in ("a.csv", "a.csv", "b.csv"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.delete_object(Bucket=bucket, Key="b.csv")
    s3.create_multipart_upload(Bucket=bucket, Key="c.csv")


class TestEmptyBucket:
    @pytest.mark.parametrize("force", [False, True])
    def test_is_deleted(self, s3: S3Client, bucket: str, force: bool) -> None:  # noqa: FBT001
        result = delete_bucket(s3, bucket, force=force)

        assert not exists(s3, bucket)
        assert result.to_xcom() == {
            "bucket": bucket,
            "status": "deleted",
            "objects_deleted": 0,
            "uploads_aborted": 0,
        }

    def test_with_an_open_upload_is_deleted_together_with_it(self, s3: S3Client, bucket: str) -> None:
        s3.create_multipart_upload(Bucket=bucket, Key="never-completed")

        delete_bucket(s3, bucket)

        create_directly(s3, bucket)
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)

    def test_counts_as_deleted_if_the_response_was_lost(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket)).lose_response()

        assert delete_bucket(proxied, bucket).status == "deleted"
        assert not exists(s3, bucket)

    def test_is_retried_during_another_operation(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket), times=2).respond(409, "OperationAborted")

        assert delete_bucket(proxied, bucket).status == "deleted"

    def test_that_another_task_deletes_meanwhile_is_missing(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket)).run(lambda _: s3.delete_bucket(Bucket=bucket))

        assert delete_bucket(proxied, bucket, if_missing="ignore").status == "missing"

    def test_is_deleted_on_a_server_without_versions(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="versions").respond(501, "NotImplemented")

        assert delete_bucket(proxied, bucket).status == "deleted"


class TestBucketWithContents:
    @pytest.mark.needs("versioning")
    def test_is_kept_and_the_error_counts_its_contents(self, s3: S3Client, versioned_bucket: str) -> None:
        fill(s3, versioned_bucket)

        with pytest.raises(errors.BucketNotEmpty, match="force=True") as caught:
            delete_bucket(s3, versioned_bucket)

        for count in ("1 object", "2 noncurrent versions", "1 delete marker", "1 open upload"):
            assert count in str(caught.value)
        assert s3.get_object(Bucket=versioned_bucket, Key="a.csv")["Body"].read() == b"x"

    @pytest.mark.needs("versioning")
    @pytest.mark.parametrize("remaining", ["marker", "version"])
    def test_is_kept_if_it_has_only_versions_or_markers(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, versioned_bucket: str, remaining: str
    ) -> None:
        version = s3.put_object(Bucket=versioned_bucket, Key="a.csv", Body=b"x")["VersionId"]
        s3.delete_object(Bucket=versioned_bucket, Key="a.csv")
        if remaining == "marker":
            s3.delete_object(Bucket=versioned_bucket, Key="a.csv", VersionId=version)

        with pytest.raises(errors.BucketNotEmpty, match="1 delete marker"):
            delete_bucket(proxied, versioned_bucket)

        assert not faults.count("DELETE")

    def test_is_kept_on_a_server_that_would_delete_it(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="a.csv", Body=b"x")

        with pytest.raises(errors.BucketNotEmpty):
            delete_bucket(proxied, bucket)

        assert not faults.count("DELETE")

    def test_is_kept_on_a_server_without_versions(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="a.csv", Body=b"x")
        faults.on("GET", query="versions", times=None).respond(501, "NotImplemented")

        with pytest.raises(errors.BucketNotEmpty, match="1 object"):
            delete_bucket(proxied, bucket)

        assert not faults.count("DELETE")

    def test_is_kept_if_an_object_is_written_after_the_listing(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket)).run(lambda _: s3.put_object(Bucket=bucket, Key="late", Body=b"x"))

        with pytest.raises(errors.BucketNotEmpty, match="1 object"):
            delete_bucket(proxied, bucket)

    def test_names_open_uploads_if_the_server_counts_them_as_contents(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        s3.create_multipart_upload(Bucket=bucket, Key="never-completed")
        faults.on(**is_deletion_of(bucket)).respond(409, "BucketNotEmpty")

        with pytest.raises(errors.BucketNotEmpty, match="1 open upload"):
            delete_bucket(proxied, bucket)


class TestForce:
    @pytest.mark.needs("versioning")
    def test_deletes_versions_markers_and_uploads_and_counts_them(
        self, s3: S3Client, versioned_bucket: str
    ) -> None:
        fill(s3, versioned_bucket)

        result = delete_bucket(s3, versioned_bucket, force=True)

        assert not exists(s3, versioned_bucket)
        assert (result.status, result.objects_deleted, result.uploads_aborted) == ("deleted", 4, 1)

    def test_empties_again_if_an_object_is_written_before_the_deletion(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket)).run(lambda _: s3.put_object(Bucket=bucket, Key="late", Body=b"x"))

        result = delete_bucket(proxied, bucket, force=True)

        assert (result.status, result.objects_deleted) == ("deleted", 1)

    def test_is_an_error_if_another_client_keeps_writing(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket), times=None).run(
            lambda _: s3.put_object(Bucket=bucket, Key="again", Body=b"x")
        )

        with pytest.raises(errors.BucketRefilled, match="1 object") as caught:
            delete_bucket(proxied, bucket, force=True)

        assert caught.value.retryable
        assert len(faults.matching(**is_deletion_of(bucket))) == delete.MAX_ROUNDS

    def test_can_be_cancelled(self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str) -> None:
        s3.put_object(Bucket=bucket, Key="a.csv", Body=b"x")
        stop = threading.Event()
        stop.set()

        with pytest.raises(errors.Stopped):
            delete_bucket(proxied, bucket, force=True, stop=stop)

        assert exists(s3, bucket)
        assert not faults.count("DELETE")


class TestMissingBucket:
    @pytest.mark.parametrize("force", [False, True])
    def test_is_an_error(self, s3: S3Client, force: bool) -> None:  # noqa: FBT001
        with pytest.raises(errors.BucketNotFound):
            delete_bucket(s3, new_bucket_name(), force=force)

    @pytest.mark.parametrize("force", [False, True])
    def test_is_no_error_with_if_missing_ignore(self, s3: S3Client, force: bool) -> None:  # noqa: FBT001
        assert delete_bucket(s3, new_bucket_name(), force=force, if_missing="ignore").status == "missing"

    def test_that_is_deleted_while_it_is_emptied_is_missing(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket)).run(lambda _: delete_directly(s3, bucket))

        assert delete_bucket(proxied, bucket, force=True, if_missing="ignore").status == "missing"


class TestDeniedRequest:
    @pytest.mark.parametrize("if_missing", ["fail", "ignore"])
    @pytest.mark.parametrize("force", [False, True])
    def test_delete_bucket_is_an_error_that_names_the_permission(
        self,
        faults: FaultProxy,
        proxied: S3Client,
        s3: S3Client,
        bucket: str,
        force: bool,  # noqa: FBT001
        if_missing: Any,
    ) -> None:
        faults.on(**is_deletion_of(bucket), times=None).respond(403, "AccessDenied")

        with pytest.raises(errors.AccessDenied) as caught:
            delete_bucket(proxied, bucket, force=force, if_missing=if_missing)

        assert caught.value.action == "s3:DeleteBucket"
        assert exists(s3, bucket)

    def test_listing_is_an_error_that_names_the_permission(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="versions", times=None).respond(403, "AccessDenied")

        with pytest.raises(errors.AccessDenied) as caught:
            delete_bucket(proxied, bucket, if_missing="ignore")

        assert caught.value.action == "s3:ListBucketVersions"
        assert not faults.count("DELETE")

    @pytest.mark.needs("user_policies")
    def test_of_another_account_keeps_the_bucket(
        self, server: S3Server, faults: FaultProxy, s3: S3Client, bucket: str
    ) -> None:
        with pytest.raises(errors.AccessDenied):
            delete_bucket(other_account_client(server, faults), bucket, if_missing="ignore")

        assert exists(s3, bucket)

    @pytest.mark.parametrize(
        ("bucket_name", "if_missing", "message"),
        [
            ("", "fail", "empty"),
            ("a/b", "fail", "breaks S3's rule"),
            ("reports", "yes", "if_missing is 'yes'"),
        ],
    )
    def test_nothing_is_sent_for_a_wrong_parameter(
        self, faults: FaultProxy, proxied: S3Client, bucket_name: str, if_missing: Any, message: str
    ) -> None:
        with pytest.raises(errors.InvalidInput, match=message):
            delete_bucket(proxied, bucket_name, if_missing=if_missing)

        assert not faults.requests
