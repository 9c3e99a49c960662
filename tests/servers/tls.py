"""The server at hand over https, for what differs there: unsigned payloads, trust."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.servers.versity import NAME, versity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.server import S3Server


@contextmanager
def over_tls(server: S3Server) -> Iterator[S3Server | None]:
    """Give a server of the same kind that speaks https; None when there is no such one."""
    if server.endpoint_url.startswith("https:"):
        yield server
    elif server.name == NAME:
        with versity(tls=True) as secure:
            yield secure
    else:
        yield None
