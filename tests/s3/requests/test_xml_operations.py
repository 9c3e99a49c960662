"""Our parser reads the responses to our own requests, and no others."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from airflow_s3ops.s3.deletes.objects import delete_objects
from airflow_s3ops.s3.errors import AccessDenied, ServerError
from airflow_s3ops.s3.listings.multipart_uploads import list_uploads
from airflow_s3ops.s3.listings.objects import list_objects
from airflow_s3ops.s3.listings.versions import list_versions
from airflow_s3ops.s3.requests.xml_operations import OBJECTS, request_document

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

ENTRY = "<Contents><Key>a</Key>{}</Contents>"
WHOLE = "<Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified>"


def page(entries: str, head: str = "") -> bytes:
    return f"<ListBucketResult>{head}{entries}</ListBucketResult>".encode()


def put(s3: S3Client, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")


def test_other_users_of_the_client_get_the_responses_of_botocore(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    client = faults.server.client()
    put(s3, bucket, "a", "b")
    before = client.list_objects_v2(Bucket=bucket)
    assert [entry.key for entry in list_objects(client, bucket)] == ["a", "b"]
    after = client.list_objects_v2(Bucket=bucket)
    assert after["Contents"] == before["Contents"]
    assert client.list_object_versions(Bucket=bucket)["Versions"][0]["Key"] == "a"
    delete_objects(client, bucket, prefix="a")
    response = client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}]})
    assert [found["Key"] for found in response["Deleted"]] == ["b"]
    assert "content-md5" not in faults.matching("POST")[-1].headers


def test_other_threads_get_the_responses_of_botocore_meanwhile(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    client = faults.server.client()
    put(s3, bucket, "a")
    theirs: list[Any] = []

    def list_in_a_thread(_: object) -> None:
        thread = threading.Thread(target=lambda: theirs.append(client.list_objects_v2(Bucket=bucket)))
        thread.start()
        thread.join()

    faults.on("GET").run(list_in_a_thread)
    assert [entry.key for entry in list_objects(client, bucket)] == ["a"]
    assert theirs[0]["Contents"][0]["Key"] == "a"


def test_an_error_inside_a_200_is_retried(s3: S3Client, bucket: str, faults: FaultProxy) -> None:
    put(s3, bucket, "a")
    faults.on("GET").respond_body(200, b"<Error><Code>InternalError</Code><Message>Oh.</Message></Error>")
    assert [entry.key for entry in list_objects(faults.server.client(), bucket)] == ["a"]
    assert faults.count("GET") == 2


def test_an_error_inside_every_200_is_raised(bucket: str, faults: FaultProxy) -> None:
    refusal = b"<Error><Code>AccessDenied</Code><Message>No.</Message></Error>"
    faults.on("GET", times=None).respond_body(200, refusal)
    with pytest.raises(AccessDenied, match="s3:ListBucket"):
        list(list_objects(faults.server.client(), bucket))


UNREADABLE = {
    "cut off": page(ENTRY.format(WHOLE))[:-20],
    "empty": b"",
    "a page of a proxy": b"<html><body>Please log in</body></html>",
    "no XML": b"all is well",
    "a document type": b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + page(ENTRY.format(WHOLE)),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_response_that_cannot_be_read_is_retried(
    s3: S3Client, bucket: str, faults: FaultProxy, body: bytes
) -> None:
    put(s3, bucket, "a")
    faults.on("GET").respond_body(200, body)
    assert [entry.key for entry in list_objects(faults.server.client(), bucket)] == ["a"]
    assert faults.count("GET") == 2


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_responses_that_can_never_be_read_are_an_error_and_not_an_empty_listing(
    bucket: str, faults: FaultProxy, body: bytes
) -> None:
    faults.on("GET", times=None).respond_body(200, body)
    for listing in (list_objects, list_versions, list_uploads):
        with pytest.raises(ServerError, match="UnreadableResponse") as caught:
            list(listing(faults.server.client(), bucket))
        assert caught.value.code == "UnreadableResponse"


def test_a_deletion_whose_response_cannot_be_read_is_retried(
    s3: S3Client, bucket: str, faults: FaultProxy
) -> None:
    put(s3, bucket, "a")
    faults.on("POST").respond_body(200, b"")
    assert delete_objects(faults.server.client(), bucket, prefix="a").deleted == 1
    assert faults.count("POST") == 2
    assert list(list_objects(s3, bucket)) == []


@pytest.mark.parametrize(
    ("body", "lacks"),
    [
        (page(ENTRY.format("")), "Size"),
        (page(ENTRY.format(WHOLE.replace("2026", "yester"))), "yester"),
        (page(ENTRY.format(WHOLE), "<IsTruncated>true</IsTruncated>"), "NextContinuationToken"),
    ],
)
def test_the_error_names_a_required_element_that_is_missing(
    bucket: str, faults: FaultProxy, body: bytes, lacks: str
) -> None:
    faults.on("GET", times=None).respond_body(200, body)
    with pytest.raises(ServerError, match=lacks):
        list(list_objects(faults.server.client(), bucket))


def test_optional_elements_may_be_missing(bucket: str, faults: FaultProxy) -> None:
    faults.on("GET").respond_body(200, page(ENTRY.format(WHOLE)))
    (entry,) = list_objects(faults.server.client(), bucket)
    assert (entry.etag, entry.storage_class) == ("", None)


def test_an_error_response_is_raised_as_the_error_of_botocore(bucket: str, faults: FaultProxy) -> None:
    faults.on("GET").respond(403, "AccessDenied")
    with pytest.raises(ClientError) as caught:
        request_document(faults.server.client(), OBJECTS, {"Bucket": bucket})
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_a_broken_connection_is_retried(s3: S3Client, bucket: str, faults: FaultProxy) -> None:
    put(s3, bucket, "a")
    faults.on("GET").lose_response()
    client = faults.server.client()
    assert request_document(client, OBJECTS, {"Bucket": bucket}).retries == 1
    assert request_document(client, OBJECTS, {"Bucket": bucket}).retries == 0
