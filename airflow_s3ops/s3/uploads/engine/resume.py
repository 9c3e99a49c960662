"""Resume the upload that an earlier attempt left open. Only the parts that S3 itself lists are reused."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.extra_args import CONDITIONS, fingerprint
from airflow_s3ops.s3.uploads.checkpoint import UploadState
from airflow_s3ops.s3.uploads.engine.abort import abort_earlier_upload, abort_upload
from airflow_s3ops.s3.uploads.engine.parts import StoredPart
from airflow_s3ops.s3.uploads.engine.verification import SentObject, find_stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_s3ops.s3.uploads.checkpoint import GuardedCheckpoint
    from airflow_s3ops.s3.uploads.engine.transfer import Transfer
    from airflow_s3ops.s3.uploads.engine.verification import StoredObject

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OpenUpload:
    """A new or resumed multipart upload.

    :param stored_parts: the parts that S3 has, by number.
    :param completed: the object, if the earlier attempt completed the upload, and died before it returned.
    :param parts: the number of parts of that object.
    """

    upload_id: str
    stored_parts: Mapping[int, StoredPart] = field(default_factory=dict)
    completed: StoredObject | None = None
    parts: int = 0


class Resumption:
    """The state of one upload across attempts.

    :param resume: False stores no state, and aborts the upload that an earlier attempt left.
    """

    def __init__(self, transfer: Transfer, checkpoint: GuardedCheckpoint, *, resume: bool) -> None:
        self._transfer = transfer
        self._identity = _identity(transfer)
        self._checkpoint = checkpoint
        self._resume = resume

    @property
    def is_resumable(self) -> bool:
        """Whether a later attempt can resume this upload."""
        return self._resume and self._checkpoint.is_available

    @property
    def may_be_completed(self) -> bool:
        """Whether an earlier attempt requested completion: then its upload may have become the object."""
        old = self._checkpoint.get()
        return old is not None and old.checksum is not None

    def open_upload(self) -> OpenUpload:
        """Return the earlier attempt's upload, if it is of this content to this key; else a new one."""
        found = self._earlier_upload()
        if found:
            return found
        transfer = self._transfer
        # If this response is lost, an upload of unknown id stays open. It has no parts, so it costs nothing.
        response = transfer.request_with_retries(
            "CreateMultipartUpload", ChecksumAlgorithm=transfer.algorithm.name, ChecksumType=transfer.form
        )
        upload_id = str(response["UploadId"])
        try:
            transfer.destination.confirm_encryption(response, "nothing was sent")
        except errors.NotSupportedByServer:
            self.abort(upload_id)
            raise
        if self.is_resumable:  # stored only now, so a resumed upload needs no further check of the encryption
            self._checkpoint.set(replace(self._identity, upload_id=upload_id))
        return OpenUpload(upload_id)

    def abort_earlier(self) -> None:
        """Abort the upload that an earlier attempt left, because this attempt does not use it."""
        destination = self._transfer.destination
        abort_earlier_upload(
            destination.client,
            destination.extra_args,
            self._checkpoint,
            is_cancelled=self._transfer.cancellation.is_requested,
        )

    def note_completion(self, sent: SentObject) -> None:
        """Store that completion is about to be requested: a missing upload may then have been completed."""
        state = self._checkpoint.get() if self.is_resumable else None
        if state:
            self._checkpoint.set(replace(state, checksum=sent.checksum, size=sent.size))

    def clear(self) -> None:
        """Delete the state, after success or when the upload is gone."""
        self._checkpoint.clear()

    def abort(self, upload_id: str) -> None:
        """Abort the upload. If that fails, the state is kept, so that the next attempt can abort it."""
        if abort_upload(
            self._transfer.destination, upload_id, is_cancelled=self._transfer.cancellation.is_requested
        ):
            self.clear()

    def _earlier_upload(self) -> OpenUpload | None:
        old = self._checkpoint.get()
        if old is None:
            return None
        if self.is_resumable and replace(old, upload_id="", checksum=None, size=None) == self._identity:
            try:
                return OpenUpload(old.upload_id, self._listed(old.upload_id))
            except errors.UploadNotFound:
                completed = self._completed(old)
                self.clear()
                return completed
            except errors.AccessDenied as error:
                log.warning(
                    "The earlier upload to %s cannot be resumed: %s", self._transfer.destination.uri, error
                )
        self.abort_earlier()
        return None

    def _completed(self, old: UploadState) -> OpenUpload | None:
        if old.checksum is None or old.size is None:
            return None
        sent = SentObject(old.size, self._transfer.algorithm, old.checksum)
        stored = find_stored(self._transfer, sent)
        parts = -(-old.size // old.part_size)
        return OpenUpload(old.upload_id, completed=stored, parts=parts) if stored else None

    def _listed(self, upload_id: str) -> dict[int, StoredPart]:
        listed: dict[int, StoredPart] = {}
        position: dict[str, Any] = {}
        while True:
            response = self._transfer.request_with_retries("ListParts", UploadId=upload_id, **position)
            for part in response.get("Parts", ()):
                checksum = part.get(self._transfer.algorithm.member)
                listed[part["PartNumber"]] = StoredPart(part["Size"], part["ETag"], checksum)
            if not response.get("IsTruncated"):
                return listed
            position = {"PartNumberMarker": response["NextPartNumberMarker"]}


def _identity(transfer: Transfer) -> UploadState:
    """Return the state that an earlier upload must match to be resumed; its upload id is empty."""
    destination = transfer.destination
    source = transfer.content.source.identity
    plain = {name: value for name, value in destination.extra_args.items() if name not in CONDITIONS}
    return UploadState(
        endpoint=destination.client.meta.endpoint_url,
        bucket=destination.bucket,
        key=destination.key,
        upload_id="",
        part_size=transfer.content.part_size,
        algorithm=transfer.algorithm.name,
        form=transfer.form,
        source=(source.inode, source.size, source.mtime_ns),
        extra_args=fingerprint(plain),
        compress=transfer.content.compress,
    )
