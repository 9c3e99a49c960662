"""Any other server, described by environment variables."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.servers.server import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "other"
ENDPOINT = "S3OPS_TEST_ENDPOINT"
NEEDED = (ENDPOINT, "S3OPS_TEST_ACCESS_KEY", "S3OPS_TEST_SECRET_KEY", "S3OPS_TEST_REGION")


@contextmanager
def from_environment() -> Iterator[S3Server]:
    """Return the server that `S3OPS_TEST_*` describe; it is already running, and is not stopped.

    `S3OPS_TEST_CA_BUNDLE` may be the path of the PEM file to trust.

    :raises LookupError: with the names of the missing variables.
    """
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise LookupError(f"--server {NAME} needs {', '.join(missing)} in the environment")
    endpoint, access_key, secret_key, region = (os.environ[name] for name in NEEDED)
    yield S3Server(
        NAME, endpoint, access_key, secret_key, region, os.environ.get("S3OPS_TEST_CA_BUNDLE") or None
    )
