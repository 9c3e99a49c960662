"""Print the path of a Python of a given version, or of the running one if there is none; stderr says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def candidates(version: str) -> list[str]:
    """Return the paths that may be a Python of that version, the most likely first."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    of_pyenv = sorted(root.glob(f"versions/{version}.*/bin/python"), key=_patch)
    return [sys.executable, shutil.which(f"python{version}") or "", *map(str, reversed(of_pyenv))]


def _patch(python: Path) -> int:
    """Return the last number of a version of pyenv, such as 13 of 3.10.13."""
    patch = python.parents[1].name.rpartition(".")[2]
    return int(patch) if patch.isdigit() else 0


def is_version(python: str, version: str) -> bool:
    """Return whether it runs and has that version: pyenv has shims that do not run."""
    show = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        done = subprocess.run(show, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and done.stdout.strip() == version


def find_python(version: str) -> str:
    """Return the first Python with that version, or the one that runs this script."""
    for python in candidates(version):
        if python and is_version(python, version):
            return python
    own = ".".join(str(number) for number in sys.version_info[:2])
    print(f"Python {version} was not found: Python {own} is used instead", file=sys.stderr)
    return sys.executable


if __name__ == "__main__":
    print(find_python(sys.argv[1]))
