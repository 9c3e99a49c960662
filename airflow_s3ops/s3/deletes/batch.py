"""One DeleteObjects request of up to 1,000 keys, whose errors are told apart and, if that helps, retried."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.deletes.request import request_deletion
from airflow_s3ops.s3.deletes.targets import Target
from airflow_s3ops.s3.objects.presence import presence_of
from airflow_s3ops.s3.requests.translate import error_class, translated
from airflow_s3ops.s3.results import FailedKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.requests.cancellation import Cancellation
    from airflow_s3ops.s3.requests.concurrency import Concurrency
    from airflow_s3ops.s3.requests.xml_operations import XmlResponse

    Failed = tuple[FailedKey, bool]  # and whether it may succeed later

BATCH_SIZE = 1000  # S3's limit for DeleteObjects
BACKOFF = (0.2, 0.6, 1.8)  # seconds before each retry of the keys that failed
# With these no other batch would fare better.
FATAL = (
    errors.BucketInOtherRegion,
    errors.BucketNotFound,
    errors.CredentialsExpired,
    errors.CredentialsMissing,
    errors.CredentialsRejected,
    errors.InvalidInput,
    errors.NotSupportedByServer,
    errors.Stopped,
)
# Characters that XML 1.0 cannot carry, not even escaped; a key may have them.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass
class Failures:
    """What a batch left behind.

    :param lasting: keys that will fail again, by S3's code.
    :param passing: keys that failed for a reason that may be over soon.
    """

    permanent: list[FailedKey] = field(default_factory=list)
    transient: list[FailedKey] = field(default_factory=list)


@dataclass(frozen=True)
class Deleter:
    """Deletes batches of a bucket's keys; several threads may share it.

    :param pace: told how the server takes it.
    """

    client: S3Client
    bucket: str
    cancellation: Cancellation
    concurrency: Concurrency

    def delete(self, batch: Sequence[Target]) -> Failures:
        """Delete up to 1,000 keys or versions, and return those that S3 did not delete.

        Keys that failed for a passing reason (SlowDown, InternalError, …) are sent again, alone, a few times.
        A refusal of the whole request is the failure of each of its keys.

        :raises S3OpsError: what no other batch would survive either: no such bucket, credentials rejected, …
        :raises Stopped: the halt was asked for; what the requests before did is done.
        """
        failures = self._sent(batch)
        for seconds in BACKOFF:
            if not failures.transient:
                break
            self.cancellation.sleep(seconds)
            later = self._sent([Target(failed.key, failed.version_id) for failed in failures.transient])
            failures = Failures(failures.permanent + later.permanent, later.transient)
        return failures

    def _sent(self, batch: Sequence[Target]) -> Failures:
        failures = Failures()
        for failed, retryable in self._attempt(batch):
            if retryable:
                failures.transient.append(failed)
            elif not _is_gone(self.client, self.bucket, failed):
                failures.permanent.append(failed)
        return failures

    def _attempt(self, batch: Sequence[Target]) -> Iterator[Failed]:
        together = [target for target in batch if not _NOT_IN_XML.search(target.key)]
        if together:
            yield from self._delete_together(together)
        if len(together) < len(batch):
            for target in batch:
                if _NOT_IN_XML.search(target.key):
                    yield from self._delete_alone(target)

    def _delete_together(self, targets: Sequence[Target]) -> Iterator[Failed]:
        self.cancellation.check()
        started = time.monotonic()
        try:
            with translated(self.client, self.bucket):
                response = request_deletion(self.client, self.bucket, targets)
        except FATAL:
            raise
        except errors.S3OpsError as error:
            self._throttle_for(error)
            yield from (_failed(target, error) for target in targets)
            return
        refused = _refusals(response)
        if response.retries or any(retryable for _, retryable in refused):
            self.concurrency.throttled()
        elif len(targets) == BATCH_SIZE:  # shorter ones are quicker, and no measure
            self.concurrency.succeeded(time.monotonic() - started)
        yield from refused

    def _delete_alone(self, target: Target) -> Iterator[Failed]:
        self.cancellation.check()
        request: dict[str, Any] = {"Bucket": self.bucket, **_identifier(target)}
        try:
            with translated(self.client, self.bucket, target.key):
                self.client.delete_object(**request)
        except FATAL:
            raise
        except errors.S3OpsError as error:
            self._throttle_for(error)
            yield _failed(target, error)

    def _throttle_for(self, error: errors.S3OpsError) -> None:
        if error.retryable:
            self.concurrency.throttled()


def _refusals(response: XmlResponse) -> list[Failed]:
    refused = []
    for _, row in response.document.rows:
        code = row.get("Code", "unknown")
        failed = FailedKey(row.get("Key", ""), row.get("VersionId") or None, code, row.get("Message", ""))
        refused.append((failed, error_class(code).retryable))
    return refused


def _identifier(target: Target) -> dict[str, str]:
    if target.version_id is None:
        return {"Key": target.key}
    return {"Key": target.key, "VersionId": target.version_id}


def _failed(target: Target, error: errors.S3OpsError) -> Failed:
    code = error.code or type(error).__name__
    return FailedKey(target.key, target.version_id, code, error.reason or error.what), error.retryable


def _is_gone(client: S3Client, bucket: str, failure: FailedKey) -> bool:
    """Whether a refusal only means that somebody, or a request of ours whose answer was lost, was faster."""
    if failure.code in ("NoSuchKey", "NoSuchVersion"):
        return True
    # Versity Gateway's answer for a version that is gone.
    if failure.version_id is None or failure.code != "InvalidArgument":
        return False
    try:
        return presence_of(client, bucket, failure.key, failure.version_id).state == "missing"
    except errors.S3OpsError:
        return False
