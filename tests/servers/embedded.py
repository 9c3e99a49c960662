"""The embedded server: moto, in its own process, as the package starts it for its users."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_s3ops.testing import embedded_server, serve
from tests.servers.server import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "embedded"
SCRIPT = Path(serve.__file__)


@contextmanager
def embedded() -> Iterator[S3Server]:
    """Run an empty embedded server."""
    with embedded_server() as server:
        yield S3Server(NAME, server.endpoint_url, server.access_key, server.secret_key, server.region)
