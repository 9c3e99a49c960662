"""Start processes, and make sure that they end with us."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]  # it has no annotations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

KILL_AFTER = 15.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failed(Exception):
    """A process ended with an error; the message contains the end of its log."""


@contextmanager
def started(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str], **popen: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command during the context; at the end, stop it and all processes that it started.

    It runs in a separate session: so Ctrl-C reaches only this process, which ends the others in order.

    :param log: the command's stderr is appended to it, and its stdout too unless ``popen`` sets another.
    """
    process = None
    try:
        with log.open("ab") as output, _signals_deferred():
            options = {"stdin": subprocess.DEVNULL, "stdout": output, **popen}
            process = subprocess.Popen(
                command, stderr=output, env=dict(environment), start_new_session=True, **options
            )
        yield process
    finally:
        if process:
            with _signals_deferred():
                _end(process)


def finished(command: Sequence[str | Path], log: Path, environment: Mapping[str, str]) -> None:
    """Run a command and wait for its end.

    :raises Failed: it ended with an error.
    """
    with started(command, log, environment) as process:
        code = process.wait()
    if code:
        raise Failed(f"{' '.join(map(str, command[1:]))} ended with {code}; {log} ends with\n\n{tail(log)}")


def tail(log: Path, lines: int = 40) -> str:
    """Return the end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Let SIGHUP (a closed terminal) and SIGTERM end this process as Ctrl-C does: through every ``finally``.

    SIGINT too: a process that a shell starts in the background ignores it by default.
    """

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Defer signals: a started process must first be recorded, and an ending one must be waited for."""
    received: list[int] = []
    before = {number: signal.signal(number, lambda number, _: received.append(number)) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        raise KeyboardInterrupt


def _end(process: subprocess.Popen[bytes]) -> None:
    """Terminate the process, so that it can end its own children; after a while kill what is left."""
    process.terminate()
    deadline = time.monotonic() + KILL_AFTER
    while members := _session(process.pid):
        if time.monotonic() > deadline:
            for member in members:
                _kill(member)
        process.poll()  # otherwise it would stay a zombie, and a member of the session
        time.sleep(0.05)
    process.wait()
    if process.stdout:
        process.stdout.close()


def _session(leader: int) -> list[int]:
    """Return the running processes of a session: children may leave their group, but not their session."""
    return [pid for pid in psutil.pids() if _is_alive_in(pid, leader)]


def _is_alive_in(pid: int, session: int) -> bool:
    try:
        return os.getsid(pid) == session and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
