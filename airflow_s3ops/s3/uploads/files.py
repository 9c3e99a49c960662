"""Upload many files to one bucket: each file is tried, and ends as uploaded, skipped or failed."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.extra_args import CONDITIONS, checked_extra_args, is_about_content
from airflow_s3ops.s3.files.find import find_files
from airflow_s3ops.s3.files.patterns import PathPatterns
from airflow_s3ops.s3.manifest_rows import FAILED_SUFFIX
from airflow_s3ops.s3.names import bucket_and_prefix, checked_key, s3_uri
from airflow_s3ops.s3.requests.cancellation import raise_if_cancelled
from airflow_s3ops.s3.results import UploadFilesResult
from airflow_s3ops.s3.uploads.dispatch import Dispatcher
from airflow_s3ops.s3.uploads.engine.args import check_options
from airflow_s3ops.s3.uploads.engine.declared_checksum import DEFAULT_ALGORITHM, chosen_algorithm
from airflow_s3ops.s3.uploads.engine.request_settings import apply_request_settings
from airflow_s3ops.s3.uploads.items import BatchArgs, UploadItem
from airflow_s3ops.s3.uploads.manifest import remove_stale, store_rows
from airflow_s3ops.s3.uploads.summary import UploadSummary

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.files.find import FilesSource
    from airflow_s3ops.s3.files.walk import SourceFile
    from airflow_s3ops.s3.uploads.checkpoint import Checkpoint
    from airflow_s3ops.s3.uploads.engine.args import IfExists
    from airflow_s3ops.s3.uploads.progress import FilesProgressSubscriber

log = logging.getLogger(__name__)

_ALLOWED_ABOUT_CONTENT = frozenset({"ChecksumAlgorithm", "ChecksumType"})


@dataclass(frozen=True)
class Batch:
    """The parameters of one call, checked.

    :param last: the files to upload after all others.
    :param manifest_key: None if no manifest is to be written.
    """

    dispatcher: Dispatcher
    prefix: str
    source: FilesSource
    include: str | Iterable[str] | None
    exclude: str | Iterable[str] | None
    last: PathPatterns
    manifest_key: str | None

    @property
    def client(self) -> S3Client:
        """The client that makes all requests."""
        return self.dispatcher.client

    @property
    def args(self) -> BatchArgs:
        """The parameters that all files share."""
        return self.dispatcher.args

    @property
    def stop(self) -> threading.Event | None:
        """The event that cancels the upload."""
        return self.dispatcher.stop

    def files(self) -> Iterator[SourceFile]:
        """Yield the source's files; each call searches the source again."""
        return find_files(self.source, self.include, self.exclude, self.stop)


