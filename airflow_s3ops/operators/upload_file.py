"""``UploadFileOperator``."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from airflow_s3ops.operators.base import CONNECTION_FIELDS, S3OpsOperator
from airflow_s3ops.operators.coerce import as_bool, as_count
from airflow_s3ops.operators.task_state import task_checkpoint

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_s3ops.s3.results import UploadFileResult


class UploadFileOperator(S3OpsOperator):
    """Upload one file of the worker as one object, and verify it.

    :param filename: a regular file that the worker can read.
    :param bucket: the bucket's name; None if ``key`` is an ``s3://`` URI.
    :param key: the object's key, at most 1,024 bytes in UTF-8; None means the file's name.
    :param extra_args: any parameter of S3's PutObject, such as ``{"ACL": "public-read"}``. The content type
        is guessed from the file's name if it is not given.
    :param if_exists: ``replace``, ``fail``, ``skip``, or ``skip_if_same`` (by size and checksum).
    :param checksum_algorithm: CRC64NVME, CRC32C, CRC32 or SHA256.
    :param part_size: bytes, from 5 MiB to 5 GiB; None chooses a size that fits the file.
    :param max_concurrency: parts that are sent at once, at least 1; None means the default.
    :param resume: True lets the next try of this task continue a killed upload (Airflow 3.3 or newer).
    :param compress: ``gzip`` stores the file compressed and sets ContentEncoding; without a temporary file.
    :raises SourceNotFound: the file does not exist.
    :raises SourceUnreadable: it is a folder or a fifo, or the worker is not allowed to read it.
    :raises SourceChanged: the file changed while it was read; nothing became visible at the key.
    :raises InvalidExtraArgs: an argument is wrong; the error names it, and no byte was sent.
    :raises ObjectExists: an object exists at the key, with ``if_exists="fail"``.
    :raises AclsDisabled: the bucket refuses ACLs; the error says what to do.
    """

    template_fields: Sequence[str] = (
        "filename",
        "bucket",
        "key",
        "extra_args",
        "if_exists",
        "checksum_algorithm",
        "part_size",
        "max_concurrency",
        "resume",
        "compress",
        *CONNECTION_FIELDS,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **S3OpsOperator.template_fields_renderers,
        "extra_args": "json",
    }

    def __init__(
        self,
        *,
        filename: str,
        bucket: str | None = None,
        key: str | None = None,
        extra_args: dict[str, Any] | None = None,
        if_exists: Literal["replace", "fail", "skip", "skip_if_same"] = "replace",
        checksum_algorithm: str = "CRC64NVME",
        part_size: int | None = None,
        max_concurrency: int | None = None,
        resume: bool = True,
        compress: Literal["gzip"] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filename = filename
        self.bucket = bucket
        self.key = key
        self.extra_args = extra_args
        self.if_exists = if_exists
        self.checksum_algorithm = checksum_algorithm
        self.part_size = part_size
        self.max_concurrency = max_concurrency
        self.resume = resume
        self.compress = compress

    def target(self) -> tuple[str | None, str | None]:
        """Return the object."""
        return self.bucket, self.key or PurePath(str(self.filename)).name

    def operate(self, context: Context) -> UploadFileResult:
        """Upload the file."""
        from airflow_s3ops.s3.uploads.progress import ProgressLog

        return self.hook.upload_file(
            self.filename,
            self.bucket,
            self.key,
            extra_args=self.extra_args,
            if_exists=self.if_exists,
            checksum_algorithm=self.checksum_algorithm,
            part_size=as_count("part_size", self.part_size),
            max_concurrency=as_count("max_concurrency", self.max_concurrency),
            resume=as_bool("resume", self.resume),
            compress=self.compress,
            progress=ProgressLog(cast("logging.Logger", self.log), self.start_message()),
            checkpoint=task_checkpoint(context),
        )
