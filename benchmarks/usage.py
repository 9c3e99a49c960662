"""Measure usage: seconds, CPU seconds and memory, of a whole process or of a call inside a process."""

from __future__ import annotations

import gc
import os
import re
import resource
import select
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

POLL_INTERVAL = 0.02


@dataclass(frozen=True)
class Usage:
    """Time and memory that were used.

    :param wall: seconds.
    :param cpu: seconds, user and system, of all threads.
    :param memory: bytes at the peak; for a call, above what the process held before it.
    """

    wall: float
    cpu: float
    memory: int


@dataclass(frozen=True)
class Finished:
    """A process that has ended.

    :param code: its exit code; if a signal ended it, the negative number of the signal.
    :param output: its stdout.
    :param errors: its stderr.
    """

    usage: Usage
    code: int
    output: str
    errors: str


def of_call(call: Callable[[], object]) -> Usage:
    """Make a call, and return its usage in this process."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # reset the peak, see proc(5)
    idle = _memory(os.getpid(), "VmRSS")
    cpu, begin = _cpu(resource.getrusage(resource.RUSAGE_SELF)), time.perf_counter()
    call()
    wall = time.perf_counter() - begin
    cpu = _cpu(resource.getrusage(resource.RUSAGE_SELF)) - cpu
    return Usage(wall, cpu, _memory(os.getpid(), "VmHWM") - idle)


def of_process(
    command: Sequence[str], *, environment: Mapping[str, str], standard_input: str = "", within: float
) -> Finished:
    """Run a command to its end, and return its usage and output.

    :param within: seconds after which it is killed.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(standard_input.encode())
        given.seek(0)
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=out, stderr=err, env=environment)
        memory = _watch(process, begin + within)
        wall = time.perf_counter() - begin
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Finished(Usage(wall, _cpu(used), memory), process.returncode, *texts)


def _watch(process: subprocess.Popen[bytes], deadline: float) -> int:
    """Wait for a process's end, and return its peak memory.

    rusage's ru_maxrss cannot be used: it starts with the peak of this process, see getrusage(2).
    """
    memory = 0
    ended = os.pidfd_open(process.pid)
    try:
        while not select.select([ended], [], [], POLL_INTERVAL)[0]:
            memory = max(memory, _memory(process.pid, "VmHWM"))
            if time.perf_counter() > deadline:
                process.kill()
    finally:
        os.close(ended)
    return memory


def _cpu(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _memory(pid: int, field: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0  # a process that has ended has no memory
