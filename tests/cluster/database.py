"""An empty PostgreSQL in memory, on a free port of loopback, with a password of its own."""

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
    """Run it; give `user:password@host:port/database`, to be put behind a scheme."""
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
            # It is forgotten at the end, so nothing need reach a disk.
            *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"),
        ]
        with running(command, folder, answering(port)):
            yield f"{USER}:{password}@127.0.0.1:{port}/postgres"


def make_database(prefix: list[str], data: Path, password: str) -> None:
    """Make the files of an empty database, whose one user logs in with the password."""
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
        cwd=data.parent,  # ours may be closed to the user
    )
    file.unlink()


def answering(port: int) -> Callable[[str], str | None]:
    """Give a check for whether it takes connections."""

    def check(_log: str) -> str | None:
        asked: list[str | Path] = [program("pg_isready"), "--quiet", "-h", "127.0.0.1", "-p", str(port)]
        return "ready" if subprocess.run(asked, check=False, timeout=30).returncode == 0 else None

    return check
