"""Fixtures: connections and AWS files for one test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests import servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import S3Server

CONNECTION_ID = "s3ops_hook"


class Connect(Protocol):
    """Creates a connection to the test's server, with the given fields changed; returns its id.

    None leaves a field out.
    """

    def __call__(self, *, login: str | None = "", password: str | None = "", **extra: Any) -> str: ...


class WriteAwsFiles(Protocol):
    """Writes `~/.aws/credentials` and `~/.aws/config` into a new home folder."""

    def __call__(self, *, credentials: str = "", config: str = "") -> Path: ...


@pytest.fixture
def connect(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """A function that creates connections."""

    def make(*, login: str | None = "", password: str | None = "", **extra: Any) -> str:
        fields: dict[str, Any] = {
            "conn_type": "aws",
            "login": server.access_key if login == "" else login,
            "password": server.secret_key if password == "" else password,
            "extra": {k: v for k, v in {**server.connection_extra(), **extra}.items() if v is not None},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION_ID.upper()}", json.dumps(fields))
        return CONNECTION_ID

    return make


@pytest.fixture
def aws_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteAwsFiles:
    """A function that writes AWS files; no environment variable names other files."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE")
    monkeypatch.delenv("AWS_CONFIG_FILE")

    def write(*, credentials: str = "", config: str = "") -> Path:
        folder = tmp_path / ".aws"
        folder.mkdir()
        (folder / "credentials").write_text(credentials)
        (folder / "config").write_text(config)
        return tmp_path

    return write


@pytest.fixture(scope="session")
def moto() -> Iterator[S3Server]:
    """moto, whatever server the tests use: it also has an STS."""
    with servers.embedded() as running:
        yield running
