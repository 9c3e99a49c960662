"""Print the path of a Python of a given version; where there is none, of this one, and say so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def candidates(version: str) -> list[str]:
    """List what may be a Python of that version, the likeliest first."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    of_pyenv = sorted(root.glob(f"versions/{version}.*/bin/python"))
    return [sys.executable, shutil.which(f"python{version}") or "", *map(str, reversed(of_pyenv))]


def is_version(python: str, version: str) -> bool:
    """Say whether it runs, and is of that version: pyenv has shims that do not run."""
    show = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(show, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0 and done.stdout.strip() == version


def find_python(version: str) -> str:
    """Return the first that fits, or the Python that runs this."""
    for python in candidates(version):
        if python and is_version(python, version):
            return python
    own = ".".join(str(number) for number in sys.version_info[:2])
    print(f"There is no Python {version} here: Python {own} it is instead", file=sys.stderr)
    return sys.executable


if __name__ == "__main__":
    print(find_python(sys.argv[1]))
