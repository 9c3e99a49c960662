"""What one attempt leaves for the next: an open upload, trusted no further than S3 itself tells its parts."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.checkpoint import UploadState
from airflow_s3ops.s3.destination import Destination
from airflow_s3ops.s3.extra_args import CONDITIONS, fingerprint
from airflow_s3ops.s3.parts import StoredPart
from airflow_s3ops.s3.retry import Retries
from airflow_s3ops.s3.stored import Sent, found_after_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_s3ops.s3.checkpoint import Checkpoint
    from airflow_s3ops.s3.stored import Stored
    from airflow_s3ops.s3.transfer import Transfer

log = logging.getLogger(__name__)

# A part that was on its way while the upload was aborted may bring it back: "Aborting a multipart upload" in
# the Amazon S3 User Guide says to abort again until ListParts finds none.
ABORTS = 3


@dataclass(frozen=True)
class OpenUpload:
    """A multipart upload to go on with.

    :param there: parts that S3 has, by number.
    :param completed: the object, if the earlier attempt completed the upload and died before it could say so.
    :param parts: of how many parts that object is.
    """

    upload_id: str
    there: Mapping[int, StoredPart] = field(default_factory=dict)
    completed: Stored | None = None
    parts: int = 0


class Memory:
    """The state of one upload across attempts.

    :param checkpoint: where the state is kept; None if nobody keeps it.
    :param resume: False to keep nothing, and to abort what an earlier attempt left.
    """

    def __init__(self, transfer: Transfer, checkpoint: Checkpoint | None, *, resume: bool) -> None:
        self.is_kept = resume and checkpoint is not None
        self._transfer = transfer
        self._identity = _identity(transfer)
        self._checkpoint = checkpoint

    @property
    def has_state(self) -> bool:
        """Whether an earlier attempt left something."""
        return self._state() is not None

    def opened(self) -> OpenUpload:
        """Return the earlier attempt's upload if it is of this content to this key; else a new one."""
        found = self._recalled()
        if found:
            return found
        transfer = self._transfer
        # An answer lost here leaves an upload that nobody knows; it has no parts, and so costs nothing.
        answer = transfer.ask(
            "CreateMultipartUpload", ChecksumAlgorithm=transfer.algorithm.name, ChecksumType=transfer.form
        )
        upload_id = str(answer["UploadId"])
        self._keep(replace(self._identity, upload_id=upload_id))
        return OpenUpload(upload_id)

    def forget(self) -> None:
        """Abort what an earlier attempt left, whatever it was: this one does not need it."""
        old = self._state()
        if old:
            self._abort_old(old)

    def completing(self, sent: Sent) -> None:
        """Note that completion is about to be asked for: the upload's absence may then be its success."""
        state = self._state() if self.is_kept else None
        if state:
            self._keep(replace(state, checksum=sent.checksum, size=sent.size))

    def clear(self) -> None:
        """Forget the state, after success, or when the upload is gone."""
        if self._checkpoint:
            self._checkpoint.clear()

    def abort(self, upload_id: str) -> None:
        """Abort the upload; if that fails, keep the state, so that the next attempt can."""
        if self._aborted(self._transfer.destination, upload_id):
            self.clear()

    def _state(self) -> UploadState | None:
        return UploadState.from_json(self._checkpoint.get()) if self._checkpoint else None

    def _keep(self, state: UploadState) -> None:
        if not self.is_kept or not self._checkpoint:
            return
        try:
            self._checkpoint.set(state.to_json())
        except Exception:
            # Resuming is a convenience: a store that is down must not cost the upload itself.
            self.is_kept = False
            log.warning("A later attempt cannot resume the upload to %s", state.key, exc_info=True)

    def _recalled(self) -> OpenUpload | None:
        old = self._state()
        if old is None:
            return None
        if self.is_kept and replace(old, upload_id="", checksum=None, size=None) == self._identity:
            try:
                return OpenUpload(old.upload_id, self._listed(old.upload_id))
            except errors.UploadNotFound:
                self.clear()
                return self._completed(old)
            except errors.AccessDenied as error:
                log.warning(
                    "The earlier upload to %s is of no use: %s", self._transfer.destination.uri, error
                )
        self._abort_old(old)
        return None

    def _completed(self, old: UploadState) -> OpenUpload | None:
        if old.checksum is None or old.size is None:
            return None
        sent = Sent(old.size, self._transfer.algorithm, old.checksum)
        stored = found_after_all(self._transfer.destination, sent)
        parts = -(-old.size // old.part_size)
        return OpenUpload(old.upload_id, completed=stored, parts=parts) if stored else None

    def _listed(self, upload_id: str) -> dict[int, StoredPart]:
        listed: dict[int, StoredPart] = {}
        position: dict[str, Any] = {}
        while True:
            answer = self._transfer.ask("ListParts", UploadId=upload_id, **position)
            for part in answer.get("Parts", ()):
                checksum = part.get(self._transfer.algorithm.member)
                listed[part["PartNumber"]] = StoredPart(part["Size"], part["ETag"], checksum)
            if not answer.get("IsTruncated"):
                return listed
            position = {"PartNumberMarker": answer["NextPartNumberMarker"]}

    def _abort_old(self, old: UploadState) -> None:
        here = self._transfer.destination
        if old.endpoint == self._identity.endpoint:
            self._aborted(Destination(here.client, old.bucket, old.key, here.extra_args), old.upload_id)
        else:
            log.warning(
                "The upload %s stays open at %s: this is %s",
                old.upload_id,
                old.endpoint,
                self._identity.endpoint,
            )
        self.clear()

    def _aborted(self, destination: Destination, upload_id: str) -> bool:
        """Abort, and return whether it is gone. A failure is logged: another error is on its way."""
        retries = Retries(tries=1 if self._transfer.halt.is_asked_for else 3)
        try:
            for _ in range(ABORTS):
                retries.run(lambda: destination.call("AbortMultipartUpload", UploadId=upload_id), time.sleep)
                if not _is_open(destination, upload_id):
                    break
        except (errors.UploadNotFound, errors.ObjectNotFound):
            return True
        except errors.S3OpsError as error:
            log.warning("The upload %s to %s stays open: %s", upload_id, destination.uri, error)
            return False
        return True


def _is_open(destination: Destination, upload_id: str) -> bool:
    try:
        destination.call("ListParts", UploadId=upload_id, MaxParts=1)
    except errors.S3OpsError:
        return False  # gone, or not to be known
    return True


def _identity(transfer: Transfer) -> UploadState:
    """Return what must be the same for an earlier upload to be gone on with; its id is left empty."""
    here = transfer.destination
    source = transfer.content.source.identity
    plain = {name: value for name, value in here.extra_args.items() if name not in CONDITIONS}
    return UploadState(
        endpoint=here.client.meta.endpoint_url,
        bucket=here.bucket,
        key=here.key,
        upload_id="",
        part_size=transfer.content.part_size,
        algorithm=transfer.algorithm.name,
        form=transfer.form,
        source=(source.inode, source.size, source.mtime_ns),
        extra_args=fingerprint(plain),
        compress=transfer.content.compress,
    )
