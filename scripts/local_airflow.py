"""A separate Airflow in its own folder, with an embedded S3 server, for the demo and the UI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.processes import Failed, finished, started, tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".airflow"
AIRFLOW = (sys.executable, "-m", "airflow")
REGION = "eu-central-1"
ACCESS_KEY = "embedded"
SECRET_KEY = "any-will-do"  # noqa: S105 - the embedded server accepts any

# Variables of this machine that are not passed on: connections, settings and proxies.
NOT_PASSED_ON = ("AWS_", "AIRFLOW_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@contextmanager
def embedded_s3(home: Path) -> Iterator[str]:
    """Run an empty S3 server on a free port; yield its address."""
    log = home / "s3.log"
    command = (sys.executable, ROOT / "scripts" / "embedded_s3.py")
    with started(command, log, own_environment(), stdout=subprocess.PIPE) as process:
        address = process.stdout.readline().decode().strip() if process.stdout else ""
        if not address:
            raise Failed(f"The S3 server did not start:\n{tail(log)}")
        yield address


def own_environment() -> dict[str, str]:
    """Return this process' environment without the variables that are not passed on."""
    return {name: text for name, text in os.environ.items() if not name.upper().startswith(NOT_PASSED_ON)}


def environment(home: Path, s3_address: str) -> dict[str, str]:
    """Return the whole environment of an Airflow with this home, and with the S3 server as aws_default."""
    ours = own_environment()
    connection = {
        "conn_type": "aws",
        "login": ACCESS_KEY,
        "password": SECRET_KEY,
        "extra": {
            "endpoint_url": s3_address,
            "region_name": REGION,
            "config_kwargs": {"s3": {"addressing_style": "path"}},
        },
    }
    return {
        **ours,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{ours.get('PATH', '')}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        # By default Airflow reports its use to a service on the internet.
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
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
