"""A manifest: which objects an upload of many files has made, as JSON Lines beside them."""

from __future__ import annotations

import json
import logging
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.engine.destination import Destination
from airflow_s3ops.s3.extra_args import CONDITIONS, is_about_content
from airflow_s3ops.s3.halt import Halt
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.no_blind_repeat import no_blind_repeat
from airflow_s3ops.s3.stoppable_client import stoppable
from airflow_s3ops.s3.upload import upload_file

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.bulk.outgoing import BatchArgs, Delivered
    from airflow_s3ops.s3.results import FailedKey

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/jsonl"
FAILED_SUFFIX = ".failed"
# They speak of the files, and a manifest is none of them.
_OF_FILES = frozenset({"ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"})


class JsonLines:
    """Rows, kept in a file without a name until they are uploaded: a million of them take no memory."""

    def __init__(self) -> None:
        # It must outlive the method, and goes with the process, however that ends.
        self._file = tempfile.TemporaryFile(prefix="s3ops-")  # noqa: SIM115

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row."""
        self._file.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")

    def upload(self, client: S3Client, batch: BatchArgs, key: str, stop: threading.Event | None) -> str:
        """Store the rows as one object, in place of any other, and return its URI.

        :param batch: whose bucket, checksum and ExtraArgs it shares, but for those that describe a content.
        """
        self._file.flush()
        args = {
            name: value
            for name, value in batch.extra_args.items()
            if name not in _OF_FILES | CONDITIONS and not is_about_content(name)
        }
        return upload_file(
            client,
            path_of_open(self._file),
            batch.bucket,
            key,
            extra_args={**args, "ContentType": CONTENT_TYPE},
            checksum_algorithm=batch.algorithm.name,
            stop=stop,
        ).uri

    def close(self) -> None:
        """Give the disk's space back."""
        self._file.close()


def manifest_row(delivered: Delivered) -> dict[str, Any]:
    """Return the row of one object: what S3 has, and the time of the file. What is not known is left out."""
    checksum = delivered.checksum
    row = {
        "key": delivered.outgoing.key,
        "size": delivered.size,
        "etag": delivered.etag,
        "version_id": delivered.version_id,
        "checksum": {"algorithm": checksum.algorithm, "value": checksum.value} if checksum else None,
        "mtime": _as_text(delivered.outgoing.file.mtime_ns),
    }
    return {name: value for name, value in row.items() if value is not None}


def failed_row(failure: FailedKey) -> dict[str, Any]:
    """Return the row of one file that is not there."""
    return {"key": failure.key, "code": failure.code, "message": failure.message}


def remove_stale(client: S3Client, batch: BatchArgs, key: str, stop: threading.Event | None) -> None:
    """Delete the list of failures that an earlier try has left. If that cannot be done, the log says so.

    :param batch: whose bucket and ExtraArgs it shares: the list was written with them.
    :raises Stopped: ``stop`` is set.
    """
    halt = Halt(stop, s3_uri(batch.bucket, key))
    stale = Destination(stoppable(client, halt), batch.bucket, key, batch.extra_args)
    try:
        try:
            _look_and_delete(stale)
        except errors.NetworkError:  # it may have broken after the deed
            _look_and_delete(stale)
    except errors.ObjectNotFound:
        return
    except errors.Stopped:
        raise
    except errors.S3OpsError as error:
        log.warning("A list of an earlier try's failures may still be there: %s", error)


def _look_and_delete(stale: Destination) -> None:
    """Delete an object if it is there: on a versioned bucket, deleting what is not there leaves a marker."""
    stale.call("HeadObject")
    with no_blind_repeat(stale.client, "DeleteObject"):
        stale.call("DeleteObject")


def _as_text(mtime_ns: int) -> str:
    seconds, rest = divmod(mtime_ns, 10**9)
    moment = datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=rest // 1000)
    return moment.isoformat(timespec="microseconds")


def path_of_open(file: IO[bytes]) -> str:
    """Return a path to an open file that has no name."""
    linux = Path("/proc/self/fd")
    return f"{linux if linux.is_dir() else '/dev/fd'}/{file.fileno()}"
