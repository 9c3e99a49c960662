"""The embedded server: moto, in its own process."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.process import running, scratch_folder
from tests.servers.server import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "embedded"
SCRIPT = Path(__file__).parents[2] / "scripts" / "embedded_s3.py"


def address_in(log: str) -> str | None:
    """Return the address that the server has printed, if it has printed one."""
    line = re.search(r"^(http://127\.0\.0\.1:\d+)\n", log, re.MULTILINE)
    return line and line[1]


@contextmanager
def embedded() -> Iterator[S3Server]:
    """Run an empty embedded server.

    Not in us-east-1: there CreateBucket must not have the region, so tests would not notice that it is
    missing elsewhere.
    """
    with (
        scratch_folder("s3ops-embedded-") as folder,
        running([sys.executable, SCRIPT], folder, address_in) as url,
    ):
        yield S3Server(NAME, url, access_key="embedded", secret_key="any-will-do", region="eu-central-1")
