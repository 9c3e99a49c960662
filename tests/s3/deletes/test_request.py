"""The body of DeleteObjects is the same as botocore's, and the request has both checksums."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.handlers import escape_xml_payload
from botocore.serialize import RestXMLSerializer
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_s3ops.s3.deletes.request import deletion_xml, request_deletion
from airflow_s3ops.s3.deletes.targets import Target
from airflow_s3ops.s3.listings.objects import list_objects

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

keys = st.text(st.characters(codec="utf-8"), min_size=1)
targets = st.lists(st.builds(Target, keys, st.none() | keys), min_size=1)


@cache
def operation() -> Any:
    return botocore.session.get_session().get_service_model("s3").operation_model("DeleteObjects")


@settings(max_examples=200)
@given(targets)
def test_the_body_is_botocores_byte_for_byte(chosen: list[Target]) -> None:
    objects = [
        {"Key": key} | ({} if version_id is None else {"VersionId": version_id}) for key, version_id in chosen
    ]
    params = {"Bucket": "b", "Delete": {"Objects": objects, "Quiet": True}}
    request = RestXMLSerializer().serialize_to_request(params, operation())
    escape_xml_payload(params=request)
    assert deletion_xml(chosen) == request["body"]


def test_all_keys_are_deleted_with_both_checksums(s3: S3Client, bucket: str, faults: FaultProxy) -> None:
    names = ["a", "tab\tkey", "<&>\"'", "ü/😀"]
    for key in names:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    response = request_deletion(faults.server.client(), bucket, [Target(key) for key in names])
    assert (response.document.root, response.document.rows) == ("DeleteResult", [])
    assert list(list_objects(s3, bucket)) == []
    (record,) = faults.matching("POST")
    assert "x-amz-checksum-crc32" in record.headers
    assert len(record.headers["content-md5"]) == 24
