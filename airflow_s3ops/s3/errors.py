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
    │   └── RequestRejected       any other refusal; the code says which
    ├── TransientError            a retry is worth it: Airflow retries
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
    ├── PartialDelete             failures, deleted; worth a retry if one of the failures is
    └── PartialUpload             failures, counts; likewise

A leaf is named after what happened. S3's own codes are mapped in :mod:`airflow_s3ops.s3.requests.translate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_s3ops.s3.results import FailedKey

PUBLIC_READ_WAYS_OUT = (
    "Three ways out: share a presigned URL (hook.presigned_url); allow s3:GetObject on a prefix by the "
    "bucket's policy (BucketSettings(policy=...)) or CloudFront; or create the bucket for public ACLs, "
    'knowingly: BucketSettings(object_ownership="ObjectWriter", block_public_access=False).'
)


class S3OpsError(Exception):
    """What all errors of this package have in common.

    :param what: one sentence without its full stop: what failed, on what.
    :param bucket: the bucket's name, where one is concerned.
    :param key: the object's key, where one is concerned.
    :param code: S3's own error code (``Error.Code`` of the answer), where S3 answered.
    :param request_id: S3's id of the refused request, for AWS Support.
    :param advice: the one next step; by default what the class says.
    :param said: S3's own words, with the identity, region and endpoint of the request.
    """

    default_advice: ClassVar[str] = "Look at S3's own words above."
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
        """Return what failed, what S3 said, and the next step."""
        sentences = (self.what, self.reason, self.advice)
        return " ".join(sentence.rstrip(".") + "." for sentence in sentences if sentence)


class PermanentError(S3OpsError):
    """Wrong request, wrong rights, or a condition that was not met: the same call would fail again."""

    retryable = False


class TransientError(S3OpsError):
    """The same call may well succeed later."""

    default_advice = "Let Airflow retry the task; if it goes on for long, look at the server's health."


class InvalidInput(PermanentError, ValueError):
    """A parameter that no server needs to see to be refused."""

    default_advice = "Correct the parameter; nothing was sent."


class InvalidBucketName(InvalidInput):
    """A bucket name that S3's naming rules forbid."""

    default_advice = "Use 3 to 63 lower-case letters, digits, dots and hyphens; nothing was sent."


class InvalidKey(InvalidInput):
    """An empty key, one of more than 1,024 bytes in UTF-8, or a URI that names none."""

    default_advice = "Give a key of 1 to 1,024 bytes in UTF-8; nothing was sent."


class InvalidExtraArgs(InvalidInput):
    """An ExtraArg that S3 does not know for this operation, or of the wrong type."""

    default_advice = "Correct extra_args; nothing was sent."


class ConnectionNotFound(PermanentError):
    """The Airflow connection id is unknown. Credentials of the machine are never used instead."""

    default_advice = "Create the connection."


class CredentialsMissing(PermanentError):
    """No credentials were found where the connection, or boto3's own chain, looks for them."""

    default_advice = (
        "Put key and secret, a profile_name or a role_arn into the Airflow connection, "
        "or give this machine a role: docs/credentials.md shows each way."
    )


class CredentialsRejected(PermanentError):
    """S3 does not know the access key, or the secret does not match it."""

    default_advice = (
        "Check key, secret and session token of the connection (a pasted space is enough), "
        "whether the key is still active, and this machine's clock."
    )


class AccessDenied(PermanentError):
    """The identity lacks a right. ``action`` is the IAM action that the request needs.

    :param action: IAM actions of the refused request, such as ``s3:PutObject``.
    """

    default_advice = (
        "Grant the missing right to this identity: docs/credentials.md has the policy of every operator."
    )

    def __init__(self, what: str, *, action: str | None = None, **details: str | None) -> None:
        super().__init__(what, **details)
        self.action = action


class AclsDisabled(PermanentError):
    """The bucket's object ownership is BucketOwnerEnforced: S3 refuses every ACL but the owner's."""

    default_advice = (
        f"ACLs are disabled on this bucket, as on every new one since April 2023. {PUBLIC_READ_WAYS_OUT}"
    )


class PublicAccessBlocked(PermanentError):
    """Block Public Access of the bucket or the account refuses a public ACL or policy."""

    default_advice = f"Block Public Access is on for this bucket or its account. {PUBLIC_READ_WAYS_OUT}"


class BucketNotFound(PermanentError):
    """There is no bucket of that name, anywhere."""

    default_advice = "Check the name, or create the bucket first with CreateBucketOperator."


class BucketExists(PermanentError):
    """The bucket is mine and already there, and ``if_exists="fail"`` was asked for."""

    default_advice = 'Use if_exists="adopt" to accept it.'


class BucketNotMine(PermanentError):
    """The bucket belongs to another account: names are shared by all accounts of the world."""

    default_advice = "Choose another name; a prefix of your organisation's own keeps names free."


