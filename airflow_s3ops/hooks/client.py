"""From an Airflow connection to the one S3 client that speaks for it."""

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
    """Return a client with this package's settings for S3 beneath those of the connection.

    They are no part of the connection's own: STS is asked for a role with those, and S3's way of signing
    would spoil that request.

    :raises CredentialsMissing: the connection's profile does not exist.
    :raises InvalidInput: botocore refuses the configuration, the endpoint or the region.
    """
    place: dict[str, Any] = {
        "endpoint_url": connection.get_service_endpoint_url("s3"),
        "verify": connection.verify,
    }
    with translated(None), _refusals():
        # Only botocore knows: the address may also come from AWS_ENDPOINT_URL_S3 or from ~/.aws/config.
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
    """Turn what botocore raises bare about settings, when a client is made, into our error."""
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        if isinstance(error, S3OpsError):
            raise
        hidden = has_login(str(error))  # botocore repeats the address
        reason = "an endpoint_url has a login in it" if hidden else str(error)
        raise InvalidInput(
            f"botocore makes no client of the endpoint, region and configuration: {reason}",
            advice="Correct the connection's extra, botocore_config, or AWS_ENDPOINT_URL_S3.",
        ) from (None if hidden else error)


@contextmanager
def role_assumed(connection: AwsConnection) -> Iterator[None]:
    """Turn what goes wrong when a role is assumed into our errors: STS refused then, not S3.

    :raises CredentialsMissing: STS refuses the role to this identity, now and on every retry.
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
                reason=f"STS said: {error}",
                advice="Allow this identity sts:AssumeRole on it, and name the identity in its trust policy.",
            ) from error


def _links_of_aws(address: str) -> dict[str, Any]:
    """Return what makes presigned links to AWS good everywhere.

    Left alone, botocore signs a link with Signature Version 2 in us-east-1, and for the global host in every
    other region, which answers with a redirect that the signature does not fit. A server that is not AWS is
    addressed by path: its certificate and DNS seldom know a host for each bucket.
    """
    style = {"s3": {"addressing_style": "virtual"}} if is_aws(address) else {}
    return {"signature_version": "s3v4", **style}
