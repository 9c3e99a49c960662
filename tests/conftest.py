"""Fixtures for all tests: a server, a client, a bucket, a connection, an Airflow database, faults.

This module does not import Airflow: Airflow reads the environment at import, so the environment must be set
first; and most tests do not need Airflow.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import settings

from tests import servers
from tests.examples import ANY_MACHINE
from tests.quick import Quick
from tests.servers.environment import ENDPOINT
from tests.servers.isolation import Isolation
from tests.servers.purge import create_bucket, delete_bucket
from tests.servers.selection import OnlyWithServer
from tests.servers.skips import SkipsByTable
from tests.servers.tls import over_tls
from tests.versions.core import FORMS
from tests.versions.plugin import OnlyCore, SupportedVersions
from tests.workers import WorkerReports, make_once, shared_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server

STARTERS: dict[str, Callable[[], AbstractContextManager[S3Server]]] = {
    "embedded": servers.embedded,
    "versity": servers.versity,
    "seaweedfs": servers.seaweedfs,
    "other": servers.from_environment,
}
CONNECTION_ID = "s3ops_test"
MIGRATE_WITHIN = 180.0

# At import, not in a pytest hook: a plugin that is loaded later may import Airflow before any hook runs.
ISOLATION = Isolation()

# The duration of an example depends on the machine and its load, so there is no deadline.
settings.register_profile("any machine", deadline=None, suppress_health_check=ANY_MACHINE)
settings.load_profile("any machine")


class MakeBucket(Protocol):
    """Makes a bucket with a unique name; after the test it is deleted with its content."""

    def __call__(self, *, versioned: bool = False) -> str: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    default = "other" if os.environ.get(ENDPOINT) else "embedded"
    parser.addoption(
        "--server", choices=sorted(STARTERS), default=default, help="the S3 server to test against"
    )
    parser.addoption("--only-with-server", action="store_true", help="leave out tests that use no server")
    parser.addoption("--quick", action="store_true", help="leave out tests that start servers or are slow")
    parser.addoption("--core", choices=FORMS, help="run only what every supported version must pass")


def pytest_configure(config: pytest.Config) -> None:
    """Let only the tables of what servers and Airflow versions lack skip tests; apply our options."""
    config.pluginmanager.register(SkipsByTable(config.getoption("--server")))
    if config.getoption("--only-with-server"):
        config.pluginmanager.register(OnlyWithServer())
    if config.getoption("--quick"):
        config.pluginmanager.register(Quick())
    config.pluginmanager.register(WorkerReports())
    config.pluginmanager.register(SupportedVersions())
    if form := config.getoption("--core"):
        config.pluginmanager.register(OnlyCore(form))


def pytest_unconfigure() -> None:
    """Restore the machine's environment."""
    ISOLATION.end()


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    """The server that `--server` selects; one for the whole run."""
    with STARTERS[request.config.getoption("--server")]() as running:
        yield running


@pytest.fixture(scope="session")
def tls_server(server: S3Server) -> Iterator[S3Server]:
    """An empty server of the same kind with https; use it together with `needs("tls")`."""
    with over_tls(server) as secure:
        assert secure is not None, f"{server.name} does not speak https: use the fixture with needs('tls')"
        yield secure


@pytest.fixture(scope="session")
def s3(server: S3Server) -> Iterator[S3Client]:
    """A boto3 client for the server, to prepare and to check what is in S3; it fails fast."""
    client = server.client()
    yield client
    client.close()


@pytest.fixture
def make_bucket(s3: S3Client) -> Iterator[MakeBucket]:
    """A function that makes buckets; after the test they are deleted with versions and open uploads."""
    with ExitStack() as undo:

        def make(*, versioned: bool = False) -> str:
            name = f"s3ops-{uuid.uuid4().hex[:20]}"
            create_bucket(s3, name)
            undo.callback(delete_bucket, s3, name)
            if versioned:
                s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            return name

        yield make


@pytest.fixture
def bucket(make_bucket: MakeBucket) -> str:
    """The name of a new bucket."""
    return make_bucket()


@pytest.fixture
def versioned_bucket(make_bucket: MakeBucket) -> str:
    """The name of a new bucket with versioning; use it together with `needs("versioning")`."""
    return make_bucket(versioned=True)


@pytest.fixture
def connection(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of an Airflow connection to the server."""
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION_ID.upper()}", server.connection_json())
    return CONNECTION_ID


@pytest.fixture(scope="session")
def airflow_db(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Airflow's metadata database, made at first use and once for all workers: it takes many seconds."""

    def migrate() -> None:
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        # In its own process: it sets up logging and signal handlers that the tests must not inherit.
        subprocess.run(command, check=True, timeout=MIGRATE_WITHIN, stdout=subprocess.DEVNULL)

    name = "airflow.db"
    make_once(shared_folder(request, tmp_path_factory) / name, ISOLATION.home / name, migrate)


@pytest.fixture
def faults(server: S3Server) -> Iterator[FaultProxy]:
    """A proxy in front of the server, for faults that no server produces on request."""
    from tests.faults import FaultProxy

    with FaultProxy(server) as proxy:
        yield proxy
