"""The client of a connection: its settings, its endpoint, its role."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore import UNSIGNED

from airflow_s3ops import __version__
from airflow_s3ops.hooks import S3OpsHook
from airflow_s3ops.s3.errors import CredentialsMissing, InvalidInput, Throttled
from airflow_s3ops.s3.requests.caller import caller_of
from tests.hooks.roles import ROLE, is_sts, refuse_as_sts, respond_as_sts
from tests.hooks.sent_requests import headers_sent, query_of, signed_as

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.hooks.conftest import Connect
    from tests.servers import S3Server

PATH_STYLE = {"s3": {"addressing_style": "path"}}


def config_of(client: S3Client) -> Any:
    return client.meta.config


def of_aws(connect: Connect, region: str, **extra: Any) -> S3OpsHook:
    """Return a hook with a connection to AWS itself; the tests send no request to it."""
    return S3OpsHook(connect(endpoint_url=None, region_name=region, config_kwargs=None, **extra))


class TestSettings:
    def test_the_operators_configuration_is_merged_over_the_connections(self, connect: Connect) -> None:
        conn_id = connect(config_kwargs={**PATH_STYLE, "retries": {"mode": "standard"}, "read_timeout": 11})
        own = {"s3": {"use_accelerate_endpoint": False}, "retries": {"total_max_attempts": 2}}
        config = config_of(S3OpsHook(conn_id, config=own).client)
        assert config.s3["addressing_style"] == "path"
        assert config.s3["use_accelerate_endpoint"] is False
        assert config.retries == {"mode": "standard", "total_max_attempts": 2}
        assert config.read_timeout == 11

    def test_the_connection_overrides_this_packages_own_settings(self, connect: Connect) -> None:
        conn_id = connect(config_kwargs={**PATH_STYLE, "request_checksum_calculation": "when_supported"})
        assert config_of(S3OpsHook(conn_id).client).request_checksum_calculation == "when_supported"

    def test_no_checksum_is_added_that_compatible_servers_refuse(self, connect: Connect) -> None:
        assert config_of(S3OpsHook(connect()).client).request_checksum_calculation == "when_required"

    def test_the_payload_is_signed_over_http(self, connect: Connect, server: S3Server) -> None:
        endpoint = server.endpoint_url.replace("https:", "http:")
        hook = S3OpsHook(connect(endpoint_url=endpoint))
        sent = headers_sent(hook.client)
        with pytest.raises(Exception, match=r".*"):  # the server's response does not matter here
            hook.client.put_object(Bucket="no-such-bucket-at-all", Key="k", Body=b"signed")
        assert sent[0]["x-amz-content-sha256"] != "UNSIGNED-PAYLOAD"

    def test_requests_name_this_package(self, connect: Connect, bucket: str) -> None:
        hook = S3OpsHook(connect())
        sent = headers_sent(hook.client)
        list(hook.list_objects(bucket))
        assert f"airflow-s3ops/{__version__}" in sent[0]["user-agent"]

    def test_an_anonymous_client_can_be_configured(self, connect: Connect) -> None:
        client = S3OpsHook(connect(), config={"signature_version": "unsigned"}).client
        assert config_of(client).signature_version is UNSIGNED


class TestEndpoint:
    def test_the_services_endpoint_overrides_the_connections(
        self, connect: Connect, server: S3Server, bucket: str
    ) -> None:
        conn_id = connect(
            endpoint_url="http://127.0.0.1:9", service_config={"s3": {"endpoint_url": server.endpoint_url}}
        )
        assert list(S3OpsHook(conn_id).list_objects(bucket)) == []

    def test_an_endpoint_from_the_environment_is_addressed_by_path(
        self, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://minio.example:9000")
        hook = S3OpsHook(connect(endpoint_url=None, config_kwargs=None))
        assert hook.presigned_url("a-bucket", "k").startswith("http://minio.example:9000/a-bucket/k?")

    @pytest.mark.parametrize("scheme", ["http://", ""])
    def test_an_endpoint_with_a_login_from_the_environment_is_refused_without_showing_it(
        self, connect: Connect, monkeypatch: pytest.MonkeyPatch, scheme: str
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"{scheme}someuser:hush99@minio.example:9000")
        hook = S3OpsHook(connect(endpoint_url=None, config_kwargs=None))
        with pytest.raises(InvalidInput, match="endpoint") as caught:
            _ = hook.client
        assert "hush99" not in "".join(traceback.format_exception(caught.value))

    def test_an_invalid_address_is_a_permanent_error(self, connect: Connect) -> None:
        hook = S3OpsHook(connect(endpoint_url="minio.example"))
        with pytest.raises(InvalidInput, match=r"minio\.example"):
            _ = hook.client

    def test_an_invalid_region_is_a_permanent_error(self, connect: Connect) -> None:
        hook = S3OpsHook(connect(region_name="not a region"))
        with pytest.raises(InvalidInput, match="region"):
            _ = hook.client


class TestLinksOfAws:
    @pytest.mark.parametrize(
        ("region", "host"),
        [
            ("us-east-1", "a-bucket.s3.amazonaws.com"),
            ("ap-northeast-2", "a-bucket.s3.ap-northeast-2.amazonaws.com"),
            ("eu-central-1", "a-bucket.s3.eu-central-1.amazonaws.com"),
            ("cn-north-1", "a-bucket.s3.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "a-bucket.s3.us-gov-west-1.amazonaws.com"),
        ],
    )
    def test_a_link_names_the_regions_own_host_and_is_signed_with_version_4(
        self, connect: Connect, region: str, host: str
    ) -> None:
        url = of_aws(connect, region).presigned_url("a-bucket", "k")
        assert urlsplit(url).hostname == host
        assert query_of(url)["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
        assert f"/{region}/s3/aws4_request" in query_of(url)["X-Amz-Credential"]

    def test_a_connection_may_use_path_style_on_aws(self, connect: Connect) -> None:
        conn_id = connect(endpoint_url=None, region_name="eu-central-1", config_kwargs=PATH_STYLE)
        url = S3OpsHook(conn_id).presigned_url("a-bucket", "k")
        assert urlsplit(url).path == "/a-bucket/k"

    def test_a_bucket_name_with_dots_is_in_the_path_and_not_in_the_host(self, connect: Connect) -> None:
        # The certificate *.s3.<region>.amazonaws.com covers only one label.
        url = of_aws(connect, "eu-central-1").presigned_url("www.example.com", "k")
        assert urlsplit(url).hostname == "s3.eu-central-1.amazonaws.com"


class TestRole:
    def test_requests_are_signed_by_the_assumed_role(
        self, connect: Connect, faults: FaultProxy, server: S3Server, bucket: str
    ) -> None:
        respond_as_sts(faults, server)
        conn_id = connect(
            login="AKIAOFSTSALONE000000",
            password="good-for-nothing-else",
            role_arn=ROLE,
            service_config={"sts": {"endpoint_url": faults.endpoint_url}},
        )
        hook = S3OpsHook(conn_id)
        sent = headers_sent(hook.client)
        assert list(hook.list_objects(bucket)) == []
        assert signed_as(sent[0]) == server.access_key

    def test_requests_to_sts_have_no_signature_settings_of_s3(
        self, connect: Connect, faults: FaultProxy, server: S3Server
    ) -> None:
        respond_as_sts(faults, server)
        _ = S3OpsHook(
            connect(role_arn=ROLE, service_config={"sts": {"endpoint_url": faults.endpoint_url}})
        ).client
        (request,) = faults.matching("POST", predicate=is_sts)
        assert "x-amz-content-sha256" not in request.headers

    def test_a_real_sts_returns_temporary_keys_for_the_role(
        self, connect: Connect, moto: S3Server, bucket: str
    ) -> None:
        hook = S3OpsHook(connect(role_arn=ROLE, service_config={"sts": {"endpoint_url": moto.endpoint_url}}))
        query = query_of(hook.presigned_url(bucket, "k"))
        assert query["X-Amz-Credential"].startswith("ASIA")
        assert query["X-Amz-Security-Token"]

    def test_a_refused_role_says_what_to_allow(self, connect: Connect, faults: FaultProxy) -> None:
        refuse_as_sts(faults, 403, "AccessDenied")
        hook = S3OpsHook(
            connect(role_arn=ROLE, service_config={"sts": {"endpoint_url": faults.endpoint_url}})
        )
        with pytest.raises(CredentialsMissing) as caught:
            _ = hook.client
        assert f"The role {ROLE} could not be assumed" in str(caught.value)
        assert "sts:AssumeRole" in caught.value.advice
        assert caught.value.code == "AccessDenied"

    def test_a_throttled_sts_is_a_transient_error(self, connect: Connect, faults: FaultProxy) -> None:
        refuse_as_sts(faults, 400, "Throttling")
        once = {**PATH_STYLE, "retries": {"total_max_attempts": 1}}
        hook = S3OpsHook(
            connect(
                role_arn=ROLE,
                config_kwargs=once,
                service_config={"sts": {"endpoint_url": faults.endpoint_url}},
            )
        )
        with pytest.raises(Throttled):
            _ = hook.client


class TestProfile:
    def test_an_unknown_profile_is_a_permanent_error(self, connect: Connect) -> None:
        hook = S3OpsHook(connect(login=None, password=None, profile_name="nobody"))
        with pytest.raises(CredentialsMissing, match="nobody"):
            _ = hook.client

    def test_no_credentials_anywhere_is_a_permanent_error(self, connect: Connect, bucket: str) -> None:
        hook = S3OpsHook(connect(login=None, password=None))
        with pytest.raises(CredentialsMissing):
            list(hook.list_objects(bucket))
        assert caller_of(hook.client).identity == "no credentials (anonymous)"
