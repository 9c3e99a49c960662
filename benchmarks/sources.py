"""The files to upload, newly created for each scenario."""

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
    """Size and ETag of an object in a listing.

    :param etag: without quotes; None means any, because the ETag of a multipart upload depends on its parts.
    """

    size: int
    etag: str | None = None

    def matches(self, other: Seen) -> bool:
        """Return whether a listed object has the expected size and ETag."""
        return bool(other.etag) and self.size == other.size and self.etag in {None, other.etag}


def make_file(path: Path, size: int, *, sparse: bool) -> None:
    """Create one file of random bytes, or a sparse file without data.

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
    """Return this number of paths in sorted order, a hundred in each folder."""
    return [f"{number // FILES_A_FOLDER:04}/{number:06}.bin" for number in range(count)]


def make_files(folder: Path, count: int, size: int) -> dict[str, Seen]:
    """Create files that all differ; return the expected size and ETag of each by its relative path.

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
    """Create a folder with hard links to some of another folder's files."""
    for relative in relatives:
        path = target / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(source / relative)
