"""Make the S3 client of an Airflow connection."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airflow_s3ops.hooks.connection import merged_config, refuse_login
from airflow_s3ops.s3.errors import CredentialsMissing, InvalidInput, S3OpsError
from airflow_s3ops.s3.requests.client_config import client_config
from airflow_s3ops.s3.requests.endpoint import has_login, is_aws
from airflow_s3ops.s3.requests.translate import code_of, error_class, status_of, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3
    from types_boto3_s3 import S3Client

    from airflow_s3ops.hooks.connection import AwsConnection


def s3_client(session: boto3.session.Session, connection: AwsConnection) -> S3Client:
    """Return a client with this package's S3 settings; the connection's settings override them.

    These settings are not added to the connection itself: the connection's settings are also used for STS,
    and a request to STS would fail with S3's signature settings.

    :raises CredentialsMissing: the connection's profile does not exist.
    :raises InvalidInput: botocore refuses the configuration, the endpoint or the region.
    """
    place: dict[str, Any] = {
        "endpoint_url": connection.get_service_endpoint_url("s3"),
        "verify": connection.verify,
    }
    with translated(None), _refusals():
        # Ask botocore: the address may also come from AWS_ENDPOINT_URL_S3 or from ~/.aws/config.
        address = session.client("s3", config=connection.botocore_config, **place).meta.endpoint_url
        refuse_login(address, "The environment, or ~/.aws/config,")
        config = merged_config(
            client_config(endpoint_is_https=address.startswith("https:")),
            _links_of_aws(address),
            connection.botocore_config,
        )
        client: S3Client = session.client("s3", config=config, **place)
    return client


@contextmanager
def _refusals() -> Iterator[None]:
    """Translate the plain errors that botocore raises about settings when a client is made."""
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        if isinstance(error, S3OpsError):
            raise
        hidden = has_login(str(error))  # botocore repeats the address
        reason = "an endpoint_url contains a login" if hidden else str(error)
        raise InvalidInput(
            f"botocore cannot make a client from the endpoint, region and configuration: {reason}",
            advice="Correct the connection's extra, botocore_config, or AWS_ENDPOINT_URL_S3.",
        ) from (None if hidden else error)


@contextmanager
def role_assumed(connection: AwsConnection) -> Iterator[None]:
    """Translate errors while a role is assumed: they come from STS, not from S3.

    :raises CredentialsMissing: STS refuses the role to this identity, and a retry cannot help.
    """
    with translated(None):
        try:
            yield
        except ClientError as error:
            if error_class(code_of(error), status_of(error)).retryable:
                raise
            raise CredentialsMissing(
                f"The role {connection.role_arn} could not be assumed ({connection.conn_repr})",
                code=code_of(error),
                reason=f"STS responded: {error}",
                advice="Allow this identity sts:AssumeRole on the role, and name the identity in the role's "
                "trust policy.",
            ) from error


def _links_of_aws(address: str) -> dict[str, Any]:
    """Return the settings with which presigned links work in every AWS region and on other servers.

    By default botocore signs a link with Signature Version 2 in us-east-1. In every other region it signs for
    the global host, which responds with a redirect for which the signature is wrong. A server that is not AWS
    is addressed by path: its certificate and DNS seldom have a host for each bucket.
    """
    style = {"s3": {"addressing_style": "virtual"}} if is_aws(address) else {}
    return {"signature_version": "s3v4", **style}
