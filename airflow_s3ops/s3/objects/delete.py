"""One object, or one of its versions, deleted; safe to do twice."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, cast

from airflow_s3ops.s3.errors import (
    AccessDenied,
    InvalidInput,
    NetworkError,
    ObjectNotFound,
    PreconditionFailed,
    RequestRejected,
)
from airflow_s3ops.s3.names import checked_bucket, checked_key, s3_uri
from airflow_s3ops.s3.objects.presence import Presence, presence_of, require_bucket
from airflow_s3ops.s3.requests.cancellable_client import cancellable
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.requests.idempotency import no_automatic_retry
from airflow_s3ops.s3.requests.translate import translated
from airflow_s3ops.s3.results import DeleteObjectResult

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client


def delete_object(
    client: S3Client,
    bucket: str,
    key: str,
    *,
    version_id: str | None = None,
    if_match: str | None = None,
    if_missing: Literal["ignore", "fail"] = "ignore",
    stop: threading.Event | None = None,
) -> DeleteObjectResult:
    """Delete an object; on a versioned bucket that puts a delete marker on top, unless a version is named.

    A HEAD comes first, so that a second run finds the key missing and puts no second marker. An identity that
    may not read is not stopped by it: then ``missing`` stays None.

    :param version_id: delete this version (or delete marker) for good.
    :param if_match: delete only the object of this ETag, with or without its quotes.
    :param if_missing: what to do if there is nothing to delete.
    :param stop: ends it within 2 seconds when it is set; a request that is under way may still be done.
    :raises ObjectNotFound: nothing to delete, and ``if_missing="fail"``.
    :raises PreconditionFailed: the object has another ETag than ``if_match``; it is untouched.
    :raises BucketNotFound: there is no such bucket; that is never "missing".
    :raises AccessDenied: ``s3:DeleteObject`` (``s3:DeleteObjectVersion``) is missing; for ``if_match`` and
        ``if_missing="fail"`` also ``s3:GetObject``.
    :raises Stopped: ``stop`` is set.
    """
    started = time.monotonic()
    wanted = _checked(bucket, key, version_id, if_match, if_missing)
    client = cancellable(client, Cancellation(stop, s3_uri(bucket, key)))
    found = presence_of(client, bucket, key, version_id)
    if found.state != "missing" and wanted is not None:
        _require_etag(found, wanted, bucket, key)
    if isinstance(found.refusal, AccessDenied) and if_missing == "fail":
        raise found.refusal  # whether there is something to delete cannot be known
    if found.state == "missing":
        require_bucket(client, bucket)
        if if_missing == "fail":
            raise _not_found(bucket, key, version_id)
        return DeleteObjectResult(bucket, deleted=0, missing=1, seconds=_since(started))
    response = _delete(client, bucket, key, version_id, wanted)
    return DeleteObjectResult(
        bucket,
        deleted=1,
        missing=None if found.state == "unknown" else 0,
        version_id=response.get("VersionId") or version_id,
        delete_marker=bool(response.get("DeleteMarker")) or found.state == "marker" or None,
        seconds=_since(started),
    )


def _checked(
    bucket: str, key: str, version_id: str | None, if_match: str | None, if_missing: str
) -> str | None:
    """Check what needs no server, and return the bare ETag of ``if_match``."""
    checked_key(key, checked_bucket(bucket))
    if if_missing not in ("ignore", "fail"):
        raise InvalidInput(
            f'if_missing={if_missing!r} is neither "ignore" nor "fail"', bucket=bucket, key=key
        )
    for name, value in (("version_id", version_id), ("if_match", if_match)):
        if value is not None and not isinstance(value, str):
            raise InvalidInput(
                f"{name}={value!r} is no text but {type(value).__name__}",
                bucket=bucket,
                key=key,
                advice=f"Check the template that {name} comes from; nothing was sent.",
            )
    wanted = if_match.strip().strip('"') if if_match is not None else None
    # An empty text is a template's nothing. Taken as None it would delete more than was asked for.
    for name, value in (("version_id", version_id), ("if_match", wanted)):
        if value == "":
            raise InvalidInput(
                f"{name} is empty",
                bucket=bucket,
                key=key,
                advice=f"Check the template that {name} comes from, or leave it out; nothing was sent.",
            )
    return wanted


def _require_etag(found: Presence, wanted: str, bucket: str, key: str) -> None:
    # Also where the server knows If-Match on a DELETE: those that don't would delete any object.
    if found.refusal is not None:
        raise found.refusal
    if found.etag is not None and wanted in ("*", found.etag):
        return
    has = f"has the ETag {found.etag}" if found.etag else "is a delete marker, which has no ETag"
    raise PreconditionFailed(
        f"{s3_uri(bucket, key)} {has}; if_match asks for {wanted}",
        bucket=bucket,
        key=key,
        code="PreconditionFailed",
    )


def _delete(
    client: S3Client, bucket: str, key: str, version_id: str | None, wanted: str | None
) -> Mapping[str, Any]:
    """Delete what the HEAD saw; the answer is empty if it was gone by then."""
    request: dict[str, Any] = {"Bucket": bucket, "Key": key}
    if version_id is not None:
        request["VersionId"] = version_id  # a version never changes: its ETag needs no second look
    elif wanted is not None:
        request["IfMatch"] = wanted if wanted == "*" else f'"{wanted}"'
    try:
        return _send(client, request)
    except ObjectNotFound:
        return {}
    except (PreconditionFailed, RequestRejected) as error:
        if not _is_gone(client, bucket, key, version_id, wanted, error):
            raise
        return {}


def _send(client: S3Client, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send the DELETE, and after a broken connection look before it is sent again."""
    bucket, key = request["Bucket"], request["Key"]
    for is_last in (False, False, True):
        try:
            with translated(client, bucket, key), no_automatic_retry(client, "DeleteObject"):
                return cast("Mapping[str, Any]", client.delete_object(**request))
        except NetworkError:
            if is_last:
                raise
        if presence_of(client, bucket, key, request.get("VersionId")).state == "missing":
            return {}  # the connection broke after the deed
    raise AssertionError("the last attempt returns or raises")


def _is_gone(
    client: S3Client,
    bucket: str,
    key: str,
    version_id: str | None,
    wanted: str | None,
    error: PreconditionFailed | RequestRejected,
) -> bool:
    """Whether the refused request was too late: another one, or ours whose answer was lost, had done it.

    Versity Gateway answers 400 InvalidArgument for a version that is gone.
    """
    if version_id is None and wanted is None:
        return False
    found = presence_of(client, bucket, key, version_id)
    if found.state == "missing":
        return True
    if wanted is not None and isinstance(error, PreconditionFailed):
        _require_etag(found, wanted, bucket, key)
    return False


def _not_found(bucket: str, key: str, version_id: str | None) -> ObjectNotFound:
    version = f" of version {version_id}" if version_id else ""
    return ObjectNotFound(
        f'There is no object {s3_uri(bucket, key)}{version} to delete, and if_missing="fail"',
        bucket=bucket,
        key=key,
    )


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
