"""Delete up to 1,000 keys with one DeleteObjects request, classify its errors, and retry transient ones."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.deletes.request import request_deletion
from airflow_s3ops.s3.deletes.targets import Target
from airflow_s3ops.s3.objects.presence import presence_of
from airflow_s3ops.s3.requests import batch_errors
from airflow_s3ops.s3.requests.translate import error_class, translated
from airflow_s3ops.s3.results import FailedKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.requests.cancellation import Cancellation
    from airflow_s3ops.s3.requests.concurrency import Concurrency
    from airflow_s3ops.s3.requests.xml_operations import XmlResponse

    Failed = tuple[FailedKey, bool]  # the key, and whether a retry may succeed

BATCH_SIZE = 1000  # S3's limit for DeleteObjects
BACKOFF = (0.2, 0.6, 1.8)  # seconds before each retry of the keys that failed
# After one of these errors, every other batch would fail as well.
FATAL = (*batch_errors.FATAL, errors.InvalidInput, errors.NotSupportedByServer)
# Characters that XML 1.0 cannot contain, not even escaped. A key may contain them.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass
class Failures:
    """The keys of a batch that were not deleted.

    :param permanent: keys that would fail again, according to S3's error code.
    :param transient: keys that may succeed in a retry, according to S3's error code.
    """

    permanent: list[FailedKey] = field(default_factory=list)
    transient: list[FailedKey] = field(default_factory=list)


@dataclass(frozen=True)
class Deleter:
    """Deletes batches of a bucket's keys; several threads may share it.

    :param concurrency: is updated after each request: succeeded or throttled.
    """

    client: S3Client
    bucket: str
    cancellation: Cancellation
    concurrency: Concurrency

    def delete(self, batch: Sequence[Target]) -> Failures:
        """Delete up to 1,000 keys or versions, and return those that S3 did not delete.

        Keys with a transient error (SlowDown, InternalError, …) are sent again a few times, without the other
        keys. If S3 rejects the whole request, each of its keys counts as failed.

        :raises S3OpsError: an error that every other batch would have too: no such bucket, credentials
            rejected, …
        :raises Stopped: the deletion was cancelled; earlier requests have been processed.
        """
        failures = self._send(batch)
        for seconds in BACKOFF:
            if not failures.transient:
                break
            self.cancellation.sleep(seconds)
            retried = self._send([Target(failed.key, failed.version_id) for failed in failures.transient])
            failures = Failures(failures.permanent + retried.permanent, retried.transient)
        return failures

    def _send(self, batch: Sequence[Target]) -> Failures:
        failures = Failures()
        for failed, retryable in self._failed_keys(batch):
            if retryable:
                failures.transient.append(failed)
            elif not _is_gone(self.client, self.bucket, failed):
                failures.permanent.append(failed)
        return failures

    def _failed_keys(self, batch: Sequence[Target]) -> Iterator[Failed]:
        sendable = [target for target in batch if not _NOT_IN_XML.search(target.key)]
        if sendable:
            yield from self._delete_in_one_request(sendable)
        if len(sendable) < len(batch):
            for target in batch:
                if _NOT_IN_XML.search(target.key):
                    yield from self._delete_by_itself(target)

    def _delete_in_one_request(self, targets: Sequence[Target]) -> Iterator[Failed]:
        self.cancellation.check()
        started = time.monotonic()
        try:
            with translated(self.client, self.bucket):
                response = request_deletion(self.client, self.bucket, targets)
        except FATAL:
            raise
        except errors.S3OpsError as error:
            self._reduce_concurrency_for(error)
            yield from (_failed_key(target, error) for target in targets)
            return
        failed_keys = _errors_in(response)
        if response.retries or any(retryable for _, retryable in failed_keys):
            self.concurrency.throttled()
        elif len(targets) == BATCH_SIZE:  # the duration of a shorter batch is not comparable
            self.concurrency.succeeded(time.monotonic() - started)
        yield from failed_keys

    def _delete_by_itself(self, target: Target) -> Iterator[Failed]:
        self.cancellation.check()
        request: dict[str, Any] = {"Bucket": self.bucket, **_identifier(target)}
        try:
            with translated(self.client, self.bucket, target.key):
                self.client.delete_object(**request)
        except FATAL:
            raise
        except errors.S3OpsError as error:
            self._reduce_concurrency_for(error)
            yield _failed_key(target, error)

    def _reduce_concurrency_for(self, error: errors.S3OpsError) -> None:
        if error.retryable:
            self.concurrency.throttled()


def _errors_in(response: XmlResponse) -> list[Failed]:
    failed_keys = []
    for _, row in response.document.rows:
        code = row.get("Code", "unknown")
        failed = FailedKey(row.get("Key", ""), row.get("VersionId") or None, code, row.get("Message", ""))
        failed_keys.append((failed, error_class(code).retryable))
    return failed_keys


def _identifier(target: Target) -> dict[str, str]:
    if target.version_id is None:
        return {"Key": target.key}
    return {"Key": target.key, "VersionId": target.version_id}


def _failed_key(target: Target, error: errors.S3OpsError) -> Failed:
    code = error.code or type(error).__name__
    return FailedKey(target.key, target.version_id, code, error.reason or error.what), error.retryable


def _is_gone(client: S3Client, bucket: str, failure: FailedKey) -> bool:
    """Whether the key failed only because it was deleted already.

    Another client deleted it, or an earlier request of ours whose response was lost.
    """
    if failure.code in ("NoSuchKey", "NoSuchVersion"):
        return True
    # Versity Gateway's error code for a version that no longer exists.
    if failure.version_id is None or failure.code != "InvalidArgument":
        return False
    try:
        return presence_of(client, bucket, failure.key, failure.version_id).state == "missing"
    except errors.S3OpsError:
        return False
