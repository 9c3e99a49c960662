"""Start a server process, wait until it answers, and see to it that it ends."""

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

LEASH = Path(__file__).with_name("leash.py")
MEMORY_DISK = Path("/dev/shm")
START_WITHIN = 30.0
STOP_WITHIN = 15.0


class ServerDidNotStartError(RuntimeError):
    """The server ended, or gave no sign of life in time; the message holds its own log."""


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """Give a folder in memory, where there is any, so that the tests measure code and not a disk."""
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
    """Run `command` for as long as the context lasts, and give the address at which it answers.

    :param folder: the server's own, with its log; the folder goes even if this process is killed.
    :param address: called with the log so far until it returns the server's address.
    :param environment: the server's whole environment; None hands down ours.
    :raises ServerDidNotStartError: when it ends, or after `START_WITHIN` seconds.
    """
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, LEASH, folder, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            # Ctrl-C is for the tests, which then still need the server for their clean-up.
            start_new_session=True,
        )
    try:
        yield _wait_for(process, log, address)
    finally:
        _let_go(process)


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
        f"no answer in {START_WITHIN:.0f} s; the log:\n{log.read_text(errors='replace')}"
    )


def _let_go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
