"""Find the servers that `make test-cluster` needs, where the distribution installs them.

Run as a module it installs missing ones, if it can: as root, on a system with apt-get.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Each needed program, and the package of Debian and Ubuntu that contains it.
PACKAGES = {
    "initdb": "postgresql",
    "postgres": "postgresql",
    "pg_isready": "postgresql",
    "redis-server": "redis-server",
    "setpriv": "util-linux",
}
# Debian installs PostgreSQL's server programs outside of PATH, in a folder for each version.
DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql")
INSTALL_WITHIN = 600.0


def main() -> int:
    """Install missing programs; return the exit code."""
    missing = missing_packages()
    if not missing:
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(
            f"Missing: {', '.join(missing)}. Install them with your system's package manager, "
            "or run this as root on Debian or Ubuntu.",
            file=sys.stderr,
        )
        return 1
    print(f"Installing {', '.join(missing)}", flush=True)
    install(missing)
    return 0


def program(name: str) -> Path | None:
    """Find a program; None if it is not installed. Of several PostgreSQL versions, take the newest."""
    by_version = sorted(
        DEBIAN_POSTGRESQL.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True
    )
    found = shutil.which(name, path=os.pathsep.join([*map(str, by_version), os.environ.get("PATH", "")]))
    return Path(found) if found else None


def missing_packages() -> list[str]:
    """Return the packages of the programs that are not installed."""
    return sorted({package for name, package in PACKAGES.items() if program(name) is None})


def install(packages: list[str]) -> None:
    """Install packages. Their services are not started: the tests start their own."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *command], check=True, env=quiet, timeout=INSTALL_WITHIN)


if __name__ == "__main__":
    sys.exit(main())
