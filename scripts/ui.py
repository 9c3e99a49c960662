"""`make ui`: Airflow's web UI with the example DAGs, and an embedded S3 server.

Everything listens on this machine only, and Ctrl-C ends it. S3 starts empty each time; Airflow's runs and
logs stay in `.airflow`.
"""

from __future__ import annotations

import argparse
import json
import secrets
import socket
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from scripts.local_airflow import AIRFLOW, HOME, ROOT, embedded_s3, environment, migrate
from scripts.processes import Failed, ending_on_signals, started, tail

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

HOST = "127.0.0.1"
DEFAULT_PORT = 8080
USER = "admin"
READY_WITHIN = 180.0
LOG = "ui.log"
DAGS = {path.stem for path in (ROOT / "dags").glob("*.py")}
# Logs are read from the folder, so no other ports are needed to serve them.
COMPONENTS = (
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("triggerer", "--skip-serve-logs"),
    ("api-server", "--workers", "1"),
)


def main() -> int:
    """Run the UI until Ctrl-C; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=HOME, help="Airflow's home; .airflow by default")
    parser.add_argument("--port", type=int, help="port on 127.0.0.1; 8080 by default, or a free one")
    arguments = parser.parse_args()
    home: Path = arguments.home.resolve()
    home.mkdir(exist_ok=True)
    (home / LOG).unlink(missing_ok=True)
    try:
        with ending_on_signals():
            serve(home, arguments.port or free_port())
    except Failed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 0


def serve(home: Path, port: int) -> NoReturn:
    """Start S3 and Airflow, print their addresses, and wait until a part ends.

    :raises Failed: a part of Airflow ended, or was not ready in time.
    """
    password = password_of(home)
    with embedded_s3(home) as s3_address:
        print("Starting Airflow; this takes half a minute ...", flush=True)
        with airflow(home, s3_address, port) as components:
            web = Web(f"http://{HOST}:{port}")
            wait_until_ready(web, password, components, home / LOG)
            print(
                f"\nAirflow   {web.address}\nUser      {USER}\nPassword  {password}\n"
                f"S3        {s3_address} (connection aws_default)\nLog       {home / LOG}\n\n"
                "Ctrl-C stops everything.",
                flush=True,
            )
            while True:
                raise_if_ended(components, home / LOG)
                time.sleep(0.5)


@contextmanager
def airflow(home: Path, s3_address: str, port: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run all parts of Airflow."""
    address = f"http://{HOST}:{port}"
    settings = {
        **environment(home, s3_address),
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        # All parts must have the same values, and nothing else needs them.
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW__CORE__PARALLELISM": "4",
    }
    migrate(home, settings, home / LOG)
    with ExitStack() as running:
        components = [
            running.enter_context(started((*AIRFLOW, *component), home / LOG, settings))
            for component in COMPONENTS
        ]
        try:
            yield components
        finally:
            for process in components:  # all at once; the contexts then wait for each
                process.terminate()


class Web:
    """A client for Airflow's API, as the browser uses it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._token = ""

    def login(self, password: str) -> None:
        """Request a token, as the login page does."""
        self._token = self.request("/auth/token", {"username": USER, "password": password})["access_token"]

    def request(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request, and return the JSON of the response."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = json.dumps(body).encode() if body else None
        request = Request(self.address + path, data, headers)  # noqa: S310 - http on loopback
        with build_opener(ProxyHandler({})).open(request, timeout=10) as response:
            return json.load(response)


def wait_until_ready(web: Web, password: str, components: list[subprocess.Popen[bytes]], log: Path) -> None:
    """Wait until a user can log in and every DAG is listed.

    :raises Failed: a part of Airflow ended, or this takes too long.
    """
    deadline = time.monotonic() + READY_WITHIN
    while not is_ready(web, password):
        raise_if_ended(components, log)
        if time.monotonic() > deadline:
            raise Failed(f"Airflow is not ready after {READY_WITHIN:.0f} s; {log} ends with\n\n{tail(log)}")
        time.sleep(0.5)


def is_ready(web: Web, password: str) -> bool:
    """Return whether Airflow is healthy, the password is right, and the DAGs are listed."""
    try:
        health = web.request("/api/v2/monitor/health")
        if any(health[part]["status"] != "healthy" for part in ("scheduler", "dag_processor")):
            return False
        web.login(password)
        found = {dag["dag_id"] for dag in web.request("/api/v2/dags")["dags"]}
    except (HTTPError, URLError, OSError):
        return False
    return found >= DAGS


def raise_if_ended(components: list[subprocess.Popen[bytes]], log: Path) -> None:
    """Check that all parts of Airflow still run.

    :raises Failed: a part has ended; the message contains the end of the log.
    """
    for process in components:
        if process.poll() is not None:
            raise Failed(f"A part of Airflow ended: {process.args!r}; {log} ends with\n\n{tail(log)}")


def password_of(home: Path) -> str:
    """Return the user's password, created on first use; Airflow reads it from the same file."""
    file = home / "simple_auth_manager_passwords.json.generated"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps({USER: secrets.token_urlsafe(12)}))
    password: str = json.loads(file.read_text())[USER]
    return password


def free_port() -> int:
    """Return the default port, or a free one if that is in use."""
    for port in (DEFAULT_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Failed("There is no free port on this machine")


if __name__ == "__main__":
    sys.exit(main())
