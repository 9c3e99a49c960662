"""Whether to send, under which condition, in which way: what ``if_exists`` means."""

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
    """What became of an upload.

    :param stored: the object at the key; None if it was skipped and may not be looked at.
    :param parts: how many it was sent in; None for a single request.
    :param resumed: how many of them an earlier attempt had sent.
    """

    status: Literal["uploaded", "skipped"]
    stored: StoredObject | None
    parts: int | None = None
    resumed: int | None = None


def upload_content(
    transfer: Transfer, if_exists: IfExists, checkpoint: GuardedCheckpoint, *, resume: bool
) -> UploadOutcome:
    """Send the content, unless what is at the key makes that needless or forbidden.

    :raises ObjectExists: the key is taken (``fail``).
    :raises PreconditionFailed: the object changed in between (``skip_if_same``), or a condition in ExtraArgs.
    """
    if if_exists == "skip_if_same":
        existing = compare_with_existing(transfer)
        if existing.same:
            Resumption(transfer, checkpoint, resume=resume).forget()
            return UploadOutcome("skipped", existing.same)
        transfer = _under(transfer, existing.condition)
    resumption = Resumption(transfer, checkpoint, resume=resume)
    try:
        return _send(transfer, resumption)
    except errors.PreconditionFailed as error:
        if if_exists == "skip":
            return UploadOutcome("skipped", _as_it_is(transfer))
        raise _named(transfer, error, errors.ObjectExists) from error
    except errors.ObjectNotFound as error:  # what S3 answers to If-Match where there is nothing to match
        raise _named(transfer, error, errors.PreconditionFailed) from error


def _send(transfer: Transfer, resumption: Resumption) -> UploadOutcome:
    bodies = transfer.content.bodies(transfer.windows, transfer.check)
    first = next(bodies)
    is_single = first.part.is_last and len(first) <= MAX_PUT_SIZE
    if not is_single or not transfer.destination.is_aws:
        _head_before(transfer, resumption)
    if is_single and not _is_to_be_asked_first(transfer.destination):
        resumption.forget()
        return UploadOutcome("uploaded", put_object(transfer, first))
    done = upload_in_parts(transfer, resumption, chain([first], bodies))
    return UploadOutcome("uploaded", done.stored, done.parts, done.resumed)


def _head_before(transfer: Transfer, resumption: Resumption) -> None:
    """Look for an object that the condition would find.

    For parts that spares the bytes that S3 would refuse in the end: it looks at the condition at completion
    only. On a server that is not AWS it keeps an object safe that the server would replace, because it
    ignores conditions; no answer of its tells. Not while an earlier attempt's upload may have become the
    object.
    """
    if transfer.destination.extra_args.get("IfNoneMatch") != "*" or resumption.may_be_completed:
        return
    if head_or_none(transfer):
        raise errors.PreconditionFailed(
            f"There is an object at {transfer.destination.uri}",
            bucket=transfer.destination.bucket,
            key=transfer.destination.key,
        )


def _is_to_be_asked_first(destination: Destination) -> bool:
    """Whether the server must confirm what it is asked for before it gets the bytes.

    A PUT confirms encryption when it is too late. CreateMultipartUpload has no bytes yet.
    """
    return asks_for_encryption(destination.extra_args) and not destination.is_aws


def _under(transfer: Transfer, condition: Mapping[str, str]) -> Transfer:
    args = {**transfer.destination.extra_args, **condition}
    return replace(transfer, destination=replace(transfer.destination, extra_args=args))


def _named(
    transfer: Transfer, error: errors.S3OpsError, kind: type[errors.PermanentError]
) -> errors.S3OpsError:
    """Return the error that names what the condition was about; the one that came, if that says it."""
    if kind is errors.ObjectExists and transfer.destination.extra_args.get("IfNoneMatch") != "*":
        return error
    return condition_error(error, kind, "is" if kind is errors.ObjectExists else "is no longer")


def _as_it_is(transfer: Transfer) -> StoredObject | None:
    seen = head_or_none(transfer)
    if seen is None:
        return None
    return StoredObject(seen["ContentLength"], unquoted(seen.get("ETag")), seen.get("VersionId"), None)
