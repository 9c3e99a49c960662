"""One DeleteObjects request of up to 1,000 keys, whose errors are told apart and, if that helps, retried."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.presence import presence_of
from airflow_s3ops.s3.results import FailedKey
from airflow_s3ops.s3.stopping import pause, raise_if_stopped
from airflow_s3ops.s3.targets import Target
from airflow_s3ops.s3.translate import error_class, translated

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping, Sequence

    from botocore.awsrequest import AWSRequest
    from types_boto3_s3 import S3Client

    Failed = tuple[FailedKey, bool]  # and whether it may succeed later

BATCH_SIZE = 1000  # S3's limit for DeleteObjects
BACKOFF = (0.2, 0.6, 1.8)  # seconds before each retry of the keys that failed
# With these no other batch would fare better.
HOPELESS = (
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

    lasting: list[FailedKey] = field(default_factory=list)
    passing: list[FailedKey] = field(default_factory=list)


def delete_batch(
    client: S3Client, bucket: str, batch: Sequence[Target], *, stop: threading.Event | None = None
) -> Failures:
    """Delete up to 1,000 keys or versions, and return those that S3 did not delete.

    Keys that failed for a passing reason (SlowDown, InternalError, …) are sent again, alone, a few times. A
    refusal of the whole request is the failure of each of its keys.

    :raises S3OpsError: what no other batch would survive either: no such bucket, credentials rejected, …
    :raises Stopped: ``stop`` is set; what the requests before did is done.
    """
    failures = _sent(client, bucket, batch, stop)
    for seconds in BACKOFF:
        if not failures.passing:
            break
        pause(seconds, stop)
        again = [Target(failed.key, failed.version_id) for failed in failures.passing]
        later = _sent(client, bucket, again, stop)
        failures = Failures(failures.lasting + later.lasting, later.passing)
    return failures


def _sent(client: S3Client, bucket: str, batch: Sequence[Target], stop: threading.Event | None) -> Failures:
    failures = Failures()
    for failed, retryable in _attempt(client, bucket, batch, stop):
        if retryable:
            failures.passing.append(failed)
        elif not _is_gone(client, bucket, failed):
            failures.lasting.append(failed)
    return failures


def _attempt(
    client: S3Client, bucket: str, batch: Sequence[Target], stop: threading.Event | None
) -> Iterator[Failed]:
    together = [target for target in batch if not _NOT_IN_XML.search(target.key)]
    if together:
        yield from _delete_together(client, bucket, together, stop)
    for target in batch:
        if _NOT_IN_XML.search(target.key):
            yield from _delete_alone(client, bucket, target, stop)


def _delete_together(
    client: S3Client, bucket: str, targets: Sequence[Target], stop: threading.Event | None
) -> Iterator[Failed]:
    raise_if_stopped(stop, bucket)
    _send_md5_too(client)
    objects = [_identifier(target) for target in targets]
    try:
        with translated(client, bucket):
            # Quiet: the answer names only what failed; by S3's contract all else is deleted.
            answer: Mapping[str, Any] = client.delete_objects(
                Bucket=bucket,
                Delete={"Objects": objects, "Quiet": True},  # type: ignore[typeddict-item]
            )
    except HOPELESS:
        raise
    except errors.S3OpsError as error:
        yield from (_failed(target, error) for target in targets)
        return
    for refused in answer.get("Errors", ()):
        code = refused.get("Code", "unknown")
        key, version_id = refused.get("Key", ""), refused.get("VersionId") or None
        yield FailedKey(key, version_id, code, refused.get("Message", "")), error_class(code).retryable


def _delete_alone(
    client: S3Client, bucket: str, target: Target, stop: threading.Event | None
) -> Iterator[Failed]:
    raise_if_stopped(stop, bucket)
    request: dict[str, Any] = {"Bucket": bucket, **_identifier(target)}
    try:
        with translated(client, bucket, target.key):
            client.delete_object(**request)
    except HOPELESS:
        raise
    except errors.S3OpsError as error:
        yield _failed(target, error)


def _identifier(target: Target) -> dict[str, str]:
    if target.version_id is None:
        return {"Key": target.key}
    return {"Key": target.key, "VersionId": target.version_id}


def _failed(target: Target, error: errors.S3OpsError) -> Failed:
    code = error.code or type(error).__name__
    return FailedKey(target.key, target.version_id, code, error.said or error.what), error.retryable


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


def _send_md5_too(client: S3Client) -> None:
    """Have Content-MD5 sent with DeleteObjects, beside botocore's own checksum.

    S3 asks for one of the two. botocore sends CRC32 (with request_checksum_calculation="when_required", too);
    servers from before 2022 know only Content-MD5 and refuse the request without it.
    """
    client.meta.events.register("before-sign.s3.DeleteObjects", _add_md5, unique_id="s3ops-content-md5")


def _add_md5(request: AWSRequest, **_: object) -> None:
    if "--x-s3" in str(request.url):  # directory buckets refuse it
        return
    body = cast("bytes", request.data)
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    request.headers["Content-MD5"] = base64.b64encode(digest).decode()