def upload_files(
    client: S3Client,
    source: FilesSource,
    bucket: str | None,
    prefix: str = "",
    *,
    extra_args: Mapping[str, Any] | None = None,
    if_exists: IfExists = "replace",
    include: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    checksum_algorithm: str = DEFAULT_ALGORITHM,
    max_concurrency: int | None = None,
    manifest_key: str | None = None,
    last: str | Iterable[str] = (),
    allow_empty: bool = False,
    progress: FilesProgressSubscriber | None = None,
    checkpoint_for: Callable[[str], Checkpoint | None] | None = None,
    stop: threading.Event | None = None,
) -> UploadFilesResult:
    """Upload each file of a source as one object.

    :param source: a folder, a glob, a list of files or a shard; see :func:`find_files`.
    :param bucket: its name; None if ``prefix`` is an ``s3://`` URI.
    :param prefix: is put unchanged before each relative path: ``data/`` needs its slash.
    :param extra_args: any parameter of PutObject, the same for all files. If it has no content type, each
        file's is guessed from its name.
    :param if_exists: as for :func:`upload_file`, for each key. With ``skip_if_same`` a later try sends only
        what is missing.
    :param include: patterns of the relative paths to upload; None means all.
    :param exclude: patterns of relative paths to leave out, even if they match ``include``.
    :param checksum_algorithm: CRC64NVME, CRC32C, CRC32, SHA256 and others.
    :param max_concurrency: the most requests in flight at once; None means the values that were best in
        measurements.
    :param manifest_key: the key of a manifest, which is written after all files were uploaded: one JSON
        object a line, with key, size, etag, version_id, checksum and mtime. If a file failed, the failed
        files are listed in ``<manifest_key>.failed`` instead. That list is deleted when a later try succeeds.
    :param last: patterns of the files to upload after all others have succeeded. If another file failed,
        these are not sent.
    :param allow_empty: do not fail if the source has no files.
    :param progress: is called after each file, in the calling thread.
    :param checkpoint_for: is called with a key, and returns the checkpoint of a file that is sent in parts.
    :param stop: cancels the upload within 2 seconds when it is set, with ``Stopped``.
    :raises InvalidInput: a parameter is wrong, two files would have the same key, or a file has the key of
        the manifest; nothing was sent.
    :raises SourceNotFound: there is no such folder, or it has no file to upload.
    :raises PartialUpload: at the end, with the keys that failed and their codes.
    :raises S3OpsError: an error that every file would meet: wrong credentials, no such bucket, a server that
        cannot be reached.
    """
    started = time.monotonic()
    check_options(if_exists, None, max_concurrency)
    bucket, prefix = bucket_and_prefix(bucket, prefix)
    args = _checked_args(client, extra_args)
    algorithm, _ = chosen_algorithm(args, checksum_algorithm)
    apply_request_settings(client)
    batch_args = BatchArgs(bucket, args, algorithm, if_exists)
    batch = Batch(
        Dispatcher(client, batch_args, max_concurrency, checkpoint_for, stop),
        prefix,
        _repeatable(source),
        _repeatable(include),
        _repeatable(exclude),
        PathPatterns(last, "last"),
        _checked_manifest_key(bucket, manifest_key),
    )
    summary = UploadSummary(with_rows=manifest_key is not None, progress=progress)
    try:
        _send(batch, summary, allow_empty=allow_empty)
        manifest = _finish(batch, summary)
    finally:
        summary.close()
    seconds = round(time.monotonic() - started, 3)
    counts = (summary.uploaded, summary.skipped, summary.failed, summary.bytes)
    return UploadFilesResult(bucket, prefix, *counts, seconds, manifest)


def _send(batch: Batch, summary: UploadSummary, *, allow_empty: bool) -> None:
    _require_other_keys(batch)
    files = batch.files()
    first = next(files, None)
    if first is None and not allow_empty:
        raise errors.SourceNotFound(
            f"There is no file to upload in {_described(batch.source)}",
            bucket=batch.args.bucket,
            advice="Check the path on the worker, and include and exclude; or set allow_empty=True.",
        )
    files = chain([first] if first else [], files)
    try:
        batch.dispatcher.send(_items(batch, summary, files, are_last=False), summary.add)
        if batch.last and not summary.failed:
            batch.dispatcher.send(_items(batch, summary, batch.files(), are_last=True), summary.add)
        elif batch.last:
            for item in _items(batch, summary, batch.files(), are_last=True, is_known_unreadable=True):
                summary.add_not_sent(item.key)
    except BaseException:
        uri = s3_uri(batch.args.bucket, batch.prefix)
        log.warning("%s: upload ended early, %s uploaded, %s failed", uri, summary.uploaded, summary.failed)
        raise


