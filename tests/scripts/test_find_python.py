"""Find a Python of a given version, or use the running one and print that."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from scripts.find_python import find_python

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

OWN = ".".join(str(number) for number in sys.version_info[:2])


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_running_one_is_used_if_it_has_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert find_python(OWN) == sys.executable
    assert capsys.readouterr().err == ""


def test_a_shim_that_does_not_run_is_not_used_but_one_of_pyenv_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = program(tmp_path / "bin" / "python9.9", "exit 127")
    real = program(tmp_path / "pyenv" / "versions" / "9.9.1" / "bin" / "python", "echo 9.9")
    monkeypatch.setenv("PATH", f"{shim.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert find_python("9.9") == str(real)


def test_if_none_is_found_the_running_one_is_used_and_a_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find_python("9.9") == sys.executable
    assert capsys.readouterr().err == f"Python 9.9 was not found: Python {OWN} is used instead\n"
