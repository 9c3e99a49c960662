"""A bucket is deleted if it is empty, with force=True whatever it holds; nothing else passes for deleted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.buckets import delete, eventual_consistency
from airflow_s3ops.s3.buckets.delete import delete_bucket
from tests.s3.buckets.support import AT_ONCE, new_bucket_name, stranger_to
from tests.servers.purge import create_bucket as make_plainly
from tests.servers.purge import delete_bucket as remove_plainly

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventual_consistency, "WAITS", AT_ONCE)


@pytest.fixture
def proxied(faults: FaultProxy) -> S3Client:
    """A client through the proxy, that tries twice."""
    return faults.server.client()


def is_deletion_of(bucket: str) -> dict[str, Any]:
    """Match the deletion of the bucket itself, not of what is in it."""
    return {"method": "DELETE", "predicate": lambda request: request.path.strip("/") == bucket}


def exists(s3: S3Client, name: str) -> bool:
    return any(bucket["Name"] == name for bucket in s3.list_buckets()["Buckets"])


def fill(s3: S3Client, bucket: str) -> None:
    """Put two objects, a noncurrent version, a delete marker and an open upload into a versioned bucket."""
    for key in ("a.csv", "a.csv", "b.csv"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.delete_object(Bucket=bucket, Key="b.csv")
    s3.create_multipart_upload(Bucket=bucket, Key="c.csv")


class TestAnEmptyBucket:
    @pytest.mark.parametrize("force", [False, True])
    def test_is_gone_afterwards(self, s3: S3Client, bucket: str, force: bool) -> None:  # noqa: FBT001
        result = delete_bucket(s3, bucket, force=force)

        assert not exists(s3, bucket)
        assert result.to_xcom() == {
            "bucket": bucket,
            "status": "deleted",
            "objects_deleted": 0,
            "uploads_aborted": 0,
        }

    def test_with_an_open_upload_takes_it_along(self, s3: S3Client, bucket: str) -> None:
        s3.create_multipart_upload(Bucket=bucket, Key="never-completed")

        delete_bucket(s3, bucket)

        make_plainly(s3, bucket)
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)

    def test_whose_deletion_lost_its_answer_counts_as_deleted(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket)).lose_answer()

        assert delete_bucket(proxied, bucket).status == "deleted"
        assert not exists(s3, bucket)

    def test_is_tried_again_while_another_change_is_under_way(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket), times=2).respond(409, "OperationAborted")

        assert delete_bucket(proxied, bucket).status == "deleted"

    def test_that_another_task_deletes_in_between_is_missing(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket)).run(lambda _: s3.delete_bucket(Bucket=bucket))

        assert delete_bucket(proxied, bucket, if_missing="ignore").status == "missing"

    def test_is_deleted_on_a_server_that_lists_no_versions(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="versions").respond(501, "NotImplemented")

        assert delete_bucket(proxied, bucket).status == "deleted"


class TestAFullBucket:
    @pytest.mark.needs("versioning")
    def test_is_left_as_it_is_and_the_error_counts_what_is_in_it(
        self, s3: S3Client, versioned_bucket: str
    ) -> None:
        fill(s3, versioned_bucket)

        with pytest.raises(errors.BucketNotEmpty, match="force=True") as caught:
            delete_bucket(s3, versioned_bucket)

        for count in ("1 object", "2 noncurrent versions", "1 delete marker", "1 open upload"):
            assert count in str(caught.value)
        assert s3.get_object(Bucket=versioned_bucket, Key="a.csv")["Body"].read() == b"x"

    @pytest.mark.needs("versioning")
    @pytest.mark.parametrize("left", ["marker", "version"])
    def test_may_look_empty_and_is_not(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, versioned_bucket: str, left: str
    ) -> None:
        version = s3.put_object(Bucket=versioned_bucket, Key="a.csv", Body=b"x")["VersionId"]
        s3.delete_object(Bucket=versioned_bucket, Key="a.csv")
        if left == "marker":
            s3.delete_object(Bucket=versioned_bucket, Key="a.csv", VersionId=version)

        with pytest.raises(errors.BucketNotEmpty, match="1 delete marker"):
            delete_bucket(proxied, versioned_bucket)

        assert not faults.count("DELETE")

    def test_is_never_shown_to_a_server_that_would_delete_it(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="a.csv", Body=b"x")

        with pytest.raises(errors.BucketNotEmpty):
            delete_bucket(proxied, bucket)

        assert not faults.count("DELETE")

    def test_is_not_deleted_by_a_server_that_lists_no_versions(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="a.csv", Body=b"x")
        faults.on("GET", query="versions", times=None).respond(501, "NotImplemented")

        with pytest.raises(errors.BucketNotEmpty, match="1 object"):
            delete_bucket(proxied, bucket)

        assert not faults.count("DELETE")

    def test_that_fills_between_look_and_deletion_is_left_as_it_is(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket)).run(lambda _: s3.put_object(Bucket=bucket, Key="late", Body=b"x"))

        with pytest.raises(errors.BucketNotEmpty, match="1 object"):
            delete_bucket(proxied, bucket)

    def test_whose_server_counts_open_uploads_names_them(
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

    def test_empties_again_what_fills_before_the_deletion(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket)).run(lambda _: s3.put_object(Bucket=bucket, Key="late", Body=b"x"))

        result = delete_bucket(proxied, bucket, force=True)

        assert (result.status, result.objects_deleted) == ("deleted", 1)

    def test_gives_up_on_a_writer_who_goes_on(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket), times=None).run(
            lambda _: s3.put_object(Bucket=bucket, Key="again", Body=b"x")
        )

        with pytest.raises(errors.BucketRefilled, match="1 object") as caught:
            delete_bucket(proxied, bucket, force=True)

        assert caught.value.retryable
        assert len(faults.matching(**is_deletion_of(bucket))) == delete.MAX_ROUNDS

    def test_stops_when_it_is_told_to(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="a.csv", Body=b"x")
        stop = threading.Event()
        stop.set()

        with pytest.raises(errors.Stopped):
            delete_bucket(proxied, bucket, force=True, stop=stop)

        assert exists(s3, bucket)
        assert not faults.count("DELETE")


class TestAMissingBucket:
    @pytest.mark.parametrize("force", [False, True])
    def test_is_an_error(self, s3: S3Client, force: bool) -> None:  # noqa: FBT001
        with pytest.raises(errors.BucketNotFound):
            delete_bucket(s3, new_bucket_name(), force=force)

    @pytest.mark.parametrize("force", [False, True])
    def test_is_no_error_where_that_is_asked(self, s3: S3Client, force: bool) -> None:  # noqa: FBT001
        assert delete_bucket(s3, new_bucket_name(), force=force, if_missing="ignore").status == "missing"

    def test_that_goes_while_it_is_emptied_is_missing(
        self, faults: FaultProxy, proxied: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on(**is_deletion_of(bucket)).run(lambda _: remove_plainly(s3, bucket))

        assert delete_bucket(proxied, bucket, force=True, if_missing="ignore").status == "missing"


class TestARefusal:
    @pytest.mark.parametrize("if_missing", ["fail", "ignore"])
    @pytest.mark.parametrize("force", [False, True])
    def test_of_the_deletion_is_an_error_that_names_the_right(
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

    def test_of_the_look_is_an_error_that_names_the_right(
        self, faults: FaultProxy, proxied: S3Client, bucket: str
    ) -> None:
        faults.on("GET", query="versions", times=None).respond(403, "AccessDenied")

        with pytest.raises(errors.AccessDenied) as caught:
            delete_bucket(proxied, bucket, if_missing="ignore")

        assert caught.value.action == "s3:ListBucketVersions"
        assert not faults.count("DELETE")

    @pytest.mark.needs("user_policies")
    def test_of_a_stranger_leaves_the_bucket(
        self, server: S3Server, faults: FaultProxy, s3: S3Client, bucket: str
    ) -> None:
        with pytest.raises(errors.AccessDenied):
            delete_bucket(stranger_to(server, faults), bucket, if_missing="ignore")

        assert exists(s3, bucket)

    @pytest.mark.parametrize(
        ("bucket_name", "if_missing", "words"),
        [
            ("", "fail", "empty"),
            ("a/b", "fail", "breaks S3's rule"),
            ("reports", "yes", "if_missing is 'yes'"),
        ],
    )
    def test_of_a_wrong_parameter_sends_nothing(
        self, faults: FaultProxy, proxied: S3Client, bucket_name: str, if_missing: Any, words: str
    ) -> None:
        with pytest.raises(errors.InvalidInput, match=words):
            delete_bucket(proxied, bucket_name, if_missing=if_missing)

        assert not faults.requests
