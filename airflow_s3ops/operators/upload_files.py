"""``UploadFilesOperator``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from airflow_s3ops.operators.base import CONNECTION_FIELDS, S3OpsOperator
from airflow_s3ops.operators.coerce import as_bool, as_count
from airflow_s3ops.operators.task_state import task_checkpoints

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from airflow_s3ops.s3.results import UploadFilesResult


class UploadFilesOperator(S3OpsOperator):
    """Upload a folder, the files of a glob, or a list of files, each as one object, and verify them.

    Every file is tried. If any file failed, the task fails at the end with an error that names the files.

    :param source: a folder, with all its subfolders; a glob with ``**`` for any number of folders; a list of
        files, also one that an upstream task returns; or a shard of a folder or glob.
    :param bucket: the bucket's name; None if ``prefix`` is an ``s3://`` URI.
    :param prefix: is put unchanged before each file's path in the source: write ``data/`` with its slash.
    :param extra_args: any parameter of S3's PutObject, the same for all files.
    :param if_exists: ``replace``, ``fail``, ``skip``, or ``skip_if_same`` (by size and checksum), with which
        a retry sends only what is missing.
    :param include: patterns of files to upload, such as ``["*.csv", "2026/**"]``; None means all.
    :param exclude: patterns of files to leave out.
    :param checksum_algorithm: CRC64NVME, CRC32C, CRC32 or SHA256.
    :param max_concurrency: requests at once, at least 1; None means the default.
    :param manifest_key: the key of a manifest of all objects, as JSON Lines, which is written at the end. If
        files failed, they are listed in ``<manifest_key>.failed`` instead.
    :param last: patterns of files to upload after all others, such as ``["index.html", "_SUCCESS"]``.
    :param allow_empty: True accepts a source without files.
    :raises SourceNotFound: there is no such folder, or no file in it.
    :raises InvalidInput: two files would get the same key, or a file would get the manifest's key.
    :raises PartialUpload: some files failed; the error names them. All others were uploaded.
    """

    template_fields: Sequence[str] = (
        "source",
        "bucket",
        "prefix",
        "extra_args",
        "if_exists",
        "include",
        "exclude",
        "checksum_algorithm",
        "max_concurrency",
        "manifest_key",
        "last",
        "allow_empty",
        *CONNECTION_FIELDS,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **S3OpsOperator.template_fields_renderers,
        "extra_args": "json",
    }

    def __init__(
        self,
        *,
        source: str | Sequence[str] | Mapping[str, Any],
        bucket: str | None = None,
        prefix: str = "",
        extra_args: dict[str, Any] | None = None,
        if_exists: Literal["replace", "fail", "skip", "skip_if_same"] = "replace",
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        checksum_algorithm: str = "CRC64NVME",
        max_concurrency: int | None = None,
        manifest_key: str | None = None,
        last: Sequence[str] = (),
        allow_empty: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.bucket = bucket
        self.prefix = prefix
        self.extra_args = extra_args
        self.if_exists = if_exists
        self.include = include
        self.exclude = exclude
        self.checksum_algorithm = checksum_algorithm
        self.max_concurrency = max_concurrency
        self.manifest_key = manifest_key
        self.last = last
        self.allow_empty = allow_empty

    def target(self) -> tuple[str | None, str | None]:
        """Return the bucket and the prefix."""
        return self.bucket, self.prefix

    def operate(self, context: Context) -> UploadFilesResult:
        """Upload the files."""
        from airflow_s3ops.s3.uploads.progress import FilesProgressLog

        return self.hook.upload_files(
            self.source,
            self.bucket,
            self.prefix,
            extra_args=self.extra_args,
            if_exists=self.if_exists,
            include=self.include,
            exclude=self.exclude,
            checksum_algorithm=self.checksum_algorithm,
            max_concurrency=as_count("max_concurrency", self.max_concurrency),
            manifest_key=self.manifest_key,
            last=self.last,
            allow_empty=as_bool("allow_empty", self.allow_empty),
            progress=FilesProgressLog(cast("logging.Logger", self.log), self.start_message()),
            checkpoint_for=task_checkpoints(context),
        )
