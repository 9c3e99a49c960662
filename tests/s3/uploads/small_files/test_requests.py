"""The requests of the fast path are those of botocore: headers, keys, URLs, signatures, CA certificates."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import unicodedata
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.burst.unsupported import unsupported_reason
from airflow_s3ops.s3.extra_args import checked_extra_args
from airflow_s3ops.s3.requests.encryption import HEADERS
from airflow_s3ops.s3.requests.retry import Retries
from airflow_s3ops.s3.uploads.engine.destination import Destination
from airflow_s3ops.s3.uploads.small_files.fast_path import templates_of
from tests.examples import EXAMPLES_SHARE_A_FIXTURE
from tests.s3.uploads.small_files.support import (
    all_uploaded,
    aws_client,
    batch_args,
    errors_of,
    objects,
    recording_server,
    sent,
    upload_item,
    write_files,
)
from tests.servers.certificate import make_certificate
from tests.servers.purge import create_bucket, delete_bucket

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.conftest import MakeBucket
    from tests.faults import FaultProxy
    from tests.servers import S3Server

pytestmark = pytest.mark.needs_version("awscrt_without_retries")

# Headers that differ between requests, or between botocore's http library and awscrt.
IGNORED_HEADERS = frozenset(
    {
        "accept-encoding",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "connection",
        "expect",
        "user-agent",
        "x-amz-date",
    }
)
EVERYTHING: dict[str, Any] = {
    "ACL": "bucket-owner-full-control",
    "BucketKeyEnabled": True,
    "CacheControl": "max-age=60, public",
    "ContentDisposition": 'attachment; filename="a b.csv"',
    "ContentEncoding": "identity",
    "ContentLanguage": "en",
    "ContentType": "text/x-mine",
    "ExpectedBucketOwner": "123456789012",
    "Expires": dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc),
    "GrantRead": "id=abc",
    "Metadata": {"one": "1", "two": "with  spaces, and commas"},
    "ObjectLockLegalHoldStatus": "ON",
    "ObjectLockMode": "GOVERNANCE",
    "ObjectLockRetainUntilDate": dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc),
    "RequestPayer": "requester",
    "ServerSideEncryption": "aws:kms",
    "SSEKMSEncryptionContext": "eyJhIjoiYiJ9",
    "SSEKMSKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "StorageClass": "STANDARD_IA",
    "Tagging": "team=data&kind=small%20file",
    "WebsiteRedirectLocation": "/elsewhere",
}
CUSTOMER_KEY: dict[str, Any] = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


def confirming(extra_args: dict[str, Any]) -> dict[str, str]:
    """Return the response headers by which a server confirms the requested encryption."""
    return {header: extra_args[name] for name, header in HEADERS.items() if name in extra_args}


@pytest.mark.parametrize("extra_args", [{"ServerSideEncryption": "AES256"}, CUSTOMER_KEY])
def test_encryption_that_the_response_does_not_confirm_is_a_failure(
    faults: FaultProxy, bucket: str, tmp_path: Path, extra_args: dict[str, Any]
) -> None:
    faults.on("PUT", times=None).respond(200, headers={"ETag": '"x"'})
    faults.on("HEAD", times=None).respond(403)
    args = batch_args(bucket, **extra_args)
    (error,) = errors_of(sent(faults.server.client(), args, write_files(tmp_path, 1))).values()
    assert isinstance(error, errors.NotSupportedByServer)
    assert "stored without the requested encryption" in str(error)


def comparable(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in IGNORED_HEADERS}


@pytest.mark.parametrize(
    "extra_args",
    [{}, EVERYTHING, CUSTOMER_KEY, *({name: value} for name, value in EVERYTHING.items())],
    ids=["nothing", "everything", "customer key", *EVERYTHING],
)
def test_the_headers_are_those_that_botocore_would_send(
    faults: FaultProxy, bucket: str, tmp_path: Path, extra_args: dict[str, Any]
) -> None:
    faults.on("PUT", times=None).respond(200, headers={"ETag": '"x"', **confirming(extra_args)})
    faults.on("HEAD", times=None).respond(403)
    client = faults.server.client(user_agent_extra="")
    extra_args = checked_extra_args(client, extra_args)
    path = tmp_path / "data.csv"
    path.write_bytes(b"content")
    args = batch_args(bucket, **extra_args)
    all_uploaded(sent(client, args, [path]))
    (ours,) = faults.matching("PUT")
    Destination(client, bucket, "data.csv", {"ContentType": "text/csv", **extra_args}).request(
        "PutObject",
        Body=b"content",
        ChecksumAlgorithm="CRC64NVME",
        ChecksumCRC64NVME=ours.headers["x-amz-checksum-crc64nvme"],
    )
    botocores = faults.matching("PUT")[1]
    assert comparable(ours.headers) == comparable(botocores.headers)
    assert (ours.path, ours.query) == (botocores.path, botocores.query)


def test_a_head_has_the_headers_that_botocore_would_send(
    faults: FaultProxy, bucket: str, tmp_path: Path
) -> None:
    faults.on("HEAD").respond(404)
    faults.on("HEAD", times=None).respond(403)
    faults.on("PUT", times=None).respond(200, headers={"ETag": '"x"', **confirming(CUSTOMER_KEY)})
    client = faults.server.client()
    (path,) = write_files(tmp_path, 1)
    all_uploaded(sent(client, batch_args(bucket, "skip_if_same", **CUSTOMER_KEY), [path]))
    ours = faults.matching("HEAD")[0]
    with pytest.raises(errors.AccessDenied):
        Destination(client, bucket, path.name, CUSTOMER_KEY).request("HeadObject", ChecksumMode="ENABLED")
    assert comparable(ours.headers) == comparable(faults.matching("HEAD")[-1].headers)


def test_the_user_agent_begins_with_that_of_boto3(faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
    client = faults.server.client(user_agent_extra="s3ops-test")
    all_uploaded(sent(client, batch_args(bucket), write_files(tmp_path, 1)))
    agent = faults.matching("PUT")[0].headers["user-agent"]
    assert agent.startswith("Boto3/")
    assert "s3ops-test" in agent


def test_other_requests_of_the_same_client_are_still_sent(s3: S3Client, bucket: str) -> None:
    templates_of(s3, batch_args(bucket))
    s3.put_object(Bucket=bucket, Key="mine", Body=b"sent as usual")
    assert objects(s3, bucket) == {"mine": b"sent as usual"}


ODD_KEYS = [
    *(
        f"ascii/{ord(character):02x} {character}"
        for character in map(chr, range(0x20, 0x7F))
        if character != "/"
    ),
    "a/b/c",
    " leading and trailing ",
    "~tilde/(parens)/!*'",
    "percent%20already%2F",
    "plus+and space",
    "question?mark=1&hash#",
    "ümläut/eé/\N{SNOWMAN}/\N{PILE OF POO}",
    unicodedata.normalize("NFD", "é") + "/" + unicodedata.normalize("NFC", "é"),
    "\N{RIGHT-TO-LEFT OVERRIDE}rtl\N{LINE SEPARATOR}line",
    "a" * 200 + "/" + "b" * 200,
    "dots...in/..names/.hidden",
    "s3:like",
    "x=1/date=2024-01-01/file:name;v=1@,&$",
]
# Without names that a server on a file system cannot store: only dots, empty names, control characters.
SEGMENTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="/"), min_size=1, max_size=40
).filter(lambda text: text not in (".", "..") and len(text.encode()) < 200)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join)


def _assert_keys_are_stored(s3: S3Client, bucket: str, tmp_path: Path, keys: set[str]) -> None:
    path = tmp_path / "one.csv"
    path.write_bytes(b"one")
    all_uploaded(sent(s3, batch_args(bucket), [upload_item(path, key) for key in keys]))
    assert objects(s3, bucket).keys() == keys


def test_odd_keys_are_stored_byte_for_byte(s3: S3Client, bucket: str, tmp_path: Path) -> None:
    _assert_keys_are_stored(s3, bucket, tmp_path, set(ODD_KEYS))


@pytest.mark.parametrize("key", ["a//b", "/a", "a/", "./a", "a/../b", "..", "\x01\x7f"])
def test_keys_that_no_file_system_could_store_are_sent_unchanged(
    faults: FaultProxy, bucket: str, tmp_path: Path, key: str
) -> None:
    faults.on("PUT", times=None).respond(200, headers={"ETag": '"x"'})
    faults.on("HEAD", times=None).respond(403)
    (path,) = write_files(tmp_path, 1)
    all_uploaded(sent(faults.server.client(), batch_args(bucket), [upload_item(path, key)]))
    assert faults.matching("PUT")[0].path == f"/{bucket}/{key}"


@settings(max_examples=8, suppress_health_check=EXAMPLES_SHARE_A_FIXTURE)
@given(keys=st.sets(KEYS, min_size=1, max_size=25))
def test_any_key_is_stored_byte_for_byte(
    s3: S3Client, make_bucket: MakeBucket, tmp_path: Path, keys: set[str]
) -> None:
    # A file system cannot have a file and a folder of the same name.
    possible = {key for key in keys if not any(other.startswith(f"{key}/") for other in keys)}
    _assert_keys_are_stored(s3, make_bucket(), tmp_path, possible)


def test_a_session_token_is_sent_and_signed(server: S3Server, tmp_path: Path) -> None:
    with recording_server() as recorded:
        client = boto3.client(
            "s3",
            endpoint_url=recorded.endpoint_url,
            region_name=server.region,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="secret",
            aws_session_token="the token",
            config=Config(s3={"addressing_style": "path"}),
        )
        all_uploaded(sent(client, batch_args("bucket"), write_files(tmp_path, 3)))
    assert recorded.values("x-amz-security-token") == ["the token"] * 3
    assert all("x-amz-security-token" in (one or "") for one in recorded.values("authorization"))


def test_on_http_the_signature_covers_the_content(faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
    (path,) = write_files(tmp_path, 1)
    all_uploaded(sent(faults.server.client(), batch_args(bucket), [path]))
    signed = faults.matching("PUT")[0].headers["x-amz-content-sha256"]
    assert signed == hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_anonymous_client_signs_nothing(tmp_path: Path) -> None:
    with recording_server() as recorded:
        client = boto3.client(
            "s3",
            endpoint_url=recorded.endpoint_url,
            region_name="eu-west-1",
            config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}),
        )
        assert unsupported_reason(client, "bucket", {}) is None
        all_uploaded(sent(client, batch_args("bucket"), write_files(tmp_path, 3)))
    assert recorded.values("authorization") == [None] * 3


class TestOverTls:
    @pytest.fixture
    def tls_bucket(self, tls_server: S3Server) -> Any:
        client = tls_server.client()
        create_bucket(client, "s3ops-burst-tls")
        yield "s3ops-burst-tls"
        delete_bucket(client, "s3ops-burst-tls")

    @pytest.mark.needs("tls")
    @pytest.mark.parametrize("payload_signing", [True, False])
    def test_the_ca_bundle_of_the_client_is_used(
        self, tls_server: S3Server, tls_bucket: str, tmp_path: Path, *, payload_signing: bool
    ) -> None:
        style = {"addressing_style": "path", "payload_signing_enabled": payload_signing}
        client = tls_server.client(s3=style)
        assert unsupported_reason(client, tls_bucket, {}) is None
        paths = write_files(tmp_path, 30)
        all_uploaded(sent(client, batch_args(tls_bucket), paths))
        assert objects(client, tls_bucket) == {path.name: path.read_bytes() for path in paths}
        assert templates_of(client, batch_args(tls_bucket)).put.signs_payload is payload_signing

    @pytest.mark.needs("tls")
    def test_a_certificate_of_another_ca_is_refused(
        self, tls_server: S3Server, tls_bucket: str, tmp_path: Path
    ) -> None:
        (folder := tmp_path / "certificate").mkdir()
        other_ca = str(make_certificate(folder).certificate)
        client = dataclasses.replace(tls_server, ca_bundle=other_ca).client()
        with pytest.raises(errors.NetworkError):
            sent(client, batch_args(tls_bucket), write_files(tmp_path, 30), retries=Retries(tries=1))

    @pytest.mark.needs("tls")
    def test_without_verification_any_certificate_is_accepted(
        self, tls_server: S3Server, tls_bucket: str, tmp_path: Path
    ) -> None:
        client = dataclasses.replace(tls_server, ca_bundle=False).client()  # type: ignore[arg-type]
        all_uploaded(sent(client, batch_args(tls_bucket), write_files(tmp_path, 3)))


def test_missing_credentials_are_an_error_before_any_file_is_read(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client = boto3.session.Session().client(
        "s3", endpoint_url=server.endpoint_url, region_name=server.region, verify=server.ca_bundle
    )
    with pytest.raises(errors.CredentialsMissing):
        sent(client, batch_args("bucket"), [tmp_path / "does not exist"])


def test_a_ca_file_without_certificates_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    (authorities := tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(errors.InvalidInput, match="cannot be read from"):
        sent(aws_client(verify=str(authorities)), batch_args("bucket"), write_files(tmp_path / "data", 1))
