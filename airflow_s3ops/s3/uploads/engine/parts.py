"""The parts of an open multipart upload: sent, or found there already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.checksum import ALGORITHMS, PartChecksum, encoded
from airflow_s3ops.s3.requests.concurrency import Concurrency
from airflow_s3ops.s3.requests.parallel import run_parallel
from airflow_s3ops.s3.uploads.engine.verification import unquoted
from airflow_s3ops.s3.uploads.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_s3ops.s3.uploads.engine.body import PartBody
    from airflow_s3ops.s3.uploads.engine.transfer import Transfer


@dataclass(frozen=True)
class StoredPart:
    """A part that an earlier attempt sent, as ListParts tells.

    :param checksum: in the upload's algorithm, base64; None if the server lists none.
    """

    size: int
    etag: str
    checksum: str | None


@dataclass(frozen=True)
class UploadedPart:
    """A part that S3 has.

    :param was_there: an earlier attempt had sent it.
    """

    number: int
    etag: str
    part_checksum: PartChecksum
    was_there: bool


class PartUploader:
    """Sends the parts of one upload.

    :param there: parts of an earlier attempt, by number.
    """

    def __init__(self, transfer: Transfer, upload_id: str, there: Mapping[int, StoredPart]) -> None:
        self._transfer = transfer
        self._upload_id = upload_id
        self._there = there
        self._concurrency = Concurrency(transfer.most_at_once)
        self._sent: dict[int, UploadedPart] = {}
        self._done = 0
        self._resumed = 0

    def send(self, bodies: Iterator[PartBody]) -> list[UploadedPart]:
        """Send what S3 does not have yet, and return all parts in order.

        :raises UploadNotFound: the upload is gone.
        :raises SourceChanged: the file changed.
        :raises Stopped: the end was asked for.
        """
        run_parallel(
            bodies,
            self._send,
            limit=lambda: self._concurrency.limit,
            threads=self._transfer.most_at_once,
            on_done=self._note,
            cancellation=self._transfer.cancellation,
        )
        return [self._sent[number] for number in sorted(self._sent)]

    def _send(self, body: PartBody) -> tuple[PartBody, UploadedPart]:
        """Work on one part, in a thread."""
        body.asks_first = False
        checksum = body.checksum(self._transfer.algorithm, for_signing=self._transfer.is_signed_in_full)
        number = body.part.number
        there = self._there.get(number)
        if there and _is_same(there, body, checksum):
            etag = there.etag
        else:
            there = None
            etag = self._transfer.retries.run(
                lambda: self._upload(body, encoded(checksum)),
                self._transfer.cancellation.sleep,
                self._slow_down,
            )
        self._transfer.check()
        return body, UploadedPart(number, etag, PartChecksum(checksum, len(body)), there is not None)

    def _upload(self, body: PartBody, checksum: str) -> str:
        self._transfer.check()
        member = self._transfer.algorithm.member
        own = {
            "UploadId": self._upload_id,
            "PartNumber": body.part.number,
            "Body": body if len(body) else b"",
            member: checksum,
        }
        try:
            response = self._transfer.destination.request("UploadPart", **own)
        except errors.S3OpsError:
            body.asks_first = True
            raise
        if response.get(member, checksum) != checksum:
            raise errors.ChecksumMismatch(
                f"Part {body.part.number} arrived with checksum {response[member]}, not {checksum}"
            )
        self._adapt(response)
        return str(response["ETag"])

    def _adapt(self, response: Mapping[str, Any]) -> None:
        # botocore's own tries hide why they were needed; going slower for a while is right in any case.
        if response["ResponseMetadata"].get("RetryAttempts"):
            self._concurrency.throttled()
        else:
            self._concurrency.succeeded()

    def _slow_down(self, error: errors.S3OpsError) -> None:
        if isinstance(error, (errors.Throttled, errors.ServerError, errors.NetworkError)):
            self._concurrency.throttled()

    def _note(self, done: tuple[PartBody, UploadedPart]) -> None:
        """Take note of one part, in the calling thread."""
        body, sent = done
        self._sent[sent.number] = sent
        self._transfer.windows.give_back(body.window)
        self._done += body.source_bytes
        self._resumed += body.source_bytes if sent.was_there else 0
        if self._transfer.progress:
            total = self._transfer.content.source.identity.size
            self._transfer.progress(Progress(self._done, total, self._resumed))


def _is_same(there: StoredPart, body: PartBody, checksum: bytes) -> bool:
    if there.size != len(body):
        return False
    if there.checksum:
        return there.checksum == encoded(checksum)
    # Not an MD5 sum under SSE-KMS and SSE-C; then the part is sent again.
    return unquoted(there.etag) == ALGORITHMS["MD5"].of(body.blocks()).hex()
