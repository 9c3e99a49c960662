"""File descriptors: each connection takes one, and a process has as many as ``ulimit -n`` says."""

from __future__ import annotations

import resource
from pathlib import Path

# Where both Linux and macOS list those that are open.
_OPEN = Path("/dev/fd")


def within_descriptors(most: int) -> int:
    """Return how many connections, up to ``most``, take no more than half of what may still be opened.

    The other half is for files, for large files' connections, and for whatever else the process does.

    :return: at least 1.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return most
    return max(1, min(most, (allowed - sum(1 for _ in _OPEN.iterdir())) // 2))
