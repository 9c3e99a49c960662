"""A separate Airflow in its own folder, with an embedded S3 server, for the demo and the UI."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_s3ops.testing import EmbeddedServer, EmbeddedServerError, embedded_server
from scripts.processes import Failed, finished

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".airflow"
AIRFLOW = (sys.executable, "-m", "airflow")
REGION = EmbeddedServer.region
ACCESS_KEY = EmbeddedServer.access_key
SECRET_KEY = EmbeddedServer.secret_key

# Variables of this machine that are not passed on: connections, settings and proxies.
NOT_PASSED_ON = ("AWS_", "AIRFLOW_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@contextmanager
def embedded_s3(home: Path) -> Iterator[str]:
    """Run an empty S3 server on a free port; yield its address."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(embedded_server(environment=own_environment(), log=home / "s3.log"))
        except EmbeddedServerError as error:
            raise Failed(str(error)) from error
        yield server.endpoint_url


def own_environment() -> dict[str, str]:
    """Return this process' environment without the variables that are not passed on."""
    return {name: text for name, text in os.environ.items() if not name.upper().startswith(NOT_PASSED_ON)}


def environment(home: Path, s3_address: str) -> dict[str, str]:
    """Return the whole environment of an Airflow with this home, and with the S3 server as aws_default."""
    ours = own_environment()
    return {
        **ours,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{ours.get('PATH', '')}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        # By default Airflow reports its use to a service on the internet.
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_AWS_DEFAULT": EmbeddedServer(s3_address).connection_json(),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def migrate(home: Path, settings: Mapping[str, str], log: Path) -> bool:
    """Create or upgrade Airflow's database, once for each version of Airflow; return whether it was done."""
    done = home / f"database-is-at-{version('apache-airflow-core')}"
    if done.exists() and (home / "airflow.db").exists():
        return False
    finished((*AIRFLOW, "db", "migrate"), log, settings)
    done.touch()
    return True
