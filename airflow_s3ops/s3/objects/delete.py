"""Delete one object, or one of its versions; safe to do twice."""

from __future__ import annotations

import time
from dataclasses import dataclass
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
    """Delete an object. On a versioned bucket this adds a delete marker, unless a version is given.

    A HEAD is sent first. So a second run finds that the key is missing, and adds no second marker. If the
    identity is not allowed to HEAD the object, the object is still deleted, and ``missing`` stays None.

    :param version_id: delete this version (or delete marker) permanently.
    :param if_match: delete the object only if it has this ETag, with or without its quotes.
    :param if_missing: what to do if there is nothing to delete.
    :param stop: cancels the call within 2 seconds when it is set; S3 may still process a request that was
        already sent.
    :raises ObjectNotFound: nothing to delete, and ``if_missing="fail"``.
    :raises PreconditionFailed: the object has another ETag than ``if_match``; it was not deleted.
    :raises BucketNotFound: there is no such bucket; this is never reported as ``missing``.
    :raises AccessDenied: ``s3:DeleteObject`` (``s3:DeleteObjectVersion``) is missing; for ``if_match`` and
        ``if_missing="fail"`` also ``s3:GetObject``.
    :raises Stopped: ``stop`` is set.
    """
    started = time.monotonic()
    request = _checked_request(bucket, key, version_id, if_match, if_missing)
    client = cancellable(client, Cancellation(stop, request.uri))
    found = request.presence(client)
    if found.state != "missing":
        request.require_same_etag(found)
    if isinstance(found.error, AccessDenied) and if_missing == "fail":
        raise found.error  # it is not known whether there is something to delete
    if found.state == "missing":
        require_bucket(client, bucket)
        if if_missing == "fail":
            raise _not_found(request)
        return DeleteObjectResult(bucket, deleted=0, missing=1, seconds=_seconds_since(started))
    response = _delete(client, request)
    return DeleteObjectResult(
        bucket,
        deleted=1,
        missing=None if found.state == "unknown" else 0,
        version_id=response.get("VersionId") or version_id,
        delete_marker=bool(response.get("DeleteMarker")) or found.state == "marker" or None,
        seconds=_seconds_since(started),
    )


@dataclass(frozen=True)
class _Request:
    """What is to be deleted; checked.

    :param expected_etag: without quotes; ``*`` for any.
    """

    bucket: str
    key: str
    version_id: str | None
    expected_etag: str | None

    @property
    def uri(self) -> str:
        return s3_uri(self.bucket, self.key)

    @property
    def parameters(self) -> dict[str, str]:
        """Return the parameters of DeleteObject."""
        parameters = {"Bucket": self.bucket, "Key": self.key}
        if self.version_id is not None:
            parameters["VersionId"] = (
                self.version_id
            )  # a version never changes: its ETag needs no second check
        elif self.expected_etag is not None:
            parameters["IfMatch"] = (
                self.expected_etag if self.expected_etag == "*" else f'"{self.expected_etag}"'
            )
        return parameters

    def presence(self, client: S3Client) -> Presence:
        return presence_of(client, self.bucket, self.key, self.version_id)

    def require_same_etag(self, found: Presence) -> None:
        """Compare the ETags, if one is expected.

        Also done if the server supports If-Match on a DELETE: a server that does not would delete any object.
        """
        if self.expected_etag is None:
            return
        if found.error is not None:
            raise found.error
        if found.etag is not None and self.expected_etag in ("*", found.etag):
            return
        has = f"has the ETag {found.etag}" if found.etag else "is a delete marker, which has no ETag"
        raise PreconditionFailed(
            f"{self.uri} {has}, but if_match is {self.expected_etag}",
            bucket=self.bucket,
            key=self.key,
            code="PreconditionFailed",
        )


def _checked_request(
    bucket: str, key: str, version_id: str | None, if_match: str | None, if_missing: str
) -> _Request:
    """Check the parameters without a request."""
    checked_key(key, checked_bucket(bucket))
    if if_missing not in ("ignore", "fail"):
        raise InvalidInput(
            f'if_missing={if_missing!r} is neither "ignore" nor "fail"', bucket=bucket, key=key
        )
    for name, value in (("version_id", version_id), ("if_match", if_match)):
        if value is not None and not isinstance(value, str):
            raise InvalidInput(
                f"{name}={value!r} is not a string but {type(value).__name__}",
                bucket=bucket,
                key=key,
                advice=f"Check the template that {name} comes from; nothing was sent.",
            )
    expected_etag = if_match.strip().strip('"') if if_match is not None else None
    # A template without a value renders to an empty string. Treated as None, it would delete more than was
    # requested.
    for name, value in (("version_id", version_id), ("if_match", expected_etag)):
        if value == "":
            raise InvalidInput(
                f"{name} is empty",
                bucket=bucket,
                key=key,
                advice=f"Check the template that {name} comes from, or leave it out; nothing was sent.",
            )
    return _Request(bucket, key, version_id, expected_etag)


def _delete(client: S3Client, request: _Request) -> Mapping[str, Any]:
    """Delete what the HEAD found; the response is empty if it has been deleted since."""
    try:
        return _send(client, request)
    except ObjectNotFound:
        return {}
    except (PreconditionFailed, RequestRejected) as error:
        if not _is_gone(client, request, error):
            raise
        return {}


def _send(client: S3Client, request: _Request) -> Mapping[str, Any]:
    """Send the DELETE. After a broken connection, check with a HEAD before sending it again."""
    for is_last in (False, False, True):
        try:
            with (
                translated(client, request.bucket, request.key),
                no_automatic_retry(client, "DeleteObject"),
            ):
                return cast("Mapping[str, Any]", client.delete_object(**request.parameters))  # type: ignore[arg-type]
        except NetworkError:
            if is_last:
                raise
        if request.presence(client).state == "missing":
            return {}  # the connection broke after S3 had deleted it
    raise AssertionError("the last attempt returns or raises")


def _is_gone(client: S3Client, request: _Request, error: PreconditionFailed | RequestRejected) -> bool:
    """Whether the request failed because it was too late.

    Then another request has deleted the object: another client's, or an earlier one of ours whose response
    was lost. Versity Gateway responds with 400 InvalidArgument for a version that no longer exists.
    """
    if request.version_id is None and request.expected_etag is None:
        return False
    found = request.presence(client)
    if found.state == "missing":
        return True
    if isinstance(error, PreconditionFailed):
        request.require_same_etag(found)
    return False


def _not_found(request: _Request) -> ObjectNotFound:
    version = f" (version {request.version_id})" if request.version_id else ""
    return ObjectNotFound(
        f'{request.uri}{version} cannot be deleted: it does not exist, and if_missing="fail"',
        bucket=request.bucket,
        key=request.key,
    )


def _seconds_since(started: float) -> float:
    return round(time.monotonic() - started, 3)
