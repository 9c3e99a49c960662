"""Read a connection, and merge configurations field by field."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from airflow_s3ops.hooks.connection import aws_connection, merged_config
from airflow_s3ops.s3.errors import ConnectionNotFound, CredentialsMissing, InvalidInput

if TYPE_CHECKING:
    from tests.hooks.conftest import Connect


def options(*layers: Config | dict[str, Any] | None) -> dict[str, Any]:
    merged: Any = merged_config(*layers)
    return dict(merged._user_provided_options)


class TestConnection:
    def test_an_unknown_id_is_refused_with_the_ways_to_create_it(self) -> None:
        with pytest.raises(ConnectionNotFound) as caught:
            aws_connection("no_such_connection")
        assert "no Airflow connection 'no_such_connection'" in str(caught.value)
        assert "airflow connections add no_such_connection --conn-type aws" in caught.value.advice
        assert "AIRFLOW_CONN_NO_SUCH_CONNECTION" in caught.value.advice
        assert "aws_conn_id=None" in caught.value.advice

    def test_an_empty_id_is_refused_like_an_unknown_one(self) -> None:
        with pytest.raises(ConnectionNotFound, match="no Airflow connection ''"):
            aws_connection("")

    def test_no_id_reads_no_connection(self) -> None:
        connection = aws_connection(None, region_name="eu-west-3", verify=False)
        assert not connection
        assert (connection.region_name, connection.verify) == ("eu-west-3", False)

    @pytest.mark.parametrize(("login", "password"), [("AKIA0123456789", None), (None, "secret")])
    def test_an_incomplete_key_pair_is_refused(
        self, connect: Connect, login: str | None, password: str | None
    ) -> None:
        with pytest.raises(CredentialsMissing, match="has only a part of access key id and secret"):
            aws_connection(connect(login=login, password=password))

    @pytest.mark.parametrize("name", ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"])
    def test_an_incomplete_key_pair_in_the_extra_is_refused(self, connect: Connect, name: str) -> None:
        with pytest.raises(CredentialsMissing, match="has only a part of access key id and secret"):
            aws_connection(connect(login=None, password=None, **{name: "alone"}))

    def test_a_given_region_overrides_the_connections(self, connect: Connect) -> None:
        conn_id = connect(region_name="eu-north-1")
        assert aws_connection(conn_id).region_name == "eu-north-1"
        assert aws_connection(conn_id, region_name="sa-east-1").region_name == "sa-east-1"

    def test_a_given_verify_overrides_the_connections(self, connect: Connect) -> None:
        conn_id = connect(verify="/a/bundle.pem")
        assert aws_connection(conn_id).verify == "/a/bundle.pem"
        assert aws_connection(conn_id, verify=False).verify is False

    @pytest.mark.parametrize(
        "extra",
        [
            {"config_kwargs": {"no_such_field": 1}},
            {"config_kwargs": {"s3": {"addressing_style": "diagonal"}}},
            {"config_kwargs": 5},
            {"role_arn": "arn:aws:iam::1:role/r", "assume_role_method": "by_force"},
        ],
        ids=["unknown field", "wrong value", "no mapping", "unknown method"],
    )
    def test_an_extra_that_cannot_be_read_is_a_permanent_error(
        self, connect: Connect, extra: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidInput, match="The extra of the Airflow connection 's3ops_hook' is refused"):
            aws_connection(connect(**extra))

    def test_its_repr_names_the_connection_and_holds_no_secret(self, connect: Connect) -> None:
        connection = aws_connection(connect(password="hush-hush-hush", aws_session_token="mum-is-the-word"))
        assert connection.aws_secret_access_key == "hush-hush-hush"
        assert "s3ops_hook" in repr(connection)
        assert "hush" not in repr(connection)
        assert "mum" not in repr(connection)


class TestMergedConfig:
    def test_fields_that_a_later_layer_leaves_out_stay(self) -> None:
        merged = options({"read_timeout": 7, "connect_timeout": 3}, {"read_timeout": 9})
        assert merged == {"read_timeout": 9, "connect_timeout": 3}

    @pytest.mark.parametrize(
        ("name", "below", "above", "together"),
        [
            (
                "s3",
                {"addressing_style": "path"},
                {"payload_signing_enabled": False},
                {"addressing_style": "path", "payload_signing_enabled": False},
            ),
            (
                "retries",
                {"mode": "standard"},
                {"total_max_attempts": 4},
                {"mode": "standard", "total_max_attempts": 4},
            ),
            (
                "proxies_config",
                {"proxy_ca_bundle": "/a.pem"},
                {"proxy_use_forwarding_for_https": True},
                {"proxy_ca_bundle": "/a.pem", "proxy_use_forwarding_for_https": True},
            ),
        ],
    )
    def test_nested_fields_are_merged_field_by_field(
        self, name: str, below: dict[str, Any], above: dict[str, Any], together: dict[str, Any]
    ) -> None:
        assert options({name: below}, {name: above}) == {name: together}

    def test_proxies_are_replaced_and_not_merged(self) -> None:
        below, above = {"http": "http://a:1", "https": "http://a:1"}, {"https": "http://b:2"}
        assert options({"proxies": below}, {"proxies": above}) == {"proxies": above}

    def test_a_config_object_is_a_layer_like_a_dict(self) -> None:
        merged = options(
            Config(read_timeout=7, s3={"addressing_style": "path"}), None, {"connect_timeout": 3}
        )
        assert merged == {"read_timeout": 7, "s3": {"addressing_style": "path"}, "connect_timeout": 3}

    def test_the_layers_are_not_changed(self) -> None:
        below = {"s3": {"addressing_style": "path"}}
        merged_config(below, {"s3": {"payload_signing_enabled": False}})
        assert below == {"s3": {"addressing_style": "path"}}

    def test_unsigned_means_an_anonymous_client(self) -> None:
        assert options({"signature_version": "unsigned"}) == {"signature_version": UNSIGNED}

    @pytest.mark.parametrize(
        "layer",
        [
            {"no_such_field": 1},
            {"s3": {"addressing_style": "diagonal"}},
            {"retries": {"mode": "stubborn"}},
            {"retries": {"max_attempts": -1}},
        ],
        ids=json.dumps,
    )
    def test_a_value_that_botocore_refuses_is_a_permanent_error(self, layer: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput, match="botocore refuses the client configuration"):
            merged_config({"read_timeout": 7}, layer)

    @pytest.mark.parametrize(
        "layer",
        [
            {"connect_timeout": "5"},
            {"read_timeout": "5"},
            {"read_timeout": 0},
            {"max_pool_connections": "5"},
            {"max_pool_connections": None},
            {"max_pool_connections": True},
            {"retries": 5},
            {"s3": 5},
            {"proxies": "http://someuser:hush99@proxy.example"},
            {"proxies": {"http": 5}},
            {"proxies_config": "x"},
            {"tcp_keepalive": "False"},
        ],
        ids=json.dumps,
    )
    def test_a_value_with_which_botocore_would_fail_later_is_refused_and_named(
        self, layer: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidInput, match=f"{next(iter(layer))} is ") as caught:
            merged_config({"user_agent_extra": "x"}, layer)
        assert "hush99" not in str(caught.value)

    @pytest.mark.parametrize("name", ["connect_timeout", "read_timeout", "retries", "s3", "proxies"])
    def test_none_is_left_to_botocore(self, name: str) -> None:
        assert options({name: None}) == {name: None}

    def test_a_text_instead_of_a_dict_is_a_permanent_error(self) -> None:
        layer: Any = '{"read_timeout": 7}'
        with pytest.raises(InvalidInput, match="botocore_config is not a dict but str"):
            merged_config(layer)


def test_a_connection_of_another_type_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DATABASE", "postgres://somebody:a-password@db.example/x")
    with pytest.raises(InvalidInput, match="'postgres'") as caught:
        aws_connection("database")
    assert "a-password" not in str(caught.value)


@pytest.mark.parametrize("retries", [5, "5"])
def test_a_wrong_field_of_the_connection_is_refused_and_named(connect: Connect, retries: Any) -> None:
    with pytest.raises(InvalidInput, match="retries is "):
        aws_connection(connect(config_kwargs={"retries": retries}))


def test_an_id_that_is_not_a_text_is_refused() -> None:
    with pytest.raises(InvalidInput, match="aws_conn_id=5 is not a text"):
        aws_connection(5)  # type: ignore[arg-type]


@pytest.mark.parametrize("region_name", ["", "None", "Seoul", "ap northeast 2", 5])
def test_an_invalid_region_is_refused(connection: str, region_name: Any) -> None:
    with pytest.raises(InvalidInput, match="region_name"):
        aws_connection(connection, region_name=region_name)


@pytest.mark.parametrize(("text", "expected"), [("false", False), ("True", True), ("/ca.pem", "/ca.pem")])
def test_verify_may_be_written_as_text(monkeypatch: pytest.MonkeyPatch, text: str, expected: Any) -> None:
    fields = {"conn_type": "aws", "login": "key-id", "password": "a-secret", "extra": {"verify": text}}
    monkeypatch.setenv("AIRFLOW_CONN_VERIFIED", json.dumps(fields))
    assert aws_connection("verified").verify == expected


@pytest.mark.parametrize(
    "extra",
    [
        {"endpoint_url": "http://someuser:hush99@127.0.0.1:9"},
        {"endpoint_url": "someuser:hush99@127.0.0.1:9"},
        {"service_config": {"s3": {"endpoint_url": "http://someuser:hush99@127.0.0.1:9"}}},
        {"service_config": {"sts": {"endpoint_url": "http://someuser:hush99@127.0.0.1:9"}}},
    ],
    ids=["endpoint", "without scheme", "of s3", "of sts"],
)
def test_an_address_with_a_login_is_refused_without_showing_it(
    connect: Connect, extra: dict[str, Any]
) -> None:
    with pytest.raises(
        InvalidInput, match="the Airflow connection 's3ops_hook' has an endpoint_url"
    ) as caught:
        aws_connection(connect(**extra))
    assert "hush99" not in "".join(traceback.format_exception(caught.value))
