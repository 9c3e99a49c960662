"""Measure the peak memory of a call, in a separate process in which nothing else allocates memory."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.made_up import PAGE, made_up

if TYPE_CHECKING:
    from tests.servers import S3Server

ROOT = Path(__file__).parents[1]
TIMEOUT = 300

TASK = """
import json, sys, tracemalloc
from tests.servers import S3Server
arguments = json.load(sys.stdin)
client = S3Server(**arguments["server"]).client()
client.list_buckets()
{before}
tracemalloc.start()
{measured}
print(tracemalloc.get_traced_memory()[1])
"""


def peak_bytes(server: S3Server, measured: str, *, before: str = "", **arguments: Any) -> int:
    """Run Python code with a `client` of `server` and the dictionary `arguments`; return its peak in bytes.

    :param before: code that runs first and is not measured: imports, and objects that are created once.
    :param arguments: plain values for the code.
    """
    run = subprocess.run(
        [sys.executable, "-c", TASK.format(before=before, measured=measured)],
        input=json.dumps({"server": asdict(server), **arguments}),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT,
        cwd=ROOT,
    )
    return int(run.stdout)


def peak_bytes_on_pages(pages: int, measured: str, *, before: str) -> int:
    """Do the same for a made-up bucket of ``pages`` pages; ``arguments["keys"]`` is its number of keys."""
    with made_up(pages) as server:
        return peak_bytes(server.as_server, measured, before=before, keys=pages * PAGE)
