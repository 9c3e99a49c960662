"""The fixtures of pytest that ``pytest_plugins = ["airflow_s3ops.testing"]`` brings.

What they give is S3's, and Airflow's only by one environment variable: they need no database of Airflow.
(PYTEST_DONT_REWRITE: there is no assert here.)
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
    """An S3 server for the whole run: moto's, in a process of its own, empty at first."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(embedded_server())
        except EmbeddedServerError as error:
            pytest.fail(str(error), pytrace=False)
        yield server


@pytest.fixture(scope="session")
def s3ops_connection_id() -> str:
    """The id of the connection; define a fixture of this name to have another one than ``aws_default``."""
    return "aws_default"


@pytest.fixture
def s3ops_connection(
    s3ops_server: EmbeddedServer, s3ops_connection_id: str, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The id of an Airflow connection to the server: for this test only, ``AIRFLOW_CONN_<ID>`` is set.

    It is not there for the next test, which may be one under ``mock_aws``: a connection with an address of
    its own leaves moto's mock.
    """
    monkeypatch.setenv(f"AIRFLOW_CONN_{s3ops_connection_id.upper()}", s3ops_server.connection_json())
    return s3ops_connection_id


@pytest.fixture
def s3ops_bucket(s3ops_connection: str) -> Iterator[str]:
    """The name of a new bucket; it goes at the end of the test, with versions, markers and open uploads."""
    from airflow_s3ops.hooks import S3OpsHook

    hook = S3OpsHook(s3ops_connection)
    name = f"s3ops-{uuid.uuid4().hex[:20]}"
    hook.create_bucket(name)
    yield name
    hook.delete_bucket(name, force=True, if_missing="ignore")
