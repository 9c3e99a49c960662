"""``if_exists``: whether to upload, with which condition, and in one request or in parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Literal

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.conditions import condition_error
from airflow_s3ops.s3.requests.encryption import asks_for_encryption
from airflow_s3ops.s3.uploads.engine.comparison import compare_with_existing
from airflow_s3ops.s3.uploads.engine.multipart import upload_in_parts
from airflow_s3ops.s3.uploads.engine.plan import MAX_PUT_SIZE
from airflow_s3ops.s3.uploads.engine.put import put_object
from airflow_s3ops.s3.uploads.engine.resume import Resumption
from airflow_s3ops.s3.uploads.engine.verification import StoredObject, head_or_none, unquoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_s3ops.s3.uploads.checkpoint import GuardedCheckpoint
    from airflow_s3ops.s3.uploads.engine.args import IfExists
    from airflow_s3ops.s3.uploads.engine.destination import Destination
    from airflow_s3ops.s3.uploads.engine.transfer import Transfer


@dataclass(frozen=True)
class UploadOutcome:
    """The outcome of an upload.

    :param stored: the object at the key; None if the upload was skipped and this identity is not allowed to
        HEAD the object.
    :param parts: the number of parts; None for a single request.
    :param resumed: the number of parts that an earlier attempt sent.
    """

    status: Literal["uploaded", "skipped"]
    stored: StoredObject | None
    parts: int | None = None
    resumed: int | None = None


def upload_content(
    transfer: Transfer, if_exists: IfExists, checkpoint: GuardedCheckpoint, *, resume: bool
) -> UploadOutcome:
    """Upload the content, if ``if_exists`` allows it.

    :raises ObjectExists: there is an object at the key (``fail``).
    :raises PreconditionFailed: the object changed meanwhile (``skip_if_same``), or a condition in ExtraArgs
        is not met.
    """
    if if_exists == "skip_if_same":
        existing = compare_with_existing(transfer)
        if existing.same:
            Resumption(transfer, checkpoint, resume=resume).abort_earlier()
            return UploadOutcome("skipped", existing.same)
        transfer = _with_condition(transfer, existing.condition)
    resumption = Resumption(transfer, checkpoint, resume=resume)
    try:
        return _send(transfer, resumption)
    except errors.PreconditionFailed as error:
        if if_exists == "skip":
            return UploadOutcome("skipped", _existing_object(transfer))
        raise _condition_error(transfer, error, errors.ObjectExists) from error
    except errors.ObjectNotFound as error:  # S3's response to If-Match where there is no object
        raise _condition_error(transfer, error, errors.PreconditionFailed) from error


def _send(transfer: Transfer, resumption: Resumption) -> UploadOutcome:
    bodies = transfer.content.bodies(transfer.windows, transfer.check)
    first = next(bodies)
    is_single = first.part.is_last and len(first) <= MAX_PUT_SIZE
    if not is_single or not transfer.destination.is_aws:
        _head_before_upload(transfer, resumption)
    if is_single and not _must_confirm_encryption_first(transfer.destination):
        resumption.abort_earlier()
        return UploadOutcome("uploaded", put_object(transfer, first))
    result = upload_in_parts(transfer, resumption, chain([first], bodies))
    return UploadOutcome("uploaded", result.stored, result.parts, result.resumed)


def _head_before_upload(transfer: Transfer, resumption: Resumption) -> None:
    """With ``If-None-Match``, HEAD the key before the upload.

    S3 evaluates the condition of a multipart upload only at completion, so this HEAD saves sending parts that
    would be refused. A server that is not AWS may ignore conditions and replace the object, and its responses
    do not show that; the HEAD protects the object there. The HEAD is left out if an earlier attempt's upload
    may have become the object.

    :raises PreconditionFailed: there is an object at the key.
    """
    if transfer.destination.extra_args.get("IfNoneMatch") != "*" or resumption.may_be_completed:
        return
    if head_or_none(transfer):
        raise errors.PreconditionFailed(
            f"There is an object at {transfer.destination.uri}",
            bucket=transfer.destination.bucket,
            key=transfer.destination.key,
        )


def _must_confirm_encryption_first(destination: Destination) -> bool:
    """Whether the server must confirm the requested encryption before it receives any content.

    The response to a PUT confirms encryption only after the object is stored. CreateMultipartUpload confirms
    it before any content is sent.
    """
    return asks_for_encryption(destination.extra_args) and not destination.is_aws


def _with_condition(transfer: Transfer, condition: Mapping[str, str]) -> Transfer:
    args = {**transfer.destination.extra_args, **condition}
    return replace(transfer, destination=replace(transfer.destination, extra_args=args))


def _condition_error(
    transfer: Transfer, error: errors.S3OpsError, kind: type[errors.PermanentError]
) -> errors.S3OpsError:
    """Return the error that explains which condition failed; the original error, if that explains it."""
    if kind is errors.ObjectExists and transfer.destination.extra_args.get("IfNoneMatch") != "*":
        return error
    return condition_error(error, kind, "is" if kind is errors.ObjectExists else "is no longer")


def _existing_object(transfer: Transfer) -> StoredObject | None:
    head = head_or_none(transfer)
    if head is None:
        return None
    return StoredObject(head["ContentLength"], unquoted(head.get("ETag")), head.get("VersionId"), None)
