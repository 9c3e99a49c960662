"""How much memory a call takes at its peak, in a process of its own, in which nothing else allocates."""

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
WITHIN = 300

TASK = """
import json, sys, tracemalloc
from tests.servers import S3Server
told = json.load(sys.stdin)
client = S3Server(**told["server"]).client()
client.list_buckets()
{before}
tracemalloc.start()
{measured}
print(tracemalloc.get_traced_memory()[1])
"""


def peak_bytes(server: S3Server, measured: str, *, before: str = "", **told: Any) -> int:
    """Run Python code that has a `client` of `server` and the dictionary `told`, and give its peak in bytes.

    :param before: code that runs first and is not measured: imports, and what is built once.
    :param told: plain values for the code.
    """
    run = subprocess.run(
        [sys.executable, "-c", TASK.format(before=before, measured=measured)],
        input=json.dumps({"server": asdict(server), **told}),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=WITHIN,
        cwd=ROOT,
    )
    return int(run.stdout)


def peak_bytes_on_pages(pages: int, measured: str, *, before: str) -> int:
    """Do the same on a bucket of so many made-up pages; ``told["keys"]`` is how many keys that is."""
    with made_up(pages) as server:
        return peak_bytes(server.as_server, measured, before=before, keys=pages * PAGE)
