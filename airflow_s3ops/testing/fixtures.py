"""The pytest fixtures that ``pytest_plugins = ["airflow_s3ops.testing"]`` adds.

They start an S3 server and set one environment variable for Airflow. They need no Airflow database.
(PYTEST_DONT_REWRITE: this module has no assert.)
"""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops.testing.embedded import EmbeddedServer, EmbeddedServerError, embedded_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def s3ops_server() -> Iterator[EmbeddedServer]:
    """An S3 server for the whole run: moto, in its own process, empty at first."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(embedded_server())
        except EmbeddedServerError as error:
            pytest.fail(str(error), pytrace=False)
        yield server


@pytest.fixture(scope="session")
def s3ops_connection_id() -> str:
    """The id of the connection, ``aws_default``; define a fixture of this name to use another id."""
    return "aws_default"


@pytest.fixture
def s3ops_connection(
    s3ops_server: EmbeddedServer, s3ops_connection_id: str, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The id of an Airflow connection to the server; ``AIRFLOW_CONN_<ID>`` is set for this test only.

    It is removed after the test, because the next test may run under ``mock_aws``: moto does not intercept
    requests of a connection with its own ``endpoint_url``.
    """
    monkeypatch.setenv(f"AIRFLOW_CONN_{s3ops_connection_id.upper()}", s3ops_server.connection_json())
    return s3ops_connection_id


@pytest.fixture
def s3ops_bucket(s3ops_connection: str) -> Iterator[str]:
    """The name of a new bucket; after the test it is deleted, with versions, markers and open uploads."""
    from airflow_s3ops.hooks import S3OpsHook

    hook = S3OpsHook(s3ops_connection)
    name = f"s3ops-{uuid.uuid4().hex[:20]}"
    hook.create_bucket(name)
    yield name
    hook.delete_bucket(name, force=True, if_missing="ignore")
