"""The manifest of an upload of many files, and the list of the failed files, as objects in the bucket."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.extra_args import CONDITIONS, is_about_content
from airflow_s3ops.s3.manifest_rows import CONTENT_TYPE
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.cancellable_client import cancellable
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.requests.idempotency import no_automatic_retry
from airflow_s3ops.s3.uploads.engine.destination import Destination
from airflow_s3ops.s3.uploads.file import upload_file

if TYPE_CHECKING:
    import threading

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.manifest_rows import JsonLines
    from airflow_s3ops.s3.uploads.items import BatchArgs

log = logging.getLogger(__name__)

# These describe the uploaded files, not the manifest.
_OF_FILES = frozenset({"ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"})


def store_rows(
    client: S3Client, batch: BatchArgs, rows: JsonLines, key: str, stop: threading.Event | None
) -> str:
    """Upload rows as one object, replacing any other, and return its URI.

    :param batch: its bucket, checksum algorithm and ExtraArgs are used, except ExtraArgs that describe
        content.
    """
    args = {
        name: value
        for name, value in batch.extra_args.items()
        if name not in _OF_FILES | CONDITIONS and not is_about_content(name)
    }
    return upload_file(
        client,
        rows.flushed_path(),
        batch.bucket,
        key,
        extra_args={**args, "ContentType": CONTENT_TYPE},
        checksum_algorithm=batch.algorithm.name,
        stop=stop,
    ).uri


def remove_stale(client: S3Client, batch: BatchArgs, key: str, stop: threading.Event | None) -> None:
    """Delete the list of failures that an earlier try left. If that fails, a warning is logged.

    :param batch: its bucket and ExtraArgs are used: the list was written with them.
    :raises Stopped: ``stop`` is set.
    """
    cancellation = Cancellation(stop, s3_uri(batch.bucket, key))
    stale = Destination(cancellable(client, cancellation), batch.bucket, key, batch.extra_args)
    try:
        try:
            _head_and_delete(stale)
        except errors.NetworkError:  # the connection may have broken after the deletion
            _head_and_delete(stale)
    except errors.ObjectNotFound:
        return
    except errors.Stopped:
        raise
    except errors.S3OpsError as error:
        log.warning("The list of an earlier try's failed files may still exist: %s", error)


def _head_and_delete(stale: Destination) -> None:
    """Delete an object if it exists. In a versioned bucket, deleting a missing key adds a delete marker."""
    stale.request("HeadObject")
    with no_automatic_retry(stale.client, "DeleteObject"):
        stale.request("DeleteObject")
