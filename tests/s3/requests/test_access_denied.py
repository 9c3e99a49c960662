"""A denied upload: which permission is missing, or whether the bucket does not accept the ACL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.errors import PUBLIC_READ_OPTIONS
from airflow_s3ops.s3.uploads.file import upload_file
from tests.s3.uploads.support import PART, assert_nothing_stored, one_try_client, open_uploads, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy, Request

PUBLIC = {"ACL": "public-read"}
SETTING = (
    "<PublicAccessBlockConfiguration><BlockPublicAcls>{}</BlockPublicAcls></PublicAccessBlockConfiguration>"
)
BLOCKED = SETTING.format("true").encode()
OPEN = SETTING.format("false").encode()


@pytest.fixture(params=[1000, PART + 1], ids=["single", "parts"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_file(tmp_path / "data.csv", request.param)


@pytest.fixture
def client(faults: FaultProxy) -> S3Client:
    return one_try_client(faults)


def refuse(faults: FaultProxy, message: str = "Access Denied") -> None:
    """Refuse the request that would create the object."""
    faults.on(predicate=creates).respond(403, "AccessDenied", message)


def creates(request: Request) -> bool:
    """Whether the request is PutObject or CreateMultipartUpload."""
    return request.method == "POST" or (request.method == "PUT" and "uploadId" not in request.query)


def upload(client: S3Client, path: Path, bucket: str, args: dict[str, Any] | None = None) -> None:
    upload_file(client, path, bucket, "k", extra_args=args, part_size=PART)


class TestMissingPermissions:
    @pytest.mark.parametrize(
        ("args", "action"),
        [
            ({}, "s3:PutObject"),
            ({"ACL": "bucket-owner-full-control"}, "s3:PutObject, or s3:PutObjectAcl"),
            ({"GrantRead": 'id="1"'}, "s3:PutObject, or s3:PutObjectAcl"),
            ({"Tagging": "a=b"}, "s3:PutObject, or s3:PutObjectTagging"),
            ({"ObjectLockLegalHoldStatus": "ON"}, "s3:PutObject, or s3:PutObjectLegalHold"),
        ],
    )
    def test_every_permission_that_may_be_missing_is_named(
        self,
        faults: FaultProxy,
        s3: S3Client,
        bucket: str,
        path: Path,
        client: S3Client,
        args: dict[str, Any],
        action: str,
    ) -> None:
        refuse(faults)
        with pytest.raises(errors.AccessDenied) as caught:
            upload(client, path, bucket, args)
        assert caught.value.action == action
        assert action in str(caught.value)
        assert (caught.value.bucket, caught.value.key, caught.value.code) == (bucket, "k", "AccessDenied")
        assert PUBLIC_READ_OPTIONS not in str(caught.value)
        assert_nothing_stored(s3, bucket)
        assert open_uploads(s3, bucket) == []

    def test_only_the_permission_that_s3_names_is_named(
        self, faults: FaultProxy, bucket: str, path: Path, client: S3Client
    ) -> None:
        message = "User: arn:aws:iam::1:u is not authorized to perform: s3:PutObjectTagging on resource: x"
        refuse(faults, message)
        with pytest.raises(errors.AccessDenied) as caught:
            upload(client, path, bucket, {"Tagging": "a=b"})
        assert caught.value.action == "s3:PutObjectTagging"


class TestPublicAcl:
    def test_acls_are_disabled(self, faults: FaultProxy, bucket: str, path: Path, client: S3Client) -> None:
        message = "The bucket does not allow ACLs"
        faults.on(predicate=creates).respond(400, "AccessControlListNotSupported", message)
        with pytest.raises(errors.AclsDisabled) as caught:
            upload(client, path, bucket, PUBLIC)
        assert PUBLIC_READ_OPTIONS in str(caught.value)
        assert caught.value.code == "AccessControlListNotSupported"

    def test_public_access_is_blocked(
        self, faults: FaultProxy, bucket: str, path: Path, client: S3Client
    ) -> None:
        refuse(faults)
        faults.on("GET", query="publicAccessBlock").respond_body(200, BLOCKED)
        with pytest.raises(errors.PublicAccessBlocked) as caught:
            upload(client, path, bucket, PUBLIC)
        assert PUBLIC_READ_OPTIONS in str(caught.value)

    def test_s3_itself_reports_that_public_access_is_blocked(
        self, faults: FaultProxy, bucket: str, path: Path, client: S3Client
    ) -> None:
        message = "because public access control lists (ACLs) are prevented by the BlockPublicAcls setting"
        refuse(faults, message)
        with pytest.raises(errors.PublicAccessBlocked):
            upload(client, path, bucket, PUBLIC)
        assert faults.count("GET") == 0

    @pytest.mark.parametrize(
        "args",
        [
            PUBLIC,
            {"ACL": "public-read-write"},
            {"ACL": "authenticated-read"},
            {"GrantRead": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'},
        ],
    )
    def test_if_not_blocked_the_error_names_the_permissions_and_the_account_setting(
        self, faults: FaultProxy, bucket: str, path: Path, client: S3Client, args: dict[str, Any]
    ) -> None:
        refuse(faults)
        faults.on("GET", query="publicAccessBlock").respond_body(200, OPEN)
        with pytest.raises(errors.AccessDenied) as caught:
            upload(client, path, bucket, args)
        reason = str(caught.value)
        assert caught.value.action == "s3:PutObject, or s3:PutObjectAcl"
        assert "is not the reason (that of the account may be)" in reason
        assert PUBLIC_READ_OPTIONS in reason

    def test_without_a_setting_the_error_names_the_account_setting(
        self, faults: FaultProxy, bucket: str, path: Path, client: S3Client
    ) -> None:
        refuse(faults)
        faults.on("GET", query="publicAccessBlock").respond(404, "NoSuchPublicAccessBlockConfiguration")
        with pytest.raises(errors.AccessDenied, match="that of the account may be"):
            upload(client, path, bucket, PUBLIC)

    @pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (501, "NotImplemented")])
    def test_the_error_says_if_the_setting_cannot_be_read(
        self, faults: FaultProxy, bucket: str, path: Path, client: S3Client, status: int, code: str
    ) -> None:
        refuse(faults)
        faults.on("GET", query="publicAccessBlock").respond(status, code)
        with pytest.raises(errors.AccessDenied, match="s3:GetBucketPublicAccessBlock") as caught:
            upload(client, path, bucket, PUBLIC)
        assert PUBLIC_READ_OPTIONS in str(caught.value)

    def test_for_a_private_acl_the_setting_is_not_read(
        self, faults: FaultProxy, bucket: str, path: Path, client: S3Client
    ) -> None:
        refuse(faults)
        with pytest.raises(errors.AccessDenied):
            upload(client, path, bucket, {"ACL": "private"})
        assert faults.count("GET") == 0
