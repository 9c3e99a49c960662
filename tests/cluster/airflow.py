"""Airflow as in docker-compose.yaml: scheduler, API server, DAG processor and two Celery workers."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

import psutil  # type: ignore[import-untyped]  # it has no annotations

from scripts.local_airflow import AIRFLOW, own_environment
from scripts.processes import finished, started, tail
from scripts.ui import HOST, Web, password_of
from tests.servers.address import free_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

WORKERS = ("one", "two")
# An idle machine with 2 cores needs half a minute; the rest is for a busy one.
READY_WITHIN = 300.0
POLL = 0.5
LOG = "cluster.log"
# With these a worker's death is noticed after half a minute; docker-compose.yaml waits longer.
TIMEOUTS = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
    # For tasks that the dead worker had taken from the queue but not started.
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "600",
}


def settings(home: Path, database: str, broker: str, connection: str) -> dict[str, str]:
    """Return the whole environment for all parts of Airflow.

    :param database: `user:password@host:port/database`.
    :param connection: of the S3 server, as JSON.
    """
    address = f"http://{HOST}:{free_port()}"
    ours = own_environment()
    return {
        **ours,
        "PATH": f"{AIRFLOW[0].rpartition('/')[0]}{os.pathsep}{ours.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__FERNET_KEY": secrets.token_urlsafe(32) + "=",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
        "AIRFLOW__CELERY__BROKER_URL": broker,
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql+psycopg2://{database}",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_AWS_DEFAULT": connection,
        "AWS_EC2_METADATA_DISABLED": "true",
        **TIMEOUTS,
    }


def commands(port: str) -> dict[str, tuple[str, ...]]:
    """Return the command of each part, by its name. Logs are read from the shared folder."""
    worker = (
        "celery",
        "worker",
        "--concurrency",
        "2",
        "--skip-serve-logs",
        "--without-mingle",
        "--without-gossip",
    )
    return {
        "scheduler": ("scheduler", "--skip-serve-logs"),
        "dag-processor": ("dag-processor",),
        "api-server": ("api-server", "--workers", "1", "--host", HOST, "--port", port),
        **{name: (*worker, "--celery-hostname", f"{name}@%h") for name in WORKERS},
    }


@dataclass
class Cluster:
    """A running Airflow.

    :param parts: its processes by name.
    """

    home: Path
    web: Web
    parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)

    def wait_for(self, what: str, check: Callable[[], Any], within: float = READY_WITHIN) -> Any:
        """Repeat a check until it returns a true value, and return that value.

        :raises AssertionError: a part ended by itself, or the check failed for too long.
        """
        deadline = time.monotonic() + within
        while True:
            with suppress(URLError, OSError):
                if found := check():
                    return found
            ended = [
                name for name, part in self.parts.items() if name not in self.dead and part.poll() is not None
            ]
            assert not ended, f"{ended} ended while waiting for {what}; the log ends with\n{self.log()}"
            assert time.monotonic() < deadline, (
                f"no {what} in {within:.0f} s; the log ends with\n{self.log()}"
            )
            time.sleep(POLL)

    def log(self) -> str:
        """Return the end of the log of all parts."""
        return tail(self.home / LOG, 120)

    def worker_of(self, pid: int) -> str | None:
        """Return the name of the worker that has a process with this id."""
        return next((name for name in WORKERS if pid in {p.pid for p in family(self.parts[name].pid)}), None)

    def kill(self, worker: str) -> None:
        """Kill all processes of a worker at once, as if its machine had died: it reports nothing."""
        self.dead.add(worker)
        members = family(self.parts[worker].pid)
        for member in members:  # suspend first: otherwise one process sees another one end, and reports it
            with suppress(psutil.NoSuchProcess):
                member.suspend()
        members = family(self.parts[worker].pid)
        for member in members:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        _, alive = psutil.wait_procs(members, timeout=30)
        assert [member for member in alive if member.status() != psutil.STATUS_ZOMBIE] == []


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all its descendants."""
    with suppress(psutil.NoSuchProcess):
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    return []


@contextmanager
def airflow(home: Path, environment: dict[str, str]) -> Iterator[Cluster]:
    """Run all parts during the context; it begins when they are ready."""
    address = environment["AIRFLOW__API__BASE_URL"]
    cluster = Cluster(home, Web(address))
    password = password_of(home)
    finished((*AIRFLOW, "db", "migrate"), home / LOG, environment)
    with ExitStack() as running:
        for name, command in commands(address.rpartition(":")[2]).items():
            part = started((*ends_with_us(), *AIRFLOW, *command), home / LOG, environment)
            cluster.parts[name] = running.enter_context(part)
        try:
            cluster.wait_for("healthy Airflow", lambda: is_healthy(cluster.web, password))
            yield cluster
        finally:
            for process in cluster.parts.values():  # all at once; the contexts then wait for each
                process.terminate()


def ends_with_us() -> tuple[str, ...]:
    """Return a command prefix with which a command ends when this process is killed."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig=TERM") if setpriv else ()


def is_healthy(web: Web, password: str) -> bool:
    """Log in; return whether scheduler and DAG processor are healthy."""
    health = web.request("/api/v2/monitor/health")
    if any(health[part]["status"] != "healthy" for part in ("metadatabase", "scheduler", "dag_processor")):
        return False
    web.login(password)
    return True
