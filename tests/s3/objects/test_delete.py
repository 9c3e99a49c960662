"""Delete one object: what is deleted, what is reported, and that a second run changes nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3.errors import (
    AccessDenied,
    BucketNotFound,
    InvalidInput,
    InvalidKey,
    NetworkError,
    ObjectNotFound,
    PreconditionFailed,
    RequestRejected,
    Stopped,
)
from airflow_s3ops.s3.listings.versions import list_versions
from airflow_s3ops.s3.objects.delete import delete_object

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy


def keys_in(s3: S3Client, bucket: str) -> list[str]:
    return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def markers_in(s3: S3Client, bucket: str) -> list[str]:
    return [entry.version_id for entry in list_versions(s3, bucket) if entry.is_delete_marker]


def test_an_object_is_deleted(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    s3.put_object(Bucket=bucket, Key="b", Body=b"x")
    result = delete_object(s3, bucket, "a")
    assert (result.bucket, result.deleted, result.missing) == (bucket, 1, 0)
    assert keys_in(s3, bucket) == ["b"]


def test_xcom_omits_fields_that_do_not_apply(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    xcom = delete_object(s3, bucket, "a").to_xcom()
    assert xcom.keys() == {"bucket", "deleted", "missing", "seconds"}


@pytest.mark.parametrize("key", ["a b+c", "ü/€", "q?x=1#y", "p&<q>'\"", "%41"])
def test_a_key_of_any_legal_characters_is_deleted(s3: S3Client, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert delete_object(s3, bucket, key).deleted == 1
    assert keys_in(s3, bucket) == []


def test_a_missing_object_is_reported_as_missing(s3: S3Client, bucket: str) -> None:
    result = delete_object(s3, bucket, "a")
    assert (result.deleted, result.missing) == (0, 1)


def test_a_missing_object_is_an_error_with_if_missing_fail(s3: S3Client, bucket: str) -> None:
    with pytest.raises(ObjectNotFound, match=f"s3://{bucket}/a") as caught:
        delete_object(s3, bucket, "a", if_missing="fail")
    assert (caught.value.bucket, caught.value.key) == (bucket, "a")


@pytest.mark.parametrize("if_missing", ["ignore", "fail"])
def test_a_missing_bucket_is_never_a_missing_object(s3: S3Client, if_missing: Any) -> None:
    with pytest.raises(BucketNotFound):
        delete_object(s3, "s3ops-no-such-bucket", "a", if_missing=if_missing)


@pytest.mark.needs("versioning")
def test_on_a_versioned_bucket_a_delete_marker_is_added(s3: S3Client, versioned_bucket: str) -> None:
    s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"x")
    result = delete_object(s3, versioned_bucket, "a")
    assert (result.deleted, result.delete_marker) == (1, True)
    assert markers_in(s3, versioned_bucket) == [result.version_id]
    assert len(list(list_versions(s3, versioned_bucket))) == 2


@pytest.mark.needs("versioning")
def test_a_second_run_adds_no_second_delete_marker(s3: S3Client, versioned_bucket: str) -> None:
    s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"x")
    delete_object(s3, versioned_bucket, "a")
    result = delete_object(s3, versioned_bucket, "a")
    assert (result.deleted, result.missing, result.delete_marker) == (0, 1, None)
    assert len(markers_in(s3, versioned_bucket)) == 1


@pytest.mark.needs("versioning")
def test_a_lost_response_adds_no_second_delete_marker(
    s3: S3Client, versioned_bucket: str, faults: FaultProxy
) -> None:
    s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"x")
    faults.on("DELETE").lose_response()
    assert delete_object(faults.server.client(), versioned_bucket, "a").deleted == 1
    assert len(markers_in(s3, versioned_bucket)) == 1


def test_a_delete_that_never_reached_the_server_is_sent_again(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    faults.on("DELETE").stall()
    assert delete_object(faults.server.client(read_timeout=0.5), bucket, "a").deleted == 1
    assert keys_in(s3, bucket) == []


def test_a_server_that_never_responds_is_a_network_error(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    faults.on("DELETE", times=None).stall()
    with pytest.raises(NetworkError):
        delete_object(faults.server.client(read_timeout=0.5), bucket, "a")
    assert keys_in(s3, bucket) == ["a"]


@pytest.mark.needs("versioning")
def test_a_version_is_deleted_permanently(s3: S3Client, versioned_bucket: str) -> None:
    first = s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"2")["VersionId"]
    result = delete_object(s3, versioned_bucket, "a", version_id=first)
    assert (result.deleted, result.version_id, result.delete_marker) == (1, first, None)
    assert [entry.version_id for entry in list_versions(s3, versioned_bucket)] == [second]


@pytest.mark.needs("versioning")
def test_a_version_that_was_deleted_before_counts_as_missing(s3: S3Client, versioned_bucket: str) -> None:
    version = s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"2")
    delete_object(s3, versioned_bucket, "a", version_id=version)
    assert delete_object(s3, versioned_bucket, "a", version_id=version).missing == 1
    with pytest.raises(ObjectNotFound, match=version):
        delete_object(s3, versioned_bucket, "a", version_id=version, if_missing="fail")


@pytest.mark.needs("versioning")
def test_a_version_counts_as_deleted_if_the_response_was_lost(
    s3: S3Client, versioned_bucket: str, faults: FaultProxy
) -> None:
    version = s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"1")["VersionId"]
    faults.on("DELETE").lose_response()
    result = delete_object(faults.server.client(), versioned_bucket, "a", version_id=version)
    assert (result.deleted, result.missing) == (1, 0)
    assert list(list_versions(s3, versioned_bucket)) == []


@pytest.mark.needs("versioning")
def test_deleting_a_delete_marker_restores_the_object(s3: S3Client, versioned_bucket: str) -> None:
    s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"x")
    marker = delete_object(s3, versioned_bucket, "a").version_id
    result = delete_object(s3, versioned_bucket, "a", version_id=marker)
    assert (result.deleted, result.version_id, result.delete_marker) == (1, marker, True)
    assert keys_in(s3, versioned_bucket) == ["a"]


@pytest.mark.parametrize("quotes", ["", '"'])
def test_an_object_with_the_expected_etag_is_deleted(s3: S3Client, bucket: str, quotes: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"x")["ETag"].strip('"')
    assert delete_object(s3, bucket, "a", if_match=f"{quotes}{etag}{quotes}").deleted == 1
    assert keys_in(s3, bucket) == []


def test_an_object_with_another_etag_is_kept_and_the_error_names_both(s3: S3Client, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"x")["ETag"].strip('"')
    with pytest.raises(PreconditionFailed) as caught:
        delete_object(s3, bucket, "a", if_match='"0123"')
    assert etag in str(caught.value)
    assert "0123" in str(caught.value)
    assert keys_in(s3, bucket) == ["a"]


@pytest.mark.needs("delete_if_match")
def test_an_object_that_was_replaced_after_the_head_is_kept(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    expected = s3.put_object(Bucket=bucket, Key="a", Body=b"old")["ETag"].strip('"')
    etags: list[str] = []
    faults.on("DELETE").run(
        lambda _: etags.append(s3.put_object(Bucket=bucket, Key="a", Body=b"new")["ETag"])
    )
    with pytest.raises(PreconditionFailed) as caught:
        delete_object(faults.server.client(), bucket, "a", if_match=expected)
    assert expected in str(caught.value)
    assert etags[0].strip('"') in str(caught.value)
    assert keys_in(s3, bucket) == ["a"]


def test_an_object_that_was_deleted_after_the_head_is_no_failed_condition(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    expected = s3.put_object(Bucket=bucket, Key="a", Body=b"x")["ETag"]
    faults.on("DELETE").run(lambda _: s3.delete_object(Bucket=bucket, Key="a"))
    delete_object(faults.server.client(), bucket, "a", if_match=expected)
    assert keys_in(s3, bucket) == []


def test_a_missing_object_is_missing_with_any_condition(s3: S3Client, bucket: str) -> None:
    assert delete_object(s3, bucket, "a", if_match="0123").missing == 1
    with pytest.raises(ObjectNotFound):
        delete_object(s3, bucket, "a", if_match="0123", if_missing="fail")


@pytest.mark.needs("versioning")
def test_a_version_is_deleted_only_if_it_has_the_expected_etag(s3: S3Client, versioned_bucket: str) -> None:
    old = s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"old")
    new = s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"new")
    version = old["VersionId"]
    with pytest.raises(PreconditionFailed):
        delete_object(s3, versioned_bucket, "a", version_id=version, if_match=new["ETag"])
    assert delete_object(s3, versioned_bucket, "a", version_id=version, if_match=old["ETag"]).deleted == 1


@pytest.mark.needs("versioning")
def test_a_delete_marker_has_no_etag_to_match(s3: S3Client, versioned_bucket: str) -> None:
    s3.put_object(Bucket=versioned_bucket, Key="a", Body=b"x")
    marker = delete_object(s3, versioned_bucket, "a").version_id
    with pytest.raises(PreconditionFailed, match="delete marker"):
        delete_object(s3, versioned_bucket, "a", version_id=marker, if_match="0123")


def test_an_identity_that_is_only_allowed_to_delete_can_delete(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    faults.on("HEAD", times=None).respond(403)
    result = delete_object(faults.server.client(), bucket, "a")
    assert (result.deleted, result.missing) == (1, None)
    assert "missing" not in result.to_xcom()
    assert keys_in(s3, bucket) == []


def test_if_missing_fail_is_an_error_for_an_identity_that_is_not_allowed_to_head(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    faults.on("HEAD", times=None).respond(403)
    with pytest.raises(AccessDenied) as caught:
        delete_object(faults.server.client(), bucket, "a", if_missing="fail")
    assert caught.value.action == "s3:GetObject"
    assert keys_in(s3, bucket) == ["a"]


def test_if_match_is_an_error_for_an_identity_that_is_not_allowed_to_head(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    faults.on("HEAD", times=None).respond(403)
    with pytest.raises(AccessDenied) as caught:
        delete_object(faults.server.client(), bucket, "a", if_match="0123")
    assert caught.value.action == "s3:GetObject"
    assert caught.value.__cause__ is not None
    assert keys_in(s3, bucket) == ["a"]


@pytest.mark.parametrize(("if_missing", "action"), [("ignore", "s3:DeleteObject"), ("fail", "s3:GetObject")])
def test_a_denied_delete_is_an_error_and_never_missing(
    s3: S3Client, bucket: str, faults: FaultProxy, if_missing: Any, action: str
) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    faults.on(times=None).respond(403, "AccessDenied")
    with pytest.raises(AccessDenied, match=action) as caught:
        delete_object(faults.server.client(), bucket, "a", if_missing=if_missing)
    assert (caught.value.bucket, caught.value.key) == (bucket, "a")


def test_any_other_error_keeps_its_code(s3: S3Client, bucket: str, faults: FaultProxy) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    faults.on("DELETE").respond(400, "UnknownCode")
    with pytest.raises(RequestRejected) as caught:
        delete_object(faults.server.client(), bucket, "a")
    assert caught.value.code == "UnknownCode"


@pytest.mark.parametrize(
    "wrong",
    [
        {"version_id": ""},
        {"if_match": ""},
        {"if_match": '""'},
        {"if_match": 5},
        {"version_id": 5},
        {"if_missing": "skip"},
    ],
    ids=str,
)
def test_wrong_parameters_are_rejected_before_any_request(
    bucket: str, faults: FaultProxy, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        delete_object(faults.server.client(), bucket, "a", **wrong)
    assert faults.requests == []


def test_an_empty_key_is_rejected_before_any_request(bucket: str, faults: FaultProxy) -> None:
    with pytest.raises(InvalidKey):
        delete_object(faults.server.client(), bucket, "")
    assert faults.requests == []


def test_a_cancelled_deletion_deletes_nothing(s3: S3Client, bucket: str, faults: FaultProxy) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    stop = threading.Event()
    faults.on("HEAD").run(lambda _: stop.set())
    with pytest.raises(Stopped):
        delete_object(faults.server.client(), bucket, "a", stop=stop)
    assert keys_in(s3, bucket) == ["a"]
