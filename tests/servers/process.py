"""Start a server process, wait until it responds, and make sure that it ends."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SUPERVISOR = Path(__file__).with_name("supervisor.py")
MEMORY_DISK = Path("/dev/shm")
START_WITHIN = 30.0
STOP_WITHIN = 15.0


class ServerDidNotStartError(RuntimeError):
    """The server ended, or did not respond in time; the message has its log."""


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """Create a temporary folder, in memory if possible, so that the tests measure code and not a disk."""
    parent = MEMORY_DISK if MEMORY_DISK.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(
    command: Sequence[str | Path],
    folder: Path,
    address: Callable[[str], str | None],
    environment: dict[str, str] | None = None,
) -> Iterator[str]:
    """Run `command` as long as the context lasts, and return the server's address.

    :param folder: the server's own folder, with its log; it is removed even if this process is killed.
    :param address: called with the log so far until it returns the server's address.
    :param environment: the server's whole environment; None means ours.
    :raises ServerDidNotStartError: the server ends, or does not respond within `START_WITHIN` seconds.
    """
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, SUPERVISOR, folder, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            # Ctrl-C must only stop the tests, which still need the server for their clean-up.
            start_new_session=True,
        )
    try:
        yield _wait_for(process, log, address)
    finally:
        _stop(process)


def _wait_for(process: subprocess.Popen[bytes], log: Path, address: Callable[[str], str | None]) -> str:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline:
        if found := address(log.read_text(errors="replace")):
            return found
        try:
            code = process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        raise ServerDidNotStartError(
            f"the server ended with {code}; its log:\n{log.read_text(errors='replace')}"
        )
    raise ServerDidNotStartError(
        f"no response in {START_WITHIN:.0f} s; the log:\n{log.read_text(errors='replace')}"
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
