"""S3 mocked in this process, with the network blocked."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, NoReturn

import awscrt.io
import awscrt.s3
import boto3
import pytest
from moto import mock_aws

from tests.servers.purge import create_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

REGION = "eu-central-1"


@pytest.fixture
def network_attempts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Block the network; return the list of attempts, because code under test may catch the error."""
    attempts: list[str] = []

    def failing(name: str) -> object:
        def fail(*_: object, **__: object) -> NoReturn:
            attempts.append(name)
            raise AssertionError(f"{name}: a request leaves the mock")

        return fail

    # awscrt opens its sockets in C, not by Python's socket module.
    for owner, names in {
        socket.socket: ("connect", "connect_ex", "sendto"),
        socket: ("create_connection", "getaddrinfo"),
        awscrt.s3.S3Client: ("__init__",),
        awscrt.io.ClientBootstrap: ("__init__",),
    }.items():
        for name in names:
            monkeypatch.setattr(owner, name, failing(f"{owner.__name__}.{name}"))
    return attempts


@pytest.fixture
def mocked(network_attempts: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto's S3 as in a user's test: a connection without an endpoint."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    connection = {"conn_type": "aws", "extra": {"region_name": REGION}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    with mock_aws():
        yield
    assert network_attempts == []


@pytest.fixture
def s3(mocked: None) -> S3Client:  # noqa: ARG001 - the mock must be active before the client is made
    """A boto3 client, to prepare and to check what is in S3."""
    return boto3.session.Session().client("s3", region_name=REGION)


@pytest.fixture
def bucket(s3: S3Client) -> str:
    """The name of a bucket with versioning."""
    name = "acme-reports"
    create_bucket(s3, name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name
