"""A mocked S3 in this process, and no way out of it."""

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
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every way out of this process fails; what was tried is listed, as an error may be handled."""
    tried: list[str] = []

    def failing(name: str) -> object:
        def fail(*_: object, **__: object) -> NoReturn:
            tried.append(name)
            raise AssertionError(f"{name}: a request leaves the mock")

        return fail

    # awscrt opens its sockets in C, past Python's.
    for owner, names in {
        socket.socket: ("connect", "connect_ex", "sendto"),
        socket: ("create_connection", "getaddrinfo"),
        awscrt.s3.S3Client: ("__init__",),
        awscrt.io.ClientBootstrap: ("__init__",),
    }.items():
        for name in names:
            monkeypatch.setattr(owner, name, failing(f"{owner.__name__}.{name}"))
    return tried


@pytest.fixture
def mocked(closed: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """S3 of moto, as a user's test has it: a connection without an endpoint."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    connection = {"conn_type": "aws", "extra": {"region_name": REGION}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    with mock_aws():
        yield
    assert closed == []


@pytest.fixture
def s3(mocked: None) -> S3Client:  # noqa: ARG001 - it must be at work when the client is made
    """A plain client of boto3's, to arrange things and to look."""
    return boto3.session.Session().client("s3", region_name=REGION)


@pytest.fixture
def bucket(s3: S3Client) -> str:
    """A bucket that keeps versions."""
    name = "acme-reports"
    create_bucket(s3, name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name
