"""Many files to be sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was found.

    :param path: as the system knows it.
    :param relative: its place in the source, always with ``/``.
    :param size: bytes.
    """

    path: str
    relative: str
    size: int
    mtime_ns: int
