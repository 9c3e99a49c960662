"""Cases with the connection that fail in the amazon provider and work here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.hooks import S3OpsHook
from airflow_s3ops.s3.errors import ConnectionNotFound

if TYPE_CHECKING:
    from tests.faults import FaultProxy
    from tests.hooks.conftest import Connect
    from tests.servers import S3Server


class TestPeers:
    """Cases of "Connection"."""

    @pytest.mark.parametrize("conn_id", ["no_such_connection", ""])
    def test_an_unknown_connection_id_never_falls_back_to_ambient_credentials(
        self, conn_id: str, faults: FaultProxy, server: S3Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
        monkeypatch.setenv("AWS_DEFAULT_REGION", server.region)
        monkeypatch.setenv("AWS_ENDPOINT_URL", faults.endpoint_url)
        S3OpsHook(aws_conn_id=None).client.list_buckets()
        assert faults.count() == 1  # the environment's credentials would work
        with pytest.raises(ConnectionNotFound):
            S3OpsHook(conn_id).delete_object("a-bucket", "k")
        assert faults.count() == 1

    def test_botocore_config_keeps_the_connections_path_style_and_checksum_settings(
        self, connect: Connect, bucket: str
    ) -> None:
        of_connection = {
            "s3": {"addressing_style": "path"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
        hook = S3OpsHook(connect(config_kwargs=of_connection), config={"read_timeout": 17})
        config: Any = hook.client.meta.config
        assert config.read_timeout == 17
        assert config.s3["addressing_style"] == "path"
        assert config.request_checksum_calculation == "when_required"
        assert config.response_checksum_validation == "when_required"
        assert list(hook.list_objects(bucket)) == []

    def test_test_connection_does_not_ask_sts_and_so_works_on_every_server(
        self, connect: Connect, faults: FaultProxy
    ) -> None:
        # No server listens at this STS endpoint: a request to STS would fail.
        hook = S3OpsHook(
            connect(
                endpoint_url=faults.endpoint_url,
                service_config={"sts": {"endpoint_url": "http://127.0.0.1:9"}},
            )
        )
        assert hook.test_connection()[0]
        assert [(request.method, request.path) for request in faults.requests] == [("GET", "/")]