class BucketInOtherRegion(PermanentError):
    """The bucket is mine but lives in another region than the one asked for."""

    default_advice = "Ask for the bucket's own region (region_name), or choose another name."


class BucketNotEmpty(PermanentError):
    """The bucket still holds objects, versions or delete markers."""

    default_advice = "Delete them first, or say force=True to have everything in it deleted, for good."


class ObjectNotFound(PermanentError):
    """There is no object of that key (or no such version)."""

    default_advice = (
        "Check bucket and key, letter by letter: keys are case-sensitive and never start over at '/'."
    )


class ObjectExists(PermanentError):
    """The key is taken, and ``if_exists="fail"`` was asked for. The object there was not touched."""

    default_advice = 'Choose another key, or if_exists="replace" or "skip".'


class PreconditionFailed(PermanentError):
    """The object is not, or no longer, the one that the request named by its ETag."""

    default_advice = "Look at the object's current ETag and decide again; nothing was changed."


class SourceNotFound(PermanentError):
    """The file to upload is not there."""

    default_advice = (
        "Check the path on the worker that runs the task, and that the task before has written it."
    )


class SourceUnreadable(PermanentError):
    """The source is no regular file (a folder, fifo, socket or device), or may not be read."""

    default_advice = "Name a regular file that the worker's user may read."


class TooManyObjects(PermanentError):
    """More objects match than ``max_objects`` allows."""

    default_advice = "Narrow the selection, or raise max_objects, knowingly."


class InvalidManifest(PermanentError):
    """A manifest has a row that is none, or lists a key that is listed already or that must not be there."""

    default_advice = "Let the upload that wrote it run again: it writes its manifest anew."


class NotSupportedByServer(PermanentError):
    """The server does not implement what was asked for."""

    default_advice = "Leave this setting out for this server; docs/servers.md lists what each server lacks."


class RequestRejected(PermanentError):
    """S3 refused the request for a reason that has no class of its own; ``code`` names it."""

    default_advice = "Look the code up in S3's list of error codes, and correct the request."


class Throttled(TransientError):
    """S3 asked for fewer requests (503 SlowDown, 429), more often than the retries inside allow."""

    default_advice = "Let Airflow retry later, lower max_concurrency, or spread the keys over more prefixes."


class ServerError(TransientError):
    """S3 answered 5xx, again and again."""


class NetworkError(TransientError):
    """No answer: connection refused, reset, timed out, or TLS not agreed."""

    default_advice = "Check endpoint_url, verify, proxies and the network between this worker and S3."


class CredentialsExpired(TransientError):
    """The session token is past its time. A role gets a new one on the next try; a pasted token does not."""

    default_advice = (
        "Let Airflow retry with a fresh token; if the connection holds a session token, renew it there."
    )


class RequestConflict(TransientError):
    """Another request on the same bucket or key was under way at the same moment."""

    default_advice = "Let Airflow retry: the other request will be over by then."


class UploadNotFound(TransientError):
    """The multipart upload is gone: aborted by somebody, or by a lifecycle rule."""

    default_advice = "Let Airflow retry: the upload starts anew."


class ChecksumMismatch(TransientError):
    """The bytes that arrived, or that are stored, are not the bytes that were read."""

    default_advice = (
        "Let Airflow retry; if it happens again, suspect the network's or this machine's hardware."
    )


class SourceChanged(TransientError):
    """The file was changed, replaced or removed while it was read. Nothing became visible at the key."""

    default_advice = (
        "Let the writer finish first: write to another name and rename the file when it is whole."
    )


class BucketRefilled(TransientError):
    """Somebody goes on writing to the bucket that is being emptied."""

    default_advice = "Stop the writers, or deny s3:PutObject in the bucket's policy; then run the task again."


class OutOfThreads(TransientError):
    """This machine lets the process begin no thread, not even one for its requests."""


class Stopped(TransientError):
    """The task was asked to stop (``on_kill``) and did, between two requests."""

    default_advice = "Run the task again: it goes on where it stopped, as far as S3 keeps what was done."


class PartialDelete(S3OpsError):
    """Some keys were deleted and others were not; every batch was tried.

    :param failures: every key that is still there, with its version id, code and S3's words.
    :param deleted: the number of keys and versions that S3 confirmed as deleted.
    :param retryable: whether one of the failures may succeed later.
    """

    default_advice = "Mend what the codes name and run the task again: what is gone stays gone."

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

    :param failures: the first 1,000 files that are not there, by key, with code and words.
    :param counts: how many were ``uploaded``, ``skipped`` and ``failed``.
    :param retryable: whether one of the failures may succeed later.
    """

    default_advice = 'Mend what the codes name; a retry with if_exists="skip_if_same" sends only the rest.'

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
