"""What an upload must remember to be resumed by a later attempt: never a part list, never a secret."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1


class Checkpoint(Protocol):
    """A place that survives the process: a small JSON object can be put there and taken back."""

    def get(self) -> Mapping[str, Any] | None:
        """Return what was set last; None if there is nothing."""

    def set(self, state: dict[str, Any], /) -> None:
        """Keep the state in place of any other, durably before returning."""

    def clear(self) -> None:
        """Forget the state, if there is one."""


@dataclass(frozen=True)
class UploadState:
    """An open multipart upload, and what it is an upload of.

    :param source: inode, size and mtime_ns of the file. The device's number is left out, because machines
        that mount one share number it differently; every part that is kept is compared by its checksum
        anyway.
    :param extra_args: their fingerprint.
    :param checksum: the whole object's, once all parts are there and completion is about to be asked for.
    :param size: its size, likewise.
    """

    endpoint: str
    bucket: str
    key: str
    upload_id: str
    part_size: int
    algorithm: str
    form: str
    source: tuple[int, int, int]
    extra_args: str
    compress: str | None = None
    checksum: str | None = None
    size: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a plain JSON object."""
        return {"version": VERSION, **asdict(self), "source": list(self.source)}

    @classmethod
    def from_json(cls, state: Mapping[str, Any] | None) -> UploadState | None:
        """Return the state; None if there is none, or one of another version or shape."""
        if not state or state.get("version") != VERSION:
            return None
        fields = {name: value for name, value in state.items() if name != "version"}
        try:
            return cls(**{**fields, "source": tuple(fields["source"])})
        except (KeyError, TypeError):
            return None


class FileCheckpoint:
    """A checkpoint in a file of its own, replaced atomically.

    :param path: the file; its folder must be there and writable.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def get(self) -> dict[str, Any] | None:
        """Return what was set last; None if there is no file, or no JSON object in it."""
        try:
            state = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return state if isinstance(state, dict) else None

    def set(self, state: dict[str, Any], /) -> None:
        """Write a new file beside the old one, bring it to the disk, and put it in the old one's place."""
        fd, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(state, file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise

    def clear(self) -> None:
        """Remove the file, if it is there."""
        self._path.unlink(missing_ok=True)


def checkpoint_of(checkpoint: Checkpoint | str | os.PathLike[str] | None) -> Checkpoint | None:
    """Return the checkpoint that an argument stands for: a path is a file."""
    if isinstance(checkpoint, (str, os.PathLike)):
        return FileCheckpoint(checkpoint)
    return checkpoint
