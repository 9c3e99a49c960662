"""The hook: credentials, TLS, and its methods."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.error import HTTPError

import pytest

from airflow_s3ops.hooks import S3OpsHook
from airflow_s3ops.s3.errors import (
    CredentialsRejected,
    InvalidInput,
    InvalidKey,
    NetworkError,
    ObjectNotFound,
    Stopped,
)
from tests.hooks.sent_requests import headers_sent, query_of, signed_as

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.hooks.conftest import Connect, WriteAwsFiles
    from tests.servers import S3Server

IN_A_FRESH_PROCESS = """
from airflow_s3ops.hooks import S3OpsHook

hook = S3OpsHook(aws_conn_id=None)
print(hook.client.meta.region_name, hook.presigned_url("b-b", "k"))
"""

MARK = "Zk3Qw9"
SHOW_ALL = """
from airflow_s3ops.hooks import S3OpsHook

hook = S3OpsHook("s3ops_hook")
print(hook, hook.conn_config, hook.client, hook.test_connection())
try:
    list(hook.list_objects("a-bucket"))
except Exception as error:
    print(error, [error])
"""


def credentials_file(profile: str, server: S3Server) -> str:
    return (
        f"[{profile}]\naws_access_key_id = {server.access_key}\naws_secret_access_key = {server.secret_key}\n"
    )


def status_of_get(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return int(response.status)
    except HTTPError as error:
        error.close()
        return error.code


class TestCredentials:
    def test_key_and_secret_sign(self, connect: Connect, server: S3Server, bucket: str) -> None:
        hook = S3OpsHook(connect())
        sent = headers_sent(hook.client)
        assert list(hook.list_objects(bucket)) == []
        assert signed_as(sent[0]) == server.access_key
        assert "x-amz-security-token" not in sent[0]

    def test_key_and_secret_in_the_extra_sign(self, connect: Connect, server: S3Server, bucket: str) -> None:
        conn_id = connect(
            login=None,
            password=None,
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
        )
        assert list(S3OpsHook(conn_id).list_objects(bucket)) == []

    @pytest.mark.needs("signature_verification")
    def test_a_wrong_secret_is_refused(self, connect: Connect, bucket: str) -> None:
        with pytest.raises(CredentialsRejected):
            list(S3OpsHook(connect(password="wrong")).list_objects(bucket))

    def test_every_request_has_the_session_token(self, connect: Connect, faults: FaultProxy) -> None:
        # The proxy responds: no server here has issued such a token, and Versity Gateway refuses it.
        faults.on("GET").respond_body(200, b"<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>")
        hook = S3OpsHook(connect(aws_session_token="token-of-the-session", endpoint_url=faults.endpoint_url))
        sent = headers_sent(hook.client)
        assert list(hook.list_objects("a-bucket")) == []
        assert sent[0]["x-amz-security-token"] == "token-of-the-session"
        assert "x-amz-security-token" in sent[0]["authorization"]  # among the signed headers

    def test_a_profile_of_the_credentials_file_signs(
        self, connect: Connect, aws_files: WriteAwsFiles, server: S3Server, bucket: str
    ) -> None:
        aws_files(credentials=credentials_file("publisher", server))
        hook = S3OpsHook(connect(login=None, password=None, profile_name="publisher"))
        sent = headers_sent(hook.client)
        assert list(hook.list_objects(bucket)) == []
        assert signed_as(sent[0]) == server.access_key

    def test_a_region_given_to_the_hook_signs(self, connect: Connect) -> None:
        hook = S3OpsHook(connect(region_name="eu-north-1"), region_name="eu-west-3")
        assert "/eu-west-3/s3/" in query_of(hook.presigned_url("a-bucket", "k"))["X-Amz-Credential"]
        assert hook.region_name == "eu-west-3"


class TestChain:
    def test_no_connection_id_means_the_home_folders_files(
        self, aws_files: WriteAwsFiles, server: S3Server, bucket: str
    ) -> None:
        config = f"[default]\nregion = {server.region}\nendpoint_url = {server.endpoint_url}\n"
        aws_files(credentials=credentials_file("default", server), config=config)
        hook = S3OpsHook(aws_conn_id=None, verify=server.ca_bundle)
        sent = headers_sent(hook.client)
        assert list(hook.list_objects(bucket)) == []
        assert signed_as(sent[0]) == server.access_key

    def test_a_fresh_process_takes_seoul_from_the_config_file(
        self, aws_files: WriteAwsFiles, server: S3Server
    ) -> None:
        aws_files(
            credentials=credentials_file("default", server), config="[default]\nregion = ap-northeast-2\n"
        )
        command = [sys.executable, "-c", IN_A_FRESH_PROCESS]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
        region, url = done.stdout.split()[-2:]
        assert region == "ap-northeast-2"
        assert url.startswith("https://b-b.s3.ap-northeast-2.amazonaws.com/k?")
        assert query_of(url)["X-Amz-Credential"].startswith(f"{server.access_key}/")

    def test_the_environment_comes_before_the_files(
        self, aws_files: WriteAwsFiles, server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        aws_files(credentials=credentials_file("default", server))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT00000")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-environment")
        url = S3OpsHook(aws_conn_id=None, region_name="eu-west-1").presigned_url("a-bucket", "k")
        assert query_of(url)["X-Amz-Credential"].startswith("AKIAENVIRONMENT00000/")


@pytest.mark.needs("tls")
class TestTls:
    """The same server over https, with a certificate that is not trusted by default."""

    def test_an_untrusted_certificate_is_refused(self, connect: Connect, tls_server: S3Server) -> None:
        hook = self.hook(connect, tls_server, verify=None)
        with pytest.raises(NetworkError, match=r"[Cc]ertificate|CERTIFICATE"):
            list(hook.list_objects("a-bucket"))

    def test_verify_false_accepts_any_certificate(self, connect: Connect, tls_server: S3Server) -> None:
        hook = self.hook(connect, tls_server, verify=False)
        with pytest.warns(match="Unverified HTTPS request"):
            assert hook.test_connection()[0]

    def test_a_ca_bundle_is_trusted(self, connect: Connect, tls_server: S3Server) -> None:
        assert self.hook(connect, tls_server, verify=tls_server.ca_bundle).test_connection()[0]

    def test_verify_given_to_the_hook_overrides_the_connections(
        self, connect: Connect, tls_server: S3Server
    ) -> None:
        conn_id = self.hook(connect, tls_server, verify="/no/such/bundle.pem").aws_conn_id
        assert S3OpsHook(conn_id, verify=tls_server.ca_bundle).test_connection()[0]

    def test_the_payload_is_not_signed(self, connect: Connect, tls_server: S3Server) -> None:
        hook = self.hook(connect, tls_server, verify=tls_server.ca_bundle)
        sent = headers_sent(hook.client)
        with pytest.raises(hook.client.exceptions.NoSuchBucket):
            hook.client.put_object(Bucket="no-such-bucket", Key="k", Body=b"over tls")
        assert sent[0]["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"

    def hook(self, connect: Connect, server: S3Server, *, verify: bool | str | None) -> S3OpsHook:
        return S3OpsHook(
            connect(
                login=server.access_key,
                password=server.secret_key,
                endpoint_url=server.endpoint_url,
                region_name=server.region,
                verify=verify,
            )
        )


class TestTestConnection:
    def test_it_sends_a_request_to_s3_and_names_identity_region_and_endpoint(
        self, connect: Connect, server: S3Server, faults: FaultProxy
    ) -> None:
        works, message = S3OpsHook(connect(endpoint_url=faults.endpoint_url)).test_connection()
        assert works
        assert faults.endpoint_url in message
        assert server.region in message
        assert "access key …" in message
        assert [(request.method, request.path) for request in faults.requests] == [("GET", "/")]

    @pytest.mark.needs("unknown_keys_refused")
    def test_an_unknown_key_fails_with_advice(self, connect: Connect) -> None:
        works, message = S3OpsHook(connect(login="AKIANOBODYKNOWS00000")).test_connection()
        assert not works
        assert "access key …0000" in message
        assert "Check key, secret and session token of the connection" in message

    def test_keys_without_the_right_to_list_buckets_work_and_the_message_says_so(
        self, connect: Connect, faults: FaultProxy
    ) -> None:
        faults.on("GET", predicate=lambda request: request.path == "/").respond(403, "AccessDenied")
        works, message = S3OpsHook(connect(endpoint_url=faults.endpoint_url)).test_connection()
        assert works
        assert "This identity is not allowed to list buckets (s3:ListAllMyBuckets)" in message

    def test_an_unknown_connection_fails_with_advice(self) -> None:
        works, message = S3OpsHook("no_such_connection").test_connection()
        assert not works
        assert "airflow connections add no_such_connection" in message

    def test_an_unreachable_server_fails_with_advice(self, connect: Connect) -> None:
        once = {"s3": {"addressing_style": "path"}, "retries": {"total_max_attempts": 1}}
        hook = S3OpsHook(connect(endpoint_url="http://127.0.0.1:9", config_kwargs=once))
        works, message = hook.test_connection()
        assert not works
        assert "Check endpoint_url" in message

    def test_an_address_with_a_login_fails_without_showing_it(self, connect: Connect) -> None:
        hook = S3OpsHook(connect(endpoint_url=f"http://someuser:{MARK}@127.0.0.1:9"))
        works, message = hook.test_connection()
        assert not works
        assert "endpoint_url with an '@'" in message
        assert MARK not in message


class TestPresignedUrl:
    def test_the_link_can_be_read_without_credentials(
        self, connect: Connect, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="a b+ü?#.txt", Body=b"hello")
        url = S3OpsHook(connect()).presigned_url(bucket, "a b+ü?#.txt", expires_in=60)
        with urllib.request.urlopen(url, timeout=20) as response:
            assert response.read() == b"hello"

    @pytest.mark.needs("signature_verification")
    def test_a_link_that_was_changed_to_another_key_is_refused(
        self, connect: Connect, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="mine", Body=b"mine")
        s3.put_object(Bucket=bucket, Key="yours", Body=b"yours")
        url = S3OpsHook(connect()).presigned_url(bucket, "yours")
        assert status_of_get(url) == 200
        assert status_of_get(url.replace("/yours?", "/mine?")) == 403

    def test_the_link_contains_its_lifetime(self, connect: Connect) -> None:
        hook = S3OpsHook(connect())
        assert query_of(hook.presigned_url("a-bucket", "k"))["X-Amz-Expires"] == "3600"
        assert query_of(hook.presigned_url("a-bucket", "k", 604_800))["X-Amz-Expires"] == "604800"

    @pytest.mark.parametrize("seconds", [0, -1, 604_801])
    def test_more_than_a_week_or_less_than_a_second_is_refused(self, connect: Connect, seconds: int) -> None:
        with pytest.raises(InvalidInput, match="is not a number of seconds from 1 to 604,800"):
            S3OpsHook(connect()).presigned_url("a-bucket", "k", seconds)

    def test_the_session_token_is_in_the_link(self, connect: Connect) -> None:
        url = S3OpsHook(connect(aws_session_token="token-of-the-session")).presigned_url("a-bucket", "k")
        assert query_of(url)["X-Amz-Security-Token"] == "token-of-the-session"

    def test_an_empty_key_is_refused(self, connect: Connect) -> None:
        with pytest.raises(InvalidKey):
            S3OpsHook(connect()).presigned_url("a-bucket", "")


class TestObjects:
    def test_head_object_takes_a_uri(self, connect: Connect, s3: S3Client, bucket: str) -> None:
        s3.put_object(Bucket=bucket, Key="data/a.csv", Body=b"12345", ContentType="text/csv")
        found = S3OpsHook(connect()).head_object(None, f"s3://{bucket}/data/a.csv")
        assert (found.uri, found.size, found.content_type) == (f"s3://{bucket}/data/a.csv", 5, "text/csv")

    def test_head_object_of_a_missing_key_is_an_error(self, connect: Connect, bucket: str) -> None:
        with pytest.raises(ObjectNotFound):
            S3OpsHook(connect()).head_object(bucket, "nothing")

    def test_list_objects_yields_the_objects_under_a_prefix(
        self, connect: Connect, s3: S3Client, bucket: str
    ) -> None:
        for key in ("data/a", "data/b", "other/c"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        hook = S3OpsHook(connect())
        assert [entry.key for entry in hook.list_objects(bucket, "data/")] == ["data/a", "data/b"]
        assert [entry.key for entry in hook.list_objects(None, f"s3://{bucket}/other")] == ["other/c"]

    @pytest.mark.needs("versioning")
    def test_list_versions_yields_versions_and_markers(
        self, connect: Connect, s3: S3Client, versioned_bucket: str
    ) -> None:
        s3.put_object(Bucket=versioned_bucket, Key="k", Body=b"1")
        s3.put_object(Bucket=versioned_bucket, Key="k", Body=b"2")
        s3.delete_object(Bucket=versioned_bucket, Key="k")
        assert [entry.key for entry in S3OpsHook(connect()).list_versions(versioned_bucket)] == ["k"] * 3

    def test_open_uploads_are_listed_and_aborted(self, connect: Connect, s3: S3Client, bucket: str) -> None:
        for key in ("raw/a", "raw/b", "other"):
            s3.create_multipart_upload(Bucket=bucket, Key=key)
        hook = S3OpsHook(connect())
        assert [entry.key for entry in hook.list_uploads(bucket, "raw/")] == ["raw/a", "raw/b"]
        assert hook.abort_uploads(bucket, "raw/", older_than=timedelta(days=36_500)) == 0
        assert hook.abort_uploads(bucket, "raw/") == 2
        assert [entry.key for entry in hook.list_uploads(bucket)] == ["other"]

    def test_a_stopped_hook_sends_no_request(self, connect: Connect, bucket: str) -> None:
        hook = S3OpsHook(connect())
        hook.stop()
        with pytest.raises(Stopped):
            hook.delete_object(bucket, "k")


class TestClient:
    def test_it_is_built_once(self, connect: Connect) -> None:
        hook = S3OpsHook(connect())
        assert hook.client is hook.client
        assert hook.get_conn() is hook.client

    def test_making_a_hook_reads_no_connection(self) -> None:
        assert S3OpsHook("no_such_connection").aws_conn_id == "no_such_connection"


class TestSecrets:
    @pytest.mark.needs_version("namespace_levels")
    def test_no_secret_shows_in_reprs_logs_and_errors(
        self, connect: Connect, faults: FaultProxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        faults.on("GET", times=None).respond(403, "AccessDenied")
        secrets = {"password": f"{MARK}-secret", "aws_session_token": f"{MARK}-token"}
        connect(endpoint_url=faults.endpoint_url, **secrets)
        levels = "airflow_s3ops=DEBUG airflow.providers.amazon=DEBUG"
        monkeypatch.setenv("AIRFLOW__LOGGING__NAMESPACE_LEVELS", levels)
        # A new process, because log levels are read only once.
        done = subprocess.run(
            [sys.executable, "-c", SHOW_ALL], check=True, capture_output=True, text=True, timeout=120
        )
        shown = done.stdout + done.stderr
        for expected in (
            "Retrieving region_name",
            "AWS Connection",
            "AccessDenied",
            "not allowed to list buckets",
        ):
            assert expected in shown
        assert MARK not in shown
