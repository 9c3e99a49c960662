"""The programs that the cluster needs besides Python packages, and the user that runs them."""

from __future__ import annotations

import os
import pwd
import shutil
from typing import TYPE_CHECKING

from scripts import cluster_services

if TYPE_CHECKING:
    from pathlib import Path

# PostgreSQL refuses to run as root. Its package creates the first user; every system has the second.
UNPRIVILEGED = ("postgres", "nobody")


def program(name: str) -> Path:
    """Find a program.

    :raises FileNotFoundError: it is not installed; the message says how to get it.
    """
    found = cluster_services.program(name)
    if found is None:
        raise FileNotFoundError(f"{name} is missing: `make test-cluster` installs it, or says what to do")
    return found


def without_privileges(folder: Path) -> list[str]:
    """As root, give the folder to an unprivileged user; return a command prefix that runs as that user."""
    if os.geteuid() != 0:
        return []
    there = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(there[name] for name in UNPRIVILEGED if name in there)
    shutil.chown(folder, user.pw_uid, user.pw_gid)
    return [str(program("setpriv")), f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
