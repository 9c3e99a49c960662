"""Fixtures: a home for Airflow, and a function that starts a script and finds the processes it left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psutil  # type: ignore[import-untyped]  # it has no annotations
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MARK = "S3OPS_TEST_MARK"


class Script:
    """A running script: its output, and every process that it has started."""

    def __init__(self, process: subprocess.Popen[str], mark: str) -> None:
        self.process = process
        self._mark = mark

    def wait_for(self, text: str) -> str:
        """Read and return the output up to the line that contains a text."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if text in line:
                break
        return "".join(lines)

    def left(self) -> list[str]:
        """Return the command lines of running processes that the script started, whatever their parent is."""
        return [" ".join(process.cmdline()) for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.pid != self.process.pid and bool(process.environ().get(MARK) == self._mark)
        except psutil.Error:
            return False


class Start(Protocol):
    """Starts a script with its own home; at the end the script is terminated."""

    def __call__(self, script: str, *arguments: str) -> Script: ...


@pytest.fixture
def home(tmp_path: Path, airflow_db: None) -> Path:  # noqa: ARG001 - it must be there
    """An Airflow home with a database, as after a first run; it saves each test some seconds."""
    folder = tmp_path / "airflow"
    folder.mkdir()
    shutil.copy(Path(os.environ["AIRFLOW_HOME"], "airflow.db"), folder)
    (folder / f"database-is-at-{version('apache-airflow-core')}").touch()
    return folder


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """A function that starts scripts."""
    scripts: list[Script] = []

    def run(script: str, *arguments: str) -> Script:
        mark = uuid.uuid4().hex
        process = subprocess.Popen(
            [sys.executable, "-m", script, "--home", home, *arguments],
            cwd=ROOT,
            env={**os.environ, MARK: mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        scripts.append(Script(process, mark))
        return scripts[-1]

    yield run
    for script in scripts:
        with ended(script.process):
            script.process.terminate()


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """Wait for a process, and close its output."""
    yield
    process.wait(60)
    if process.stdout:
        process.stdout.close()