def _finish(batch: Batch, summary: UploadSummary) -> str | None:
    """Write the manifest, or the list of failures; return the manifest's URI.

    :raises PartialUpload: some files failed.
    """
    bucket, key = batch.args.bucket, batch.manifest_key
    if summary.failed_rows and key:
        try:
            store_rows(batch.client, batch.args, summary.failed_rows, key + FAILED_SUFFIX, batch.stop)
        except errors.S3OpsError as error:
            log.warning("The list of the failed files could not be written: %s", error)
    summary.require_success(bucket)
    if not summary.rows or not key:
        return None
    uri = store_rows(batch.client, batch.args, summary.rows, key, batch.stop)
    remove_stale(batch.client, batch.args, key + FAILED_SUFFIX, batch.stop)
    return uri


def _items(
    batch: Batch,
    summary: UploadSummary,
    files: Iterator[SourceFile],
    *,
    are_last: bool,
    is_known_unreadable: bool = False,
) -> Iterator[UploadItem]:
    """Yield files with their keys. A name that is not a valid key is a failure, as is an unreadable folder.

    :param is_known_unreadable: an earlier walk of the source has recorded the folder that cannot be listed.
    """
    try:
        for file in files:
            raise_if_cancelled(batch.stop, batch.args.bucket)
            if batch.last.match(file.relative) is not are_last:
                continue
            key = batch.prefix + file.relative
            try:
                checked_key(key, batch.args.bucket)
            except errors.InvalidKey as error:
                summary.add_failure(key, error)
            else:
                yield UploadItem(file, key)
    except errors.SourceUnreadable as error:
        if not is_known_unreadable:
            summary.add_failure(batch.prefix, error)


def _require_other_keys(batch: Batch) -> None:
    """Check that no file has the key of the manifest or of the list of failures.

    :raises InvalidInput: a file has one of these keys, and its object would be overwritten.
    """
    for key in (batch.manifest_key, f"{batch.manifest_key}{FAILED_SUFFIX}") if batch.manifest_key else ():
        if not key.startswith(batch.prefix):
            continue
        relative = key[len(batch.prefix) :]
        if any(file.relative == relative for file in _files_at(batch, relative)):
            raise errors.InvalidInput(
                f"The manifest's key {key!r} is also the key of a file of the source",
                bucket=batch.args.bucket,
                key=key,
                advice="Choose another manifest_key, or leave the file out with exclude; nothing was sent.",
            )


def _files_at(batch: Batch, relative: str) -> Iterator[SourceFile]:
    """Yield the file at one relative path, if there is one, without reading all folders.

    For a shard the whole source is searched, because a file of another shard may have that path.
    """
    source: Any = batch.source
    if isinstance(source, (str, os.PathLike)):
        source = {"source": source}
    if isinstance(source, Mapping):
        source = {**source, "from": relative, "to": f"{relative}\0"}
    return find_files(source, batch.include, batch.exclude, batch.stop)


def _checked_args(client: S3Client, extra_args: Mapping[str, Any] | None) -> dict[str, Any]:
    args = checked_extra_args(client, extra_args)
    for name in args:
        if name in CONDITIONS:
            raise errors.InvalidExtraArgs(
                f"extra_args has a condition ({name}), which would apply to all files",
                advice="Use if_exists instead.",
            )
        if is_about_content(name) and name not in _ALLOWED_ABOUT_CONTENT:
            raise errors.InvalidExtraArgs(
                f"extra_args has a {name}, which cannot be the same for all files",
                advice="Leave it out: the checksum of each file is computed, sent and compared.",
            )
    return args


def _checked_manifest_key(bucket: str, key: str | None) -> str | None:
    if key is None:
        return None
    checked_key(f"{key}{FAILED_SUFFIX}", bucket)
    return checked_key(key, bucket)


def _repeatable(items: Any) -> Any:
    """Return a value that can be iterated more than once."""
    is_one = items is None or isinstance(items, (str, bytes, os.PathLike, Mapping))
    return items if is_one or not isinstance(items, Iterable) else list(items)


def _described(source: Any) -> str:
    if isinstance(source, list):
        return f"a list of {len(source):,} files"
    return repr(source["source"] if isinstance(source, Mapping) else os.fspath(source))
