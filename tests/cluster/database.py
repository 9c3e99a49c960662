"""An empty PostgreSQL in memory, on a free port of loopback, with a new password."""

from __future__ import annotations

import secrets
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.cluster.programs import program, without_privileges
from tests.servers.address import free_port
from tests.servers.process import running, scratch_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

USER = "airflow"
INIT_WITHIN = 120.0


@contextmanager
def postgresql() -> Iterator[str]:
    """Run it; yield `user:password@host:port/database`, the part of a URL after the scheme."""
    with scratch_folder("s3ops-postgresql-") as folder:
        prefix = without_privileges(folder)
        data = folder / "data"
        password = secrets.token_urlsafe(24)
        make_database(prefix, data, password)
        port = free_port()
        command: list[str | Path] = [
            *prefix,
            *(program("postgres"), "-D", data, "-p", str(port)),
            *(
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "max_connections=200",
            ),
            # The data is deleted at the end, so nothing must be synced to a disk.
            *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"),
        ]
        with running(command, folder, readiness_check(port)):
            yield f"{USER}:{password}@127.0.0.1:{port}/postgres"


def make_database(prefix: list[str], data: Path, password: str) -> None:
    """Create the files of an empty database, with one user and this password."""
    file = data.parent / "password"
    file.write_text(password)
    file.chmod(0o644)  # the folder is the user's own
    command: list[str | Path] = [
        *prefix,
        *(program("initdb"), "-D", data, "-U", USER, "--pwfile", file),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
    ]
    subprocess.run(
        command,
        check=True,
        timeout=INIT_WITHIN,
        stdout=subprocess.DEVNULL,
        cwd=data.parent,  # the user may not be allowed to enter our working directory
    )
    file.unlink()


def readiness_check(port: int) -> Callable[[str], str | None]:
    """Return a function that checks whether the server accepts connections."""

    def check(_log: str) -> str | None:
        command: list[str | Path] = [program("pg_isready"), "--quiet", "-h", "127.0.0.1", "-p", str(port)]
        return "ready" if subprocess.run(command, check=False, timeout=30).returncode == 0 else None

    return check
