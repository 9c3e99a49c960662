from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar

import boto3
import pytest
from boto3.s3.transfer import S3Transfer

from airflow_s3ops.s3.errors import InvalidExtraArgs
from airflow_s3ops.s3.extra_args import RESERVED, args_for, checked_extra_args, fingerprint

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SECRET = "0123456789abcdef0123456789abcdef"
VALUES: dict[str, Any] = {
    "structure": {},
    "string": "any",
    "boolean": True,
    "integer": 1,
    "long": 1,
    "map": {"a": "b"},
    "timestamp": datetime(2030, 1, 1, tzinfo=timezone.utc),
    "blob": b"any",
}


@pytest.fixture(scope="module")
def client() -> S3Client:
    session = boto3.session.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
    return session.client("s3", endpoint_url="http://127.0.0.1:9")  # no server listens there: nothing is sent


def names_of(client: S3Client, operation: str) -> dict[str, Any]:
    return dict(client.meta.service_model.operation_model(operation).input_shape.members)  # type: ignore[union-attr]


class TestNames:
    def test_every_name_of_upload_file_in_boto3_is_accepted(self, client: S3Client) -> None:
        members = {**names_of(client, "CompleteMultipartUpload"), **names_of(client, "PutObject")}
        members |= names_of(client, "CreateMultipartUpload")
        args = {name: VALUES[members[name].type_name] for name in S3Transfer.ALLOWED_UPLOAD_ARGS}
        assert checked_extra_args(client, args) == args

    def test_every_name_of_put_object_except_the_reserved_ones_is_accepted(self, client: S3Client) -> None:
        members = names_of(client, "PutObject")
        args = {name: VALUES[shape.type_name] for name, shape in members.items() if name not in RESERVED}
        assert checked_extra_args(client, args) == args
        assert {"IfNoneMatch", "IfMatch", "BucketKeyEnabled"} <= args.keys(), "boto3 refuses these"

    @pytest.mark.parametrize(
        ("wrong", "right"),
        [
            ("acl", "ACL"),
            ("content_type", "ContentType"),
            ("Content-Type", "ContentType"),
            ("ContenType", "ContentType"),
            ("cachecontrol", "CacheControl"),
            ("MetaData", "Metadata"),
            ("tags", "Tagging"),
            ("server_side_encryption", "ServerSideEncryption"),
            ("ssekmskeyid", "SSEKMSKeyId"),
            ("if_none_match", "IfNoneMatch"),
        ],
    )
    def test_an_unknown_name_is_refused_with_the_nearest_known_name(
        self, client: S3Client, wrong: str, right: str
    ) -> None:
        with pytest.raises(InvalidExtraArgs, match=f"Did you mean '{right}'") as caught:
            checked_extra_args(client, {wrong: "x"})
        assert repr(wrong) in str(caught.value)

    def test_a_name_without_a_similar_one_is_refused_with_all_known_names(self, client: S3Client) -> None:
        with pytest.raises(InvalidExtraArgs, match="S3 knows ACL, "):
            checked_extra_args(client, {"Zorkmid": "x"})

    @pytest.mark.parametrize(
        ("name", "advice"), [("Bucket", "bucket="), ("Key", "key="), ("Body", "filename=")]
    )
    def test_a_name_that_is_a_parameter_is_refused_with_that_parameter(
        self, client: S3Client, name: str, advice: str
    ) -> None:
        with pytest.raises(InvalidExtraArgs, match=advice):
            checked_extra_args(client, {name: "x"})

    @pytest.mark.parametrize("name", ["UploadId", "PartNumber", "MultipartUpload", "ContentLength"])
    def test_a_name_that_the_upload_sets_is_refused(self, client: S3Client, name: str) -> None:
        with pytest.raises(InvalidExtraArgs, match="Leave it out"):
            checked_extra_args(client, {name: "x"})

    def test_a_name_that_is_not_a_text_is_refused(self, client: S3Client) -> None:
        with pytest.raises(InvalidExtraArgs, match="extra_args has 3"):
            checked_extra_args(client, {3: "x"})  # type: ignore[dict-item]


