"""The outcomes of many files: counts, progress, and the rows of the manifest."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.manifest_rows import JsonLines, failed_row, object_row
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.results import FailedKey
from airflow_s3ops.s3.uploads.items import Uploaded
from airflow_s3ops.s3.uploads.progress import FilesProgress

if TYPE_CHECKING:
    from airflow_s3ops.s3.uploads.items import Failed
    from airflow_s3ops.s3.uploads.progress import FilesProgressSubscriber

NAMED_KEYS = 20  # in an error's message
KEPT_FAILURES = 1000  # in the error itself
NOT_SENT = "NotSent"


class UploadSummary:
    """The counts, and the rows of the manifest and of the list of failures.

    :param with_rows: whether to collect rows.
    :param progress: is called after each file.
    """

    def __init__(self, *, with_rows: bool, progress: FilesProgressSubscriber | None = None) -> None:
        self.uploaded = self.skipped = self.failed = self.bytes = 0
        self.rows = JsonLines() if with_rows else None
        self.failed_rows: JsonLines | None = None
        self.is_retryable = False
        self._with_rows = with_rows
        self._progress = progress
        self._failures: list[FailedKey] = []
        self._codes: Counter[str] = Counter()

    def add(self, outcome: Uploaded | Failed) -> None:
        """Add the outcome of one file."""
        if isinstance(outcome, Uploaded):
            self._add_uploaded(outcome)
        else:
            self.add_failure(outcome.item.key, outcome.error)

    def add_failure(self, key: str, error: errors.S3OpsError) -> None:
        """Add a failed file."""
        self.is_retryable = self.is_retryable or error.retryable
        code = error.code or type(error).__name__
        self._add_failed(FailedKey(key, None, code, error.reason or error.what))

    def add_not_sent(self, key: str) -> None:
        """Add a file of ``last`` that was not sent, because another file failed."""
        self._add_failed(
            FailedKey(key, None, NOT_SENT, "It is uploaded after all others, and some of those failed")
        )

    def require_success(self, bucket: str) -> None:
        """Return if no file failed.

        :raises PartialUpload: a file failed; the error names the codes and the first keys.
        """
        if not self.failed:
            return
        total = self.uploaded + self.skipped + self.failed
        codes = self._codes.most_common()
        named = ", ".join(f"{failure.key!r} ({failure.code})" for failure in self._failures[:NAMED_KEYS])
        more = f" and {self.failed - NAMED_KEYS:,} more" if self.failed > NAMED_KEYS else ""
        raise errors.PartialUpload(
            f"{self.failed:,} of {total:,} files were not uploaded to {s3_uri(bucket)} "
            f"({', '.join(f'{code}: {count:,}' for code, count in codes)}): {named}{more}",
            failures=self._failures,
            counts={"uploaded": self.uploaded, "skipped": self.skipped, "failed": self.failed},
            retryable=self.is_retryable,
            bucket=bucket,
            code=codes[0][0],
            reason=f"The first error: {self._failures[0].message}",
        )

    def close(self) -> None:
        """Delete the temporary files of the rows."""
        for rows in (self.rows, self.failed_rows):
            if rows:
                rows.close()

    def _add_uploaded(self, uploaded: Uploaded) -> None:
        if uploaded.status == "uploaded":
            self.uploaded += 1
            self.bytes += uploaded.item.file.size
        else:
            self.skipped += 1
        if self.rows:
            self.rows.add(
                object_row(
                    uploaded.item.key,
                    uploaded.size,
                    etag=uploaded.etag,
                    version_id=uploaded.version_id,
                    checksum=uploaded.checksum,
                    mtime_ns=uploaded.item.file.mtime_ns,
                )
            )
        self._report_progress()

    def _add_failed(self, failure: FailedKey) -> None:
        self.failed += 1
        self._codes[failure.code] += 1
        if len(self._failures) < KEPT_FAILURES:
            self._failures.append(failure)
        if self._with_rows:
            self.failed_rows = self.failed_rows or JsonLines()
            self.failed_rows.add(failed_row(failure))
        self._report_progress()

    def _report_progress(self) -> None:
        if self._progress:
            files = self.uploaded + self.skipped + self.failed
            self._progress(FilesProgress(files, self.bytes, self.failed))
