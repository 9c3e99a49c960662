"""An S3 server as the tests know it: where it is and who we are there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boto3.session import Session
    from types_boto3_s3 import S3Client


@cache
def _session() -> Session:
    """Give one session for all clients: it keeps the service model, which takes 0.1 s to read each time."""
    import boto3

    return boto3.session.Session()


@dataclass(frozen=True)
class S3Server:
    """One server seen with one pair of keys; `as_user` gives the same server seen with another pair.

    :param folder: where a gateway on this machine keeps all that it stores; None if it keeps it elsewhere.
    """

    name: str
    endpoint_url: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str
    ca_bundle: str | None = None
    folder: str | None = None

    def client(self, **config: Any) -> S3Client:
        """Give a new client; `config` are botocore `Config` options laid over ours.

        Ours fail fast, so that a hanging server is a failing test, and add no checksum on their own, so that
        a test sends the one it means.
        """
        # Late, so that importing the fixtures costs nothing and reads no configuration of the machine.
        from botocore.config import Config

        ours = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=5,
            read_timeout=20,
            retries={"total_max_attempts": 2, "mode": "standard"},
        )
        return _session().client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            verify=self.ca_bundle,
            config=ours.merge(Config(**config)),
        )

    def as_user(self, access_key: str, secret_key: str) -> S3Server:
        """Give the same server seen with other keys."""
        return replace(self, access_key=access_key, secret_key=secret_key)

    def connection_extra(self) -> dict[str, Any]:
        """Give the `extra` of an Airflow connection of type `aws` to this server."""
        extra: dict[str, Any] = {
            "endpoint_url": self.endpoint_url,
            "region_name": self.region,
            "config_kwargs": {"s3": {"addressing_style": "path"}},
        }
        if self.ca_bundle is not None:
            extra["verify"] = self.ca_bundle
        return extra

    def connection_json(self) -> str:
        """Give the whole connection, as the environment variable `AIRFLOW_CONN_<ID>` takes it."""
        connection = {
            "conn_type": "aws",
            "login": self.access_key,
            "password": self.secret_key,
            "extra": self.connection_extra(),
        }
        return json.dumps(connection)
