"""Who asks, and where: what an error says about the client that made the refused request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from airflow_s3ops.s3.requests.endpoint import without_login

if TYPE_CHECKING:
    from botocore.client import BaseClient


@dataclass(frozen=True)
class Caller:
    """The identity, region and endpoint of a client.

    :param identity: how the client signs, in words fit for a log: never more of an access key id than its
        last four characters, and nothing of a secret.
    :param endpoint: without a login, if somebody has written one into it.
    """

    identity: str
    region: str
    endpoint: str

    def __str__(self) -> str:
        """Return one phrase for a log line."""
        return f"{self.identity}, region {self.region}, endpoint {self.endpoint}"


def masked_access_key(access_key_id: str) -> str:
    """Return enough of an access key id to tell it from others: its last four characters."""
    return f"access key …{access_key_id[-4:]}" if len(access_key_id) >= 12 else "access key …"


def caller_of(client: BaseClient) -> Caller:
    """Return who a client asks as, without a request to any server."""
    return Caller(
        identity=_identity(client),
        region=client.meta.region_name or "none",
        endpoint=without_login(client.meta.endpoint_url),
    )


def _identity(client: BaseClient) -> str:
    # botocore gives a client's credentials to nobody else; the session they came from is not ours to keep.
    credentials = cast("Any", client)._request_signer._credentials  # noqa: SLF001
    if credentials is None:
        return "no credentials (anonymous)"
    # The stored field, where there is one: reading the property may refresh a role, which asks a server.
    stored = "_access_key" if hasattr(credentials, "_access_key") else "access_key"
    access_key = getattr(credentials, stored)
    return masked_access_key(access_key) if access_key else f"credentials from {credentials.method}"
