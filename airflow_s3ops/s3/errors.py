"""Every error of this package.

::

    S3OpsError                    bucket, key, code, request_id, advice
    ├── PermanentError            a retry cannot help: the operator ends the task at once
    │   ├── InvalidInput          also a ValueError
    │   │   ├── InvalidBucketName
    │   │   ├── InvalidKey
    │   │   └── InvalidExtraArgs
    │   ├── ConnectionNotFound
    │   ├── CredentialsMissing
    │   ├── CredentialsRejected
    │   ├── AccessDenied          action
    │   ├── AclsDisabled
    │   ├── PublicAccessBlocked
    │   ├── BucketNotFound
    │   ├── BucketExists
    │   ├── BucketNotMine
    │   ├── BucketInOtherRegion
    │   ├── BucketNotEmpty
    │   ├── ObjectNotFound
    │   ├── ObjectExists
    │   ├── PreconditionFailed
    │   ├── SourceNotFound
    │   ├── SourceUnreadable
    │   ├── TooManyObjects
    │   ├── InvalidManifest
    │   ├── NotSupportedByServer
    │   └── RequestRejected       any other error response; the code names it
    ├── TransientError            a retry may help: Airflow retries
    │   ├── Throttled
    │   ├── ServerError
    │   ├── NetworkError
    │   ├── CredentialsExpired
    │   ├── RequestConflict
    │   ├── UploadNotFound
    │   ├── ChecksumMismatch
    │   ├── SourceChanged
    │   ├── BucketRefilled
    │   ├── OutOfThreads
    │   └── Stopped
    ├── PartialDelete             failures, deleted; a retry may help if it may help one of the failures
    └── PartialUpload             failures, counts; a retry may help if it may help one of the failures

A leaf is named after what happened. S3's own codes are mapped in :mod:`airflow_s3ops.s3.requests.translate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_s3ops.s3.results import FailedKey

PUBLIC_READ_OPTIONS = (
    "There are three options: share a presigned URL (hook.presigned_url); allow s3:GetObject on a prefix by "
    "the bucket's policy (BucketSettings(policy=...)) or CloudFront; or, if the objects are meant to be "
    'public, create a bucket that allows public ACLs: BucketSettings(object_ownership="ObjectWriter", '
    "block_public_access=False)."
)


class S3OpsError(Exception):
    """The base class of all errors of this package.

    :param what: one sentence without its full stop: what failed, on what.
    :param bucket: the bucket's name, if there is one.
    :param key: the object's key, if there is one.
    :param code: S3's error code (``Error.Code`` of the response), if S3 responded.
    :param request_id: S3's id of the failed request, for AWS Support.
    :param advice: the one next step; by default that of the class.
    :param reason: S3's error message, with the identity, region and endpoint of the request.
    """

    default_advice: ClassVar[str] = "Read S3's error message above."
    retryable: bool = True

    def __init__(
        self,
        what: str,
        *,
        bucket: str | None = None,
        key: str | None = None,
        code: str | None = None,
        request_id: str | None = None,
        advice: str | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.bucket = bucket
        self.key = key
        self.code = code
        self.request_id = request_id
        self.advice = advice or self.default_advice
        self.reason = reason

    def __str__(self) -> str:
        """Return what failed, S3's error message, and the next step."""
        sentences = (self.what, self.reason, self.advice)
        return " ".join(sentence.rstrip(".") + "." for sentence in sentences if sentence)


class PermanentError(S3OpsError):
    """A wrong request, a missing permission or an unmet condition: the same call would fail again."""

    retryable = False


class TransientError(S3OpsError):
    """The same call may succeed later."""

    default_advice = "Let Airflow retry the task; if it keeps failing, check the server's health."


class InvalidInput(PermanentError, ValueError):
    """A parameter is invalid; it was refused before any request."""

    default_advice = "Correct the parameter; nothing was sent."


class InvalidBucketName(InvalidInput):
    """A bucket name that S3's naming rules forbid."""

    default_advice = "Use 3 to 63 lower-case letters, digits, dots and hyphens; nothing was sent."