class TestTypes:
    @pytest.mark.parametrize(
        ("args", "reason"),
        [
            ({"ACL": 3}, "Invalid type for parameter ACL, value: 3.*valid types: <class 'str'>"),
            ({"ACL": None}, "Invalid type for parameter ACL"),
            ({"Metadata": ["a"]}, "Metadata.*valid types: <class 'dict'>"),
            ({"Metadata": {"a": 1}}, "Metadata.a, value: 1"),
            ({"BucketKeyEnabled": "yes"}, "valid types: <class 'bool'>"),
            ({"Expires": "someday"}, "Expires.*datetime"),
        ],
    )
    def test_a_wrong_type_is_refused_with_the_right_type(
        self, client: S3Client, args: dict[str, Any], reason: str
    ) -> None:
        with pytest.raises(InvalidExtraArgs, match=reason):
            checked_extra_args(client, args)

    @pytest.mark.parametrize("args", [["ACL"], "ACL=x", 3])
    def test_a_value_that_is_not_a_mapping_is_refused(self, client: S3Client, args: Any) -> None:
        with pytest.raises(InvalidExtraArgs, match="not a mapping"):
            checked_extra_args(client, args)

    @pytest.mark.parametrize(
        "args",
        [{"CacheControl": "a\r\nx-evil: 1"}, {"Metadata": {"run": "a\nb"}}, {"Metadata": {"a\x00b": "c"}}],
    )
    def test_control_characters_are_refused(self, client: S3Client, args: dict[str, Any]) -> None:
        with pytest.raises(InvalidExtraArgs, match="control character"):
            checked_extra_args(client, args)

    @pytest.mark.parametrize("name", ["run id", "a:b", "", "é", "a/b", "(a)", "a\t"])
    def test_a_metadata_name_that_is_invalid_in_a_header_is_refused(
        self, client: S3Client, name: str
    ) -> None:
        with pytest.raises(InvalidExtraArgs, match="Metadata"):
            checked_extra_args(client, {"Metadata": {"fine": "x", name: "x"}})

    @pytest.mark.parametrize("name", ["run-id", "run_id", "Run.Id", "0", "a!#$%&'*+^`|~"])
    def test_a_metadata_name_that_is_valid_in_a_header_is_accepted(self, client: S3Client, name: str) -> None:
        assert checked_extra_args(client, {"Metadata": {name: "any text"}})

    def test_a_customer_key_may_have_any_bytes(self, client: S3Client) -> None:
        args = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "\n" * 32}
        assert checked_extra_args(client, args) == args

    def test_the_value_of_a_secret_is_not_in_the_message(self, client: S3Client) -> None:
        with pytest.raises(InvalidExtraArgs) as caught:
            checked_extra_args(client, {"SSECustomerKey": [SECRET]})
        assert SECRET not in str(caught.value)

    def test_none_means_no_extra_args(self, client: S3Client) -> None:
        assert checked_extra_args(client, None) == {}

    def test_the_mapping_of_the_caller_is_not_changed(self, client: S3Client) -> None:
        args = {"ACL": "private"}
        checked_extra_args(client, args)["ACL"] = "public-read"
        assert args == {"ACL": "private"}


class TestOperations:
    ARGS: ClassVar[dict[str, Any]] = {
        "ACL": "private",
        "StorageClass": "STANDARD_IA",
        "RequestPayer": "requester",
        "ExpectedBucketOwner": "123456789012",
        "IfNoneMatch": "*",
        "ChecksumAlgorithm": "CRC32",
        "ChecksumCRC32": "AAAAAA==",
        "ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg==",
        "SSECustomerAlgorithm": "AES256",
        "SSECustomerKey": SECRET,
    }
    EVERYWHERE: ClassVar[set[str]] = {"RequestPayer", "ExpectedBucketOwner"}
    CUSTOMER_KEY: ClassVar[set[str]] = {"SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"}

    @pytest.mark.parametrize(
        ("operation", "expected"),
        [
            ("PutObject", {"ACL", "StorageClass", "IfNoneMatch"} | CUSTOMER_KEY),
            ("CreateMultipartUpload", {"ACL", "StorageClass"} | CUSTOMER_KEY),
            ("UploadPart", CUSTOMER_KEY),
            ("CompleteMultipartUpload", {"IfNoneMatch"} | CUSTOMER_KEY),
            ("ListParts", CUSTOMER_KEY),
            ("HeadObject", CUSTOMER_KEY),
            ("AbortMultipartUpload", set()),
        ],
    )
    def test_each_operation_gets_the_names_that_it_has(
        self, client: S3Client, operation: str, expected: set[str]
    ) -> None:
        assert args_for(client, operation, self.ARGS).keys() == expected | self.EVERYWHERE

    def test_a_customer_key_is_encoded_for_operations_where_botocore_does_not(self, client: S3Client) -> None:
        args = args_for(client, "ListParts", self.ARGS)
        assert base64.b64decode(args["SSECustomerKey"]) == SECRET.encode()
        assert base64.b64decode(args["SSECustomerKeyMD5"]) == hashlib.md5(SECRET.encode()).digest()

    def test_a_customer_key_with_its_md5_is_not_changed(self, client: S3Client) -> None:
        given = {"SSECustomerKey": "any key", "SSECustomerKeyMD5": "its MD5"}
        assert args_for(client, "UploadPart", given) == given


class TestFingerprint:
    def test_equal_args_in_any_order_have_the_same_fingerprint(self) -> None:
        assert fingerprint({"A": 1, "B": {"x": 1, "y": 2}}) == fingerprint({"B": {"y": 2, "x": 1}, "A": 1})

    def test_different_args_have_different_fingerprints(self) -> None:
        assert fingerprint({"ACL": "private"}) != fingerprint({"ACL": "public-read"})
        assert fingerprint({}) != fingerprint({"ACL": "private"})

    def test_bytes_and_times_are_distinguished(self) -> None:
        at = datetime(2030, 1, 1, tzinfo=timezone.utc)
        assert fingerprint({"Expires": at}) == fingerprint({"Expires": at})
        assert fingerprint({"SSECustomerKey": b"a"}) != fingerprint({"SSECustomerKey": b"b"})

    def test_it_does_not_contain_a_secret(self) -> None:
        assert SECRET not in fingerprint({"SSECustomerKey": SECRET})
        assert len(fingerprint({"SSECustomerKey": SECRET})) == 64
