"""Read an Airflow connection, and merge botocore settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from airflow.exceptions import AirflowNotFoundException  # type: ignore[attr-defined]  # re-exported for 3.1
from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper
from airflow.sdk import BaseHook
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from airflow_s3ops.hooks.config_fields import require_fitting
from airflow_s3ops.s3.errors import ConnectionNotFound, CredentialsMissing, InvalidInput
from airflow_s3ops.s3.requests.endpoint import has_login

if TYPE_CHECKING:
    from airflow.sdk import Connection


# "verify" in the extra, written as text; any other text is a CA bundle's path.
_VERIFY_WORDS = {"true": True, "false": False}


class AwsConnection(AwsConnectionWrapper):
    """The provider's connection wrapper, without the key and the secret in its repr."""

    def __repr__(self) -> str:
        """Return the connection's id."""
        return str(self.conn_repr)


def aws_connection(
    conn_id: str | None, *, region_name: str | None = None, verify: bool | str | None = None
) -> AwsConnection:
    """Read an ``aws`` connection.

    :param conn_id: None means boto3's own credential chain: environment, ``~/.aws`` files, role.
    :param region_name: overrides the connection's region.
    :param verify: overrides the connection's ``verify``.
    :raises ConnectionNotFound: the id is unknown, or empty (as after a template that renders to nothing).
    :raises CredentialsMissing: the connection has a key without a secret, or a secret without a key.
    :raises InvalidInput: the connection has another type, the region's name is not valid, an address contains
        a login, or botocore or the provider refuses a value of the extra.
    """
    connection = None if conn_id is None else _existing(conn_id)
    if connection is not None and connection.conn_type not in ("aws", "", None):
        raise InvalidInput(
            f"The Airflow connection {conn_id!r} is of type {connection.conn_type!r}, not 'aws'",
            advice="Name a connection of type aws, or create one; the login of this one was sent nowhere.",
        )
    if connection is not None:
        _check_config(connection)
    try:
        read = AwsConnection(conn=connection, region_name=region_name, verify=verify)
    except (AttributeError, TypeError, ValueError, NotImplementedError, BotoCoreError) as error:
        raise InvalidInput(
            f"The extra of the Airflow connection {conn_id!r} is refused: {error}",
            advice="Correct the extra, including config_kwargs; docs/credentials.md lists its fields.",
        ) from error
    if connection is not None:
        _refuse_half_a_key(connection, read)
    for address in _addresses(read):
        refuse_login(address, f"The extra of the Airflow connection {conn_id!r}")
    for region in (region_name, read.region_name):  # with an empty one, the connection's would be used
        _check_region(region)
    read.verify = _VERIFY_WORDS.get(str(read.verify).lower(), read.verify)
    return read


def refuse_login(address: object, source: str) -> None:
    """Refuse an address with a login in it: S3 does not use it, and botocore repeats addresses in its errors.

    :param source: where the address comes from; the error message begins with it.
    :raises InvalidInput: the address has a login; the error does not show the address.
    """
    if isinstance(address, str) and has_login(address):
        raise InvalidInput(
            f"{source} has an endpoint_url with an '@', which looks like a user and password",
            advice="Write only the server's address there, and the access key id and its secret as login and "
            "password of the connection; renew the password, because others may have seen it.",
        )


def merged_config(*layers: Config | Mapping[str, Any] | None) -> Config:
    """Merge botocore settings, field by field: a later layer overrides only the fields that it has.

    :param layers: from the lowest to the highest precedence. The nested fields ``s3``, ``retries`` and
        ``proxies_config`` are merged field by field as well. ``signature_version="unsigned"`` means an
        anonymous client: botocore's own constant for it cannot be written in JSON.
    :raises InvalidInput: botocore has no such field, or refuses its value.
    """
    options: dict[str, Any] = {}
    for layer in layers:
        for name, value in _options(layer if layer is not None else {}).items():
            nested = isinstance(value, dict) and isinstance(options.get(name), dict) and name != "proxies"
            options[name] = {**options[name], **value} if nested else value
    require_fitting(options)
    try:
        return Config(**options)
    except (TypeError, ValueError, BotoCoreError) as error:
        raise InvalidInput(
            f"botocore refuses the client configuration: {error}",
            advice="Correct botocore_config, or config_kwargs in the connection's extra.",
        ) from error


def _addresses(read: AwsConnection) -> list[object]:
    services = read.service_config.values() if isinstance(read.service_config, dict) else ()
    settings = (service for service in services if isinstance(service, dict))
    return [read.endpoint_url, *(service.get("endpoint_url") for service in settings)]


def _options(layer: Config | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(layer, Config):
        # A Config stores the fields that were set apart from botocore's defaults, in a private attribute.
        return dict(cast("Any", layer)._user_provided_options)  # noqa: SLF001
    if not isinstance(layer, Mapping):
        raise InvalidInput(
            f"botocore_config is not a dict but {type(layer).__name__}",
            advice="Give the fields of botocore.config.Config by name; nothing was sent.",
        )
    is_anonymous = layer.get("signature_version") == "unsigned"
    return {**layer, "signature_version": UNSIGNED} if is_anonymous else dict(layer)


def _check_config(connection: Connection) -> None:
    config = connection.extra_dejson.get("config_kwargs")
    if isinstance(config, Mapping):  # the provider refuses anything else
        require_fitting(config)


def _check_region(region_name: object) -> None:
    is_name = isinstance(region_name, str) and re.fullmatch(r"[a-z0-9-]+", region_name)
    if region_name is not None and not is_name:
        raise InvalidInput(
            f"region_name={region_name!r} is not the name of a region",
            advice="Write it as AWS does, such as ap-northeast-2, and check its template if it has one.",
        )


def _refuse_half_a_key(connection: Connection, read: AwsConnection) -> None:
    # The provider would ignore an incomplete key pair and use the machine's own credentials.
    is_half = bool(connection.login) != bool(connection.password)
    is_half |= bool(read.aws_access_key_id) != bool(read.aws_secret_access_key)
    if is_half or (read.aws_session_token and not read.aws_access_key_id):
        raise CredentialsMissing(
            f"The Airflow connection {connection.conn_id!r} has only a part of access key id and secret",
            advice="Fill in both, or leave both empty to use a role or boto3's own credential chain.",
        )


def _existing(conn_id: str) -> Connection:
    if not isinstance(conn_id, str):
        raise InvalidInput(
            f"aws_conn_id={conn_id!r} is not a text", advice="Check the template of aws_conn_id."
        )
    try:
        if conn_id:
            return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise _not_found(conn_id) from error
    except ImportError as error:
        # Airflow 3.1 outside a task: it imports a supervisor that does not exist there.
        if "SUPERVISOR_COMMS" not in str(error):
            raise
        raise _not_found(conn_id) from error
    raise _not_found(conn_id)


def _not_found(conn_id: str) -> ConnectionNotFound:
    name = conn_id or "aws_default"
    return ConnectionNotFound(
        f"There is no Airflow connection {conn_id!r}; this machine's own credentials are not used instead",
        advice=(
            f"Create it: airflow connections add {name} --conn-type aws, or in the UI under Admin, "
            f"Connections, or as the environment variable AIRFLOW_CONN_{name.upper()}; "
            "docs/credentials.md explains all three. Outside a task Airflow finds only the environment "
            "variable. To use boto3's own credential chain, set aws_conn_id=None."
        ),
    )
