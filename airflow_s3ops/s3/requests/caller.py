"""The identity, region and endpoint of a client, as an error message shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from airflow_s3ops.s3.requests.endpoint import without_login

if TYPE_CHECKING:
    from botocore.client import BaseClient


@dataclass(frozen=True)
class Caller:
    """The identity, region and endpoint of a client.

    :param identity: the identity that signs the requests, safe for a log: at most the last four characters
        of an access key id, and no part of a secret.
    :param endpoint: without a user name and password, if the URL contains them.
    """

    identity: str
    region: str
    endpoint: str

    def __str__(self) -> str:
        """Return one phrase for a log line."""
        return f"{self.identity}, region {self.region}, endpoint {self.endpoint}"


def masked_access_key(access_key_id: str) -> str:
    """Return the last four characters of an access key id: enough to recognise it."""
    return f"access key …{access_key_id[-4:]}" if len(access_key_id) >= 12 else "access key …"


def caller_of(client: BaseClient) -> Caller:
    """Return the identity, region and endpoint of a client. No request is made."""
    return Caller(
        identity=_identity(client),
        region=client.meta.region_name or "none",
        endpoint=without_login(client.meta.endpoint_url),
    )


def _identity(client: BaseClient) -> str:
    # botocore has no public access to a client's credentials, and the session that had them is not kept.
    credentials = cast("Any", client)._request_signer._credentials  # noqa: SLF001
    if credentials is None:
        return "no credentials (anonymous)"
    # Read the private field if there is one: the property may refresh a role, which makes a request.
    field = "_access_key" if hasattr(credentials, "_access_key") else "access_key"
    access_key = getattr(credentials, field)
    return masked_access_key(access_key) if access_key else f"credentials from {credentials.method}"
