"""The files that are sent, made anew for a scenario."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.scenarios import MIB

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILES_A_FOLDER = 100


@dataclass(frozen=True)
class Seen:
    """What a listing says of an object.

    :param etag: without quotes; None stands for any: that of a multipart upload depends on its parts.
    """

    size: int
    etag: str | None = None

    def is_met_by(self, other: Seen) -> bool:
        """Return whether an object that has an ETag is what was wanted."""
        return bool(other.etag) and self.size == other.size and self.etag in {None, other.etag}


def make_file(path: Path, size: int, *, sparse: bool) -> None:
    """Make one file of random bytes, or all hole.

    :param size: in bytes.
    """
    with path.open("wb") as file:
        if sparse:
            file.truncate(size)
            return
        block = os.urandom(MIB)
        for begin in range(0, size, MIB):
            file.write(block[: size - begin])


def relative_paths(count: int) -> list[str]:
    """Return so many paths in sorted order, a hundred to a folder."""
    return [f"{number // FILES_A_FOLDER:04}/{number:06}.bin" for number in range(count)]


def make_files(folder: Path, count: int, size: int) -> dict[str, Seen]:
    """Make files that all differ; return by relative path what S3 shall say of each.

    :param size: bytes of each, at least 8.
    """
    filling = os.urandom(size - 8)
    made = {}
    for number, relative in enumerate(relative_paths(count)):
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        content = number.to_bytes(8, "big") + filling
        path.write_bytes(content)
        made[relative] = Seen(size, hashlib.md5(content, usedforsecurity=False).hexdigest())
    return made


def link_files(source: Path, target: Path, relatives: Mapping[str, Seen]) -> None:
    """Make a folder with some of another one's files, as hard links."""
    for relative in relatives:
        path = target / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(source / relative)
