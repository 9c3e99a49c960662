"""The rows of a manifest: one JSON object per line, one for each S3 object."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from airflow_s3ops.s3.results import FailedKey, ObjectChecksum

CONTENT_TYPE = "application/jsonl"
FAILED_SUFFIX = ".failed"


class JsonLines:
    """Rows in an unnamed temporary file, until they are uploaded: they take no memory, however many."""

    def __init__(self) -> None:
        # It must outlive this method. The system deletes it when the process ends, in whatever way.
        self._file = tempfile.TemporaryFile(prefix="s3ops-")  # noqa: SIM115

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row."""
        self.add_line(json.dumps(row, separators=(",", ":")).encode())

    def add_line(self, line: bytes) -> None:
        """Add a row copied from another manifest.

        :param line: the row without its line feed.
        """
        self._file.write(line + b"\n")

    def flushed_path(self) -> str:
        """Write all rows to the file, and return a path to read them from."""
        self._file.flush()
        return _path_of_open(self._file)

    def close(self) -> None:
        """Free the disk space."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def object_row(
    key: str,
    size: int,
    *,
    etag: str | None,
    version_id: str | None,
    checksum: ObjectChecksum | None,
    mtime_ns: int,
) -> dict[str, Any]:
    """Return the row of one object. A field that is None is left out.

    :param size: the object's size in bytes.
    :param etag: without quotes.
    :param mtime_ns: the modification time of the uploaded file, in nanoseconds since 1970.
    """
    row = {
        "key": key,
        "size": size,
        "etag": etag,
        "version_id": version_id,
        "checksum": {"algorithm": checksum.algorithm, "value": checksum.value} if checksum else None,
        "mtime": _as_text(mtime_ns),
    }
    return {name: value for name, value in row.items() if value is not None}


def failed_row(failure: FailedKey) -> dict[str, Any]:
    """Return the row of a file that was not uploaded."""
    return {"key": failure.key, "code": failure.code, "message": failure.message}


def _path_of_open(file: IO[bytes]) -> str:
    """Return a path to an open file without a name."""
    linux = Path("/proc/self/fd")
    return f"{linux if linux.is_dir() else '/dev/fd'}/{file.fileno()}"


def _as_text(mtime_ns: int) -> str:
    seconds, rest = divmod(mtime_ns, 10**9)
    time = datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=rest // 1000)
    return time.isoformat(timespec="microseconds")
