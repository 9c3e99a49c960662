"""An empty Redis in memory, on a free port of loopback, with a new password."""

from __future__ import annotations

import secrets
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.cluster.programs import program, without_privileges
from tests.servers.address import free_port
from tests.servers.process import running, scratch_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def redis() -> Iterator[str]:
    """Run it; yield its URL."""
    with scratch_folder("s3ops-redis-") as folder:
        prefix = without_privileges(folder)
        password, port = secrets.token_urlsafe(24), free_port()
        settings = folder / "redis.conf"  # a file, because everyone on the machine can read arguments
        settings.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir {folder}\n'
        )
        with running([*prefix, program("redis-server"), settings], folder, readiness_check(port, password)):
            yield f"redis://:{password}@127.0.0.1:{port}/0"


def readiness_check(port: int, password: str) -> Callable[[str], str | None]:
    """Return a function that checks whether the server accepts the password and responds."""

    def check(_log: str) -> str | None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            replies = connection.makefile("rb")
            return "ready" if [replies.readline(), replies.readline()] == [b"+OK\r\n", b"+PONG\r\n"] else None
        return None

    return check