class InvalidKey(InvalidInput):
    """The key is empty or longer than 1,024 bytes in UTF-8, or a URI has no key."""

    default_advice = "Give a key of 1 to 1,024 bytes in UTF-8; nothing was sent."


class InvalidExtraArgs(InvalidInput):
    """An ExtraArg is unknown to S3 for this operation, or has the wrong type."""

    default_advice = "Correct extra_args; nothing was sent."


class ConnectionNotFound(PermanentError):
    """The Airflow connection id is unknown. The machine's own credentials are never used instead."""

    default_advice = "Create the connection."


class CredentialsMissing(PermanentError):
    """The connection, or boto3's own credential chain, has no credentials."""

    default_advice = (
        "Put key and secret, a profile_name or a role_arn into the Airflow connection, "
        "or give this machine a role: docs/credentials.md describes each."
    )


class CredentialsRejected(PermanentError):
    """S3 does not know the access key, or the secret does not match it."""

    default_advice = (
        "Check key, secret and session token of the connection (a pasted space is enough to break them), "
        "whether the key is still active, and this machine's clock."
    )


class AccessDenied(PermanentError):
    """The identity lacks a permission. ``action`` is the IAM action that the request needs.

    :param action: IAM actions of the denied request, such as ``s3:PutObject``.
    """

    default_advice = (
        "Grant the missing permission to this identity: docs/credentials.md has the policy of every operator."
    )

    def __init__(self, what: str, *, action: str | None = None, **details: str | None) -> None:
        super().__init__(what, **details)
        self.action = action


class AclsDisabled(PermanentError):
    """The bucket's object ownership is BucketOwnerEnforced: S3 refuses every ACL but the owner's."""

    default_advice = (
        f"ACLs are disabled on this bucket, as on every new one since April 2023. {PUBLIC_READ_OPTIONS}"
    )


class PublicAccessBlocked(PermanentError):
    """Block Public Access of the bucket or the account refuses a public ACL or policy."""

    default_advice = f"Block Public Access is on for this bucket or its account. {PUBLIC_READ_OPTIONS}"


class BucketNotFound(PermanentError):
    """No bucket has that name, in any account."""

    default_advice = "Check the name, or create the bucket first with CreateBucketOperator."


class BucketExists(PermanentError):
    """The bucket already exists, this account owns it, and ``if_exists="fail"`` is set."""

    default_advice = 'Use if_exists="adopt" to accept it.'


class BucketNotMine(PermanentError):
    """The bucket belongs to another account: all AWS accounts share one set of bucket names."""

    default_advice = "Choose another name; a prefix with your organisation's name avoids such collisions."


class BucketInOtherRegion(PermanentError):
    """This account owns the bucket, but it is in another region than the requested one."""

    default_advice = "Set region_name to the bucket's own region, or choose another name."


class BucketNotEmpty(PermanentError):
    """The bucket still holds objects, versions or delete markers."""

    default_advice = "Delete them first, or set force=True to delete everything in it permanently."


class ObjectNotFound(PermanentError):
    """There is no object with that key (or no such version)."""

    default_advice = (
        "Compare bucket and key character by character: keys are case-sensitive, and '/a' is not 'a'."
    )


class ObjectExists(PermanentError):
    """There is an object with that key, and ``if_exists="fail"`` is set. The object was not changed."""

    default_advice = 'Choose another key, or set if_exists="replace" or "skip".'


class PreconditionFailed(PermanentError):
    """The object's ETag is not, or no longer, the one that the request named."""

    default_advice = "Check the object's current ETag and decide again; nothing was changed."


class SourceNotFound(PermanentError):
    """The file to upload does not exist."""

    default_advice = (
        "Check the path on the worker that runs the task, and that the upstream task has written the file."
    )


class SourceUnreadable(PermanentError):
    """The source is not a regular file (a folder, fifo, socket or device), or cannot be read."""

    default_advice = "Give a regular file that the worker's user is allowed to read."


class TooManyObjects(PermanentError):
    """More objects match than ``max_objects`` allows."""

    default_advice = "Narrow the selection, or raise max_objects if this number is intended."


