"""The state that a later attempt needs to resume an upload: it has no part list and no secret."""

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
    """A store for one small JSON object that survives the process."""

    def get(self) -> Mapping[str, Any] | None:
        """Return the state that was set last; None if there is none."""

    def set(self, state: dict[str, Any], /) -> None:
        """Replace the stored state. It is stored durably before this returns."""

    def clear(self) -> None:
        """Delete the state, if there is one."""


@dataclass(frozen=True)
class UploadState:
    """An open multipart upload, and the file and parameters that it was started with.

    :param source: inode, size and mtime_ns of the file. The device number is left out, because machines
        that mount the same share number it differently. Each part that is reused is compared by its checksum
        anyway.
    :param extra_args: the fingerprint of the ExtraArgs.
    :param checksum: the checksum of the whole object; set when all parts are uploaded, just before
        completion.
    :param size: the size of the whole object; set at the same time.
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
        """Return the state; None if there is none, or if its version or fields are not the expected ones."""
        if not state or state.get("version") != VERSION:
            return None
        fields = {name: value for name, value in state.items() if name != "version"}
        try:
            return cls(**{**fields, "source": tuple(fields["source"])})
        except (KeyError, TypeError):
            return None


class FileCheckpoint:
    """A checkpoint in a file, which is replaced atomically.

    :param path: the file; its folder must exist and be writable.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def get(self) -> dict[str, Any] | None:
        """Return the state that was set last; None if there is no file, or no JSON object in it."""
        try:
            state = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return state if isinstance(state, dict) else None

    def set(self, state: dict[str, Any], /) -> None:
        """Write a new file in the same folder, sync it to disk, and rename it over the old one."""
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
        """Remove the file, if it exists."""
        self._path.unlink(missing_ok=True)


class GuardedCheckpoint:
    """A checkpoint whose failures disable resuming, but never fail the upload.

    :param checkpoint: None if no state is to be stored.
    """

    def __init__(self, checkpoint: Checkpoint | str | os.PathLike[str] | None) -> None:
        if isinstance(checkpoint, (str, os.PathLike)):
            checkpoint = FileCheckpoint(checkpoint)
        self._checkpoint: Checkpoint | None = checkpoint

    @property
    def is_available(self) -> bool:
        """Whether state can be stored; False once the store has failed."""
        return self._checkpoint is not None

    def get(self) -> UploadState | None:
        """Return the state that an earlier attempt left; None if there is none, or it cannot be read."""
        with self._guarded("an earlier attempt cannot be resumed"):
            return UploadState.from_json(self._checkpoint.get()) if self._checkpoint else None
        return None

    def set(self, state: UploadState) -> None:
        """Store the state, if there is a checkpoint."""
        with self._guarded("a later attempt cannot resume this upload"):
            if self._checkpoint:
                self._checkpoint.set(state.to_json())

    def clear(self) -> None:
        """Delete the state, if there is one."""
        with self._guarded("a later attempt finds the old state, and checks it before use"):
            if self._checkpoint:
                self._checkpoint.clear()

    @contextmanager
    def _guarded(self, consequence: str) -> Iterator[None]:
        try:
            yield
        except Exception:
            self._checkpoint = None
            log.warning("The checkpoint of the upload failed: %s", consequence, exc_info=True)
