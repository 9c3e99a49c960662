"""Processes that are started here, and surely end here."""

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

PATIENCE = 15.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failed(Exception):
    """A process ended as it should not; the message holds the end of its log."""


@contextmanager
def started(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str], **popen: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command for as long as the context lasts; it and all that it started end with it.

    In a session of its own: Ctrl-C reaches us alone, and we end the others in order.

    :param log: its stderr is added there, and its stdout too unless ``popen`` says otherwise.
    """
    process = None
    try:
        with log.open("ab") as output, _undisturbed():
            options = {"stdin": subprocess.DEVNULL, "stdout": output, **popen}
            process = subprocess.Popen(
                command, stderr=output, env=dict(environment), start_new_session=True, **options
            )
        yield process
    finally:
        if process:
            with _undisturbed():
                _end(process)


def finished(command: Sequence[str | Path], log: Path, environment: Mapping[str, str]) -> None:
    """Run a command to its end.

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
    """Let a closed terminal and a SIGTERM end us as Ctrl-C does: through every ``finally``.

    SIGINT too: whoever is started in the background by a shell is born deaf to it.
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
def _undisturbed() -> Iterator[None]:
    """Put an interruption off: a process just born must become known, and a dying one be waited for."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process, so that it can end its own children; then insist."""
    process.terminate()
    deadline = time.monotonic() + PATIENCE
    while members := _session(process.pid):
        if time.monotonic() > deadline:
            for member in members:
                _kill(member)
        process.poll()  # or it would stay as a zombie, and a member
        time.sleep(0.05)
    process.wait()
    if process.stdout:
        process.stdout.close()


def _session(leader: int) -> list[int]:
    """Return the living processes of a session: children may leave their group, but not their session."""
    return [pid for pid in psutil.pids() if _is_alive_in(pid, leader)]


def _is_alive_in(pid: int, session: int) -> bool:
    try:
        return os.getsid(pid) == session and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