class InvalidManifest(PermanentError):
    """A manifest has an invalid row, a duplicate key, or a key that it must not list."""

    default_advice = "Run the upload that wrote it again: it writes a new manifest."


class NotSupportedByServer(PermanentError):
    """The server does not implement what was requested."""

    default_advice = "Leave this setting out for this server; docs/servers.md lists what each server lacks."


class RequestRejected(PermanentError):
    """S3 refused the request for a reason that has no class of its own; ``code`` names it."""

    default_advice = "Look up the code in S3's list of error codes, and correct the request."


class Throttled(TransientError):
    """S3 throttled the requests (503 SlowDown, 429) more often than the built-in retries allow."""

    default_advice = "Let Airflow retry later, lower max_concurrency, or spread the keys over more prefixes."


class ServerError(TransientError):
    """S3 returned 5xx on every try, or a response that cannot be S3's (code ``UnreadableResponse``)."""


class NetworkError(TransientError):
    """There was no response: connection refused, reset or timed out, or a failed TLS handshake."""

    default_advice = "Check endpoint_url, verify, proxies and the network between this worker and S3."


class CredentialsExpired(TransientError):
    """The session token has expired. A role gets a new one on the next try; a pasted token does not."""

    default_advice = (
        "Let Airflow retry with a fresh token; if the connection holds a session token, renew it there."
    )


class RequestConflict(TransientError):
    """There was another request on the same bucket or key at the same time."""

    default_advice = "Let Airflow retry: the other request will have ended by then."


class UploadNotFound(TransientError):
    """The multipart upload no longer exists: another client or a lifecycle rule has aborted it."""

    default_advice = "Let Airflow retry: the upload starts again from the beginning."


class ChecksumMismatch(TransientError):
    """The bytes that the server received or stored are not the bytes that were read."""

    default_advice = (
        "Let Airflow retry; if it happens again, the network's or this machine's hardware may be faulty."
    )


class SourceChanged(TransientError):
    """The file was changed, replaced or removed while it was read. Mixed content is never stored."""

    default_advice = (
        "Let the writer finish first: write to another name and rename the file when it is complete."
    )


class BucketRefilled(TransientError):
    """Another client keeps writing to the bucket that is being emptied."""

    default_advice = "Stop the writers, or deny s3:PutObject in the bucket's policy; then run the task again."


class OutOfThreads(TransientError):
    """The process cannot start any thread, not even one for its requests."""


class Stopped(TransientError):
    """The task was cancelled (``on_kill``) and ended between two requests."""

    default_advice = "Run the task again: it continues from there, as far as S3 keeps what was done."


class PartialDelete(S3OpsError):
    """Some keys were deleted and others were not; every batch was tried.

    :param failures: every key that was not deleted, with its version id, code and S3's error message.
    :param deleted: the number of keys and versions that S3 confirmed as deleted.
    :param retryable: whether one of the failures may succeed later.
    """

    default_advice = "Fix what the codes name and run the task again: deleted keys are not affected."

    def __init__(
        self,
        what: str,
        *,
        failures: Sequence[FailedKey] = (),
        deleted: int = 0,
        retryable: bool = True,
        **details: str | None,
    ) -> None:
        super().__init__(what, **details)
        self.failures = tuple(failures)
        self.deleted = deleted
        self.retryable = retryable


class PartialUpload(S3OpsError):
    """Some files were uploaded and others were not; every file was tried.

    :param failures: the first 1,000 files that were not uploaded, by key, with code and error message.
    :param counts: how many were ``uploaded``, ``skipped`` and ``failed``.
    :param retryable: whether one of the failures may succeed later.
    """

    default_advice = 'Fix what the codes name; a retry with if_exists="skip_if_same" sends only the rest.'

    def __init__(
        self,
        what: str,
        *,
        failures: Sequence[FailedKey] = (),
        counts: Mapping[str, int] | None = None,
        retryable: bool = True,
        **details: str | None,
    ) -> None:
        super().__init__(what, **details)
        self.failures = tuple(failures)
        self.counts = dict(counts or {})
        self.retryable = retryable
