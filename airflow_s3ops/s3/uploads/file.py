"""Upload one file as one object: conditional, verified, resumable, in one request or in parts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from airflow_s3ops.s3.errors import PermanentError
from airflow_s3ops.s3.files.source import opened_source
from airflow_s3ops.s3.names import bucket_and_key
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.results import UploadFileResult
from airflow_s3ops.s3.uploads.checkpoint import GuardedCheckpoint
from airflow_s3ops.s3.uploads.engine.abort import abort_earlier_upload
from airflow_s3ops.s3.uploads.engine.args import args_to_send, check_options, most_at_once
from airflow_s3ops.s3.uploads.engine.content import FileContent, GzipContent
from airflow_s3ops.s3.uploads.engine.declared_checksum import (
    DEFAULT_ALGORITHM,
    check_declared_checksums,
    chosen_algorithm,
)
from airflow_s3ops.s3.uploads.engine.destination import Destination
from airflow_s3ops.s3.uploads.engine.if_exists import upload_content
from airflow_s3ops.s3.uploads.engine.request_settings import apply_request_settings
from airflow_s3ops.s3.uploads.engine.transfer import Transfer

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.files.source import SourceIdentity
    from airflow_s3ops.s3.uploads.checkpoint import Checkpoint
    from airflow_s3ops.s3.uploads.engine.args import IfExists
    from airflow_s3ops.s3.uploads.engine.if_exists import UploadOutcome
    from airflow_s3ops.s3.uploads.progress import ProgressSubscriber


def upload_file(
    client: S3Client,
    filename: str | os.PathLike[str],
    bucket: str | None,
    key: str | None,
    *,
    extra_args: Mapping[str, Any] | None = None,
    if_exists: IfExists = "replace",
    checksum_algorithm: str = DEFAULT_ALGORITHM,
    part_size: int | None = None,
    max_concurrency: int | None = None,
    resume: bool = True,
    compress: Literal["gzip"] | None = None,
    progress: ProgressSubscriber | None = None,
    checkpoint: Checkpoint | str | os.PathLike[str] | None = None,
    stop: threading.Event | None = None,
    opened: Callable[[SourceIdentity], object] | None = None,
) -> UploadFileResult:
    """Upload a file as an object.

    :param bucket: its name; None if ``key`` is an ``s3://`` URI.
    :param extra_args: any parameter of boto3's ``upload_file`` and of PutObject.
    :param if_exists: ``replace`` sends no condition. If there is an object at the key, ``fail`` raises, and
        ``skip`` leaves it unchanged. ``skip_if_same`` leaves it unchanged if it has the file's size and
        checksum. S3 decides this with a conditional request, not a HEAD before the upload.
    :param checksum_algorithm: CRC64NVME, CRC32C or CRC32. SHA256, SHA1, SHA512 and MD5 are possible, too:
        for an upload in parts their checksum is COMPOSITE.
    :param part_size: bytes, from 5 MiB to 5 GiB. A file up to this size is sent in one request. Larger parts
        are used if the file would need more than 10,000 parts.
    :param max_concurrency: the most parts in flight at once; never more than the client has connections.
    :param resume: resume the upload that an earlier attempt left in ``checkpoint``, and keep an upload that
        fails there for a later attempt.
    :param compress: ``gzip`` stores the file compressed, with ``ContentEncoding: gzip``, without a temporary
        file.
    :param progress: is called after each part with the bytes done, in the calling thread.
    :param checkpoint: where the state of an upload in parts is stored: the path of a file, or an object that
        stores JSON.
    :param stop: cancels the upload within 2 seconds when it is set, with ``Stopped``. If there is a
        checkpoint, the parts that S3 has are kept for resuming.
    :param opened: is called with the identity of the file that is read, before anything is sent.
    :raises InvalidInput: a parameter is wrong; nothing was sent.
    :raises SourceNotFound: there is no such file.
    :raises SourceUnreadable: it is not a regular file, or this process is not allowed to read it.
    :raises SourceChanged: the file changed while it was read; nothing became visible at the key.
    :raises ObjectExists: there is an object at the key (``fail``).
    :raises PreconditionFailed: the object changed meanwhile (``skip_if_same``), or a condition in
        ``extra_args`` is not met.
    :raises ChecksumMismatch: S3 received, or stored, other bytes than were read.
    :raises NotSupportedByServer: the server does not confirm the encryption that ``extra_args`` requests.
    :raises S3OpsError: any other error that S3 returns.
    """
    started = time.monotonic()
    guarded = GuardedCheckpoint(checkpoint)
    try:
        check_options(if_exists, compress, max_concurrency)
        args = args_to_send(client, extra_args, filename, if_exists, compress)
        algorithm, form = chosen_algorithm(args, checksum_algorithm)
        destination = Destination(client, *bucket_and_key(bucket, key), args)
        cancellation = Cancellation(stop, destination.uri)
        apply_request_settings(client)
        with opened_source(filename) as source:
            if opened:
                opened(source.identity)
            content = GzipContent(source, part_size) if compress else FileContent(source, part_size)
            at_once = most_at_once(client, max_concurrency)
            transfer = Transfer(destination, content, algorithm, form, at_once, cancellation, progress)
            transfer.check()
            check_declared_checksums(transfer, args)
            outcome = upload_content(transfer, if_exists, guarded, resume=resume)
    except PermanentError:
        # No later attempt follows, so no one resumes the upload that an earlier attempt left open.
        abort_earlier_upload(client, extra_args if isinstance(extra_args, Mapping) else {}, guarded)
        raise
    return _result(destination, outcome, source.identity.size, time.monotonic() - started)


def _result(destination: Destination, outcome: UploadOutcome, size: int, seconds: float) -> UploadFileResult:
    stored = outcome.stored
    return UploadFileResult(
        uri=destination.uri,
        bucket=destination.bucket,
        key=destination.key,
        status=outcome.status,
        size=stored.size if stored else size,
        etag=stored.etag if stored else None,
        version_id=stored.version_id if stored else None,
        checksum=stored.checksum if stored else None,
        parts=outcome.parts,
        resumed_parts=outcome.resumed,
        seconds=round(seconds, 3),
    )
