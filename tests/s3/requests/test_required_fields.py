"""Responses that lack required fields, because a proxy removed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.s3.deletes.objects import delete_objects
from airflow_s3ops.s3.errors import ServerError
from airflow_s3ops.s3.objects.head import head_object
from airflow_s3ops.s3.requests.required_fields import require_fields
from airflow_s3ops.s3.uploads.file import upload_file
from tests.s3.uploads.small_files.support import all_uploaded, batch_args, errors_of, sent, write_files
from tests.s3.uploads.support import PART, assert_stored, open_uploads, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

NO_ETAG = {"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}


def test_the_error_names_the_missing_fields() -> None:
    require_fields("HeadObject", {"ContentLength": 0, "ETag": "x"}, "b", "k", "ETag")
    with pytest.raises(ServerError, match="to HeadObject on s3://b/k has no ETag and no X") as caught:
        require_fields("HeadObject", {"ContentLength": 0}, "b", "k", "ETag", "X")
    assert (caught.value.code, caught.value.bucket, caught.value.key) == ("UnreadableResponse", "b", "k")
    with pytest.raises(ServerError, match="UploadId"):
        require_fields("CreateMultipartUpload", {}, "b", "k")
    require_fields("AbortMultipartUpload", {}, "b", "k")


def test_a_head_response_without_an_etag_is_an_error(faults: FaultProxy, bucket: str) -> None:
    faults.on("HEAD").respond(200, headers=NO_ETAG)
    with pytest.raises(ServerError, match="has no ETag"):
        head_object(faults.server.client(), bucket, "k")


def test_an_upload_is_not_made_if_the_comparison_is_impossible(
    faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    faults.on("HEAD").respond(200, headers=NO_ETAG)
    with pytest.raises(ServerError, match="has no ETag"):
        upload_file(
            faults.server.client(), write_file(tmp_path / "k", 9), bucket, "k", if_exists="skip_if_same"
        )
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.needs_version("awscrt_without_retries")
def test_a_small_file_is_not_uploaded_if_the_comparison_is_impossible(
    faults: FaultProxy, bucket: str, tmp_path: Path
) -> None:
    faults.on("HEAD").respond(200, headers=NO_ETAG)
    outcomes = sent(
        faults.server.client(),
        batch_args(bucket, "skip_if_same"),
        write_files(tmp_path, 5),
        most_at_once=1,
    )
    assert [(error.code, type(error)) for error in errors_of(outcomes).values()] == [
        ("UnreadableResponse", ServerError)
    ]
    assert len(outcomes) == 5


@pytest.mark.needs_version("awscrt_without_retries")
def test_a_small_file_is_not_verified_if_its_head_response_has_no_length(
    faults: FaultProxy, bucket: str, tmp_path: Path
) -> None:
    faults.on("PUT").respond(200, headers={"ETag": '"opaque"'})
    faults.on("HEAD").respond_without_length(200, {"ETag": '"opaque"'})
    (one,) = all_uploaded(sent(faults.server.client(), batch_args(bucket), write_files(tmp_path, 1))).values()
    assert one.checksum is not None
    assert one.checksum.verified_by == "none"


def test_responses_without_an_upload_id_or_etag_are_retried(
    faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path
) -> None:
    faults.on("POST", query="uploads").respond_body(200, b"<InitiateMultipartUploadResult/>")
    faults.on("PUT", query="partNumber=1").respond(200)
    path = write_file(tmp_path / "k", 2 * PART)
    assert upload_file(faults.server.client(), path, bucket, "k", part_size=PART).parts == 2
    assert_stored(s3, bucket, "k", path)
    assert open_uploads(s3, bucket) == []


def test_a_deletion_by_age_fails_without_last_modified(faults: FaultProxy, s3: S3Client, bucket: str) -> None:
    import datetime as dt

    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    faults.on("HEAD", times=None).respond(200, headers={"ETag": '"x"'})
    with pytest.raises(ServerError, match="LastModified"):
        delete_objects(
            faults.server.client(),
            bucket,
            keys=["k"],
            modified_before=dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc),
        )
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


PAGE = b"<html><body>Please log in</body></html>"


class TestAProxyPageWithStatus200:
    def test_is_not_an_upload(self, faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path) -> None:
        faults.on("PUT", times=None).respond_body(200, PAGE)
        with pytest.raises(ServerError, match=r"The response to PutObject on .* has no ETag"):
            upload_file(faults.server.client(), write_file(tmp_path / "k", 9), bucket, "k")
        assert "Contents" not in s3.list_objects_v2(Bucket=bucket)

    @pytest.mark.needs_version("awscrt_without_retries")
    def test_is_not_an_upload_of_a_small_file(self, faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
        faults.on("PUT", times=None).respond_body(200, PAGE)
        outcomes = sent(faults.server.client(), batch_args(bucket), write_files(tmp_path, 2))
        assert [error.code for error in errors_of(outcomes).values()] == ["UnreadableResponse"] * 2

    def test_is_retried(self, faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path) -> None:
        faults.on("PUT").respond_body(200, PAGE)
        path = write_file(tmp_path / "k", 9)
        upload_file(faults.server.client(), path, bucket, "k")
        assert_stored(s3, bucket, "k", path)


class TestAnObjectThatIsReportedAsStoredButDoesNotExist:
    def test_is_not_an_upload(self, faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
        faults.on("PUT").respond(200, headers={"ETag": '"opaque"'})
        with pytest.raises(ServerError, match=r"reported s3://.*/k as stored, but it does not exist"):
            upload_file(faults.server.client(), write_file(tmp_path / "k", 9), bucket, "k")

    @pytest.mark.needs_version("awscrt_without_retries")
    def test_is_not_an_upload_of_a_small_file(self, faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
        faults.on("PUT").respond(200, headers={"ETag": '"opaque"'})
        outcomes = sent(faults.server.client(), batch_args(bucket), write_files(tmp_path, 1))
        (error,) = errors_of(outcomes).values()
        assert "but it does not exist" in str(error)
