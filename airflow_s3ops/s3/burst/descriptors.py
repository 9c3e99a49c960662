"""File descriptors: each connection needs one, and ``ulimit -n`` limits them for each process."""

from __future__ import annotations

import resource
from pathlib import Path

# Linux and macOS list the open descriptors here.
_OPEN = Path("/dev/fd")


def within_descriptors(most: int) -> int:
    """Return how many connections, up to ``most``, use at most half of the free descriptors.

    The other half is for files, for the connections of large files, and for other work of the process.

    :return: at least 1.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return most
    return max(1, min(most, (allowed - sum(1 for _ in _OPEN.iterdir())) // 2))
