"""An S3 server of the tests: its address and the keys to use."""

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
    """Return one session for all clients: it caches the service model, which takes 0.1 s to load."""
    import boto3

    return boto3.session.Session()


@dataclass(frozen=True)
class S3Server:
    """One server with one pair of keys; `as_user` returns the same server with another pair.

    :param folder: the folder where a gateway on this machine stores its data; None for other servers.
    """

    name: str
    endpoint_url: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str
    ca_bundle: str | None = None
    folder: str | None = None

    def client(self, **config: Any) -> S3Client:
        """Return a new client; `config` has botocore `Config` options that override ours.

        Ours have short time-outs, so that a test fails if the server hangs. They add no checksum, so that a
        request has only the checksum that the test sets.
        """
        # Imported here, so that importing the fixtures is cheap and reads no configuration of the machine.
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
        """Return the same server with other keys."""
        return replace(self, access_key=access_key, secret_key=secret_key)

    def connection_extra(self) -> dict[str, Any]:
        """Return the `extra` of an Airflow connection of type `aws` to this server."""
        extra: dict[str, Any] = {
            "endpoint_url": self.endpoint_url,
            "region_name": self.region,
            "config_kwargs": {"s3": {"addressing_style": "path"}},
        }
        if self.ca_bundle is not None:
            extra["verify"] = self.ca_bundle
        return extra

    def connection_json(self) -> str:
        """Return the whole connection, in the format of the environment variable `AIRFLOW_CONN_<ID>`."""
        connection = {
            "conn_type": "aws",
            "login": self.access_key,
            "password": self.secret_key,
            "extra": self.connection_extra(),
        }
        return json.dumps(connection)
