"""The current server on https, for what is different there: unsigned payloads, trusted certificates."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.servers.seaweedfs import NAME as SEAWEEDFS
from tests.servers.seaweedfs import seaweedfs
from tests.servers.versity import NAME as VERSITY
from tests.servers.versity import versity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.server import S3Server

STARTERS = {VERSITY: versity, SEAWEEDFS: seaweedfs}


@contextmanager
def over_tls(server: S3Server) -> Iterator[S3Server | None]:
    """Return a server of the same kind on https; None if there is none."""
    if server.endpoint_url.startswith("https:"):
        yield server
    elif start := STARTERS.get(server.name):
        with start(tls=True) as secure:
            yield secure
    else:
        yield None
