"""Upload the parts of an open multipart upload, except those that S3 already has."""

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
    """A part that an earlier attempt sent, as ListParts returns it.

    :param checksum: base64, in the algorithm of the upload; None if the server lists none.
    """

    size: int
    etag: str
    checksum: str | None


@dataclass(frozen=True)
class UploadedPart:
    """A part that S3 has.

    :param is_resumed: an earlier attempt sent it.
    """

    number: int
    etag: str
    part_checksum: PartChecksum
    is_resumed: bool


class PartUploader:
    """Uploads the parts of one upload.

    :param stored_parts: parts that an earlier attempt sent, by number.
    """

    def __init__(self, transfer: Transfer, upload_id: str, stored_parts: Mapping[int, StoredPart]) -> None:
        self._transfer = transfer
        self._upload_id = upload_id
        self._stored_parts = stored_parts
        self._concurrency = Concurrency(transfer.most_at_once)
        self._sent: dict[int, UploadedPart] = {}
        self._done = 0
        self._resumed = 0

    def send(self, bodies: Iterator[PartBody]) -> list[UploadedPart]:
        """Upload the parts that S3 does not have yet, and return all parts in order.

        :raises UploadNotFound: the upload does not exist any more.
        :raises SourceChanged: the file changed.
        :raises Stopped: the upload was cancelled.
        """
        run_parallel(
            bodies,
            self._send,
            limit=lambda: self._concurrency.limit,
            threads=self._transfer.most_at_once,
            on_done=self._record,
            cancellation=self._transfer.cancellation,
        )
        return [self._sent[number] for number in sorted(self._sent)]

    def _send(self, body: PartBody) -> tuple[PartBody, UploadedPart]:
        """Upload one part, unless S3 has it; runs in a thread."""
        body.expects_continue = False
        checksum = body.checksum(self._transfer.algorithm, for_signing=self._transfer.is_signed_in_full)
        number = body.part.number
        stored = self._stored_parts.get(number)
        if stored and _is_same(stored, body, checksum):
            etag = stored.etag
        else:
            stored = None
            etag = self._transfer.retries.run(
                lambda: self._upload(body, encoded(checksum)),
                self._transfer.cancellation.sleep,
                self._slow_down,
            )
        self._transfer.check()
        return body, UploadedPart(number, etag, PartChecksum(checksum, len(body)), stored is not None)

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
            body.expects_continue = True
            raise
        if response.get(member, checksum) != checksum:
            raise errors.ChecksumMismatch(
                f"S3 received part {body.part.number} with checksum {response[member]}, not {checksum}"
            )
        self._adapt(response)
        return str(response["ETag"])

    def _adapt(self, response: Mapping[str, Any]) -> None:
        # botocore does not say why it retried; fewer requests at once are right in any case.
        if response["ResponseMetadata"].get("RetryAttempts"):
            self._concurrency.throttled()
        else:
            self._concurrency.succeeded()

    def _slow_down(self, error: errors.S3OpsError) -> None:
        if isinstance(error, (errors.Throttled, errors.ServerError, errors.NetworkError)):
            self._concurrency.throttled()

    def _record(self, done: tuple[PartBody, UploadedPart]) -> None:
        """Record one part, and report the progress; runs in the calling thread."""
        body, sent = done
        self._sent[sent.number] = sent
        self._transfer.windows.give_back(body.window)
        self._done += body.source_bytes
        self._resumed += body.source_bytes if sent.is_resumed else 0
        if self._transfer.progress:
            total = self._transfer.content.source.identity.size
            self._transfer.progress(Progress(self._done, total, self._resumed))


def _is_same(stored: StoredPart, body: PartBody, checksum: bytes) -> bool:
    if stored.size != len(body):
        return False
    if stored.checksum:
        return stored.checksum == encoded(checksum)
    # With SSE-KMS and SSE-C the ETag is not an MD5 sum; then the part is sent again.
    return unquoted(stored.etag) == ALGORITHMS["MD5"].of(body.blocks()).hex()
