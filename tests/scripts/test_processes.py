"""Processes are always ended."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]  # it has no annotations
import pytest

from scripts.processes import Failed, finished, started

if TYPE_CHECKING:
    from pathlib import Path

# It ignores SIGTERM, and its child has its own process group.
IGNORES_SIGTERM = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], preexec_fn=os.setpgrp)
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_process_that_ignores_sigterm_is_killed_with_all_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.processes.KILL_AFTER", 0.5)
    log = tmp_path / "log"
    with started([sys.executable, "-c", IGNORES_SIGTERM], log, os.environ) as process:
        while not log.read_text().strip():
            time.sleep(0.02)
    child = int(log.read_text())
    assert process.returncode is not None
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_command_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    script = "import sys; print(*range(100), sep='\\n'); sys.exit('no room on the disk')"
    with pytest.raises(Failed, match=r"ended with 1; .*log ends with\n\n61\n62\n[\d\n]*no room on the disk$"):
        finished([sys.executable, "-c", script], tmp_path / "log", os.environ)


def test_a_command_that_succeeds_logs_nothing(tmp_path: Path) -> None:
    finished([sys.executable, "-c", ""], tmp_path / "log", os.environ)
    assert (tmp_path / "log").read_text() == ""
