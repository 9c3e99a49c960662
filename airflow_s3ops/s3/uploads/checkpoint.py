"""What an upload must remember to be resumed by a later attempt: never a part list, never a secret."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

log = logging.getLogger(__name__)

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


class GuardedCheckpoint:
    """A checkpoint whose failures cost resuming, and never the upload itself.

    :param checkpoint: None if nobody keeps anything.
    """

    def __init__(self, checkpoint: Checkpoint | str | os.PathLike[str] | None) -> None:
        if isinstance(checkpoint, (str, os.PathLike)):
            checkpoint = FileCheckpoint(checkpoint)
        self._checkpoint: Checkpoint | None = checkpoint

    @property
    def keeps(self) -> bool:
        """Whether what is set will be there later; False once the store has failed."""
        return self._checkpoint is not None

    def get(self) -> UploadState | None:
        """Return the state that an earlier attempt left; None if there is none that is understood."""
        with self._guarded("no earlier attempt is gone on with"):
            return UploadState.from_json(self._checkpoint.get()) if self._checkpoint else None
        return None

    def set(self, state: UploadState) -> None:
        """Keep the state, if anybody does."""
        with self._guarded("a later attempt cannot resume it"):
            if self._checkpoint:
                self._checkpoint.set(state.to_json())

    def clear(self) -> None:
        """Forget the state, if there is one."""
        with self._guarded("a later attempt will find an old state, and look before it trusts it"):
            if self._checkpoint:
                self._checkpoint.clear()

    @contextmanager
    def _guarded(self, consequence: str) -> Iterator[None]:
        try:
            yield
        except Exception:
            self._checkpoint = None
            log.warning("The checkpoint of the upload failed: %s", consequence, exc_info=True)
