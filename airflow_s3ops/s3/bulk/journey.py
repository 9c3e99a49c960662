"""One small file's way to its key: what is asked of S3, in which order, and what the answers mean.

A journey is a generator. It yields what it wants sent, or how long it wants to wait, and is given the
answer, or the error, when there is one: so one thread has hundreds of them under way.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar, cast

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.bulk.answer import Answer
from airflow_s3ops.s3.bulk.outgoing import Delivered
from airflow_s3ops.s3.bulk.parcel import Parcel, read_parcel
from airflow_s3ops.s3.bulk.sameness import claim_of, proven_by_etag
from airflow_s3ops.s3.engine.content_type import content_type_of
from airflow_s3ops.s3.engine.encryption import HEADERS, confirm_encryption
from airflow_s3ops.s3.requests.conditions import ignored, named
from airflow_s3ops.s3.requests.fields import not_stored, require_fields
from airflow_s3ops.s3.results import ObjectChecksum

if TYPE_CHECKING:
    from airflow_s3ops.s3.bulk.outgoing import BatchArgs, Outgoing
    from airflow_s3ops.s3.bulk.template import Header
    from airflow_s3ops.s3.requests.conditions import Trust
    from airflow_s3ops.s3.requests.retry import Retries

T = TypeVar("T")
IF_NONE_MATCH = ("If-None-Match", "*")
# What may have been carried out although no answer says so.
_LOST = (errors.NetworkError, errors.ServerError)


@dataclass(frozen=True, slots=True)
class Put:
    """Send the content."""

    key: str
    parcel: Parcel
    headers: list[Header]


@dataclass(frozen=True, slots=True)
class Look:
    """Look at the object.

    :param first_part: at its first part only, for that one's size.
    """

    key: str
    first_part: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


Wish: TypeAlias = Put | Look | Pause
Way: TypeAlias = Generator[Wish, Answer, T]


class EndOfBatchError(Exception):
    """What was found out while one file was sent, and holds for all."""

    def __init__(self, error: errors.S3OpsError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass
class Journeys:
    """Makes the journeys of one batch, and keeps what they learn for one another.

    :param largest: bytes that a file may have.
    :param signs_payload: whether signatures cover the content.
    :param may_look: whether this identity may look at what it writes; found out by trying.
    """

    args: BatchArgs
    largest: int
    signs_payload: bool
    trust: Trust
    retries: Retries
    may_look: bool = True

    def __post_init__(self) -> None:
        self._checksum_header = self.args.algorithm.header
        self._guesses_type = "ContentType" not in self.args.extra_args
        self._is_conditional = self.args.if_exists in ("fail", "skip")

    def of(self, outgoing: Outgoing) -> Way[Delivered]:
        """Yield the steps for one file, and return what became of it.

        :raises S3OpsError: it cannot be sent.
        :raises EndOfBatchError: neither can the others.
        """
        file = outgoing.file
        parcel = read_parcel(file.path, self.args.algorithm, self.largest, for_signing=self.signs_payload)
        if (file.size, file.mtime_ns) != (parcel.identity.size, parcel.identity.mtime_ns):
            found = replace(file, size=parcel.identity.size, mtime_ns=parcel.identity.mtime_ns)
            outgoing = replace(outgoing, file=found)
        if self._is_conditional:
            delivered = yield from self._under_trust(outgoing, parcel)
        elif self.args.if_exists == "skip_if_same":
            delivered = yield from self._unless_same(outgoing, parcel)
        else:
            delivered = yield from self._sent(outgoing, self._put(outgoing, parcel))
        try:
            parcel.check()
        except errors.SourceChanged as error:
            if delivered.status == "skipped":
                raise
            raise _too_late(error) from error
        return delivered

    def _under_trust(self, outgoing: Outgoing, parcel: Parcel) -> Way[Delivered]:
        """Send it if the key is free. Whether the server heeds that is found out with the first file sent."""
        if not self.trust.is_proven:
            seen = yield from self._seen(outgoing.key)
            if seen:
                return self._exists(outgoing, seen)
        put = self._put(outgoing, parcel, IF_NONE_MATCH)
        delivered = yield from self._sent(outgoing, put)
        if delivered.status == "uploaded" and self.trust.ask():
            yield from self._proof(put)
        return delivered

    def _proof(self, put: Put) -> Way[None]:
        """Send it once more: the same bytes do no harm where they are stored again."""
        try:
            yield from self._tried(put)
        except errors.PreconditionFailed:
            self.trust.heeded()
        except errors.S3OpsError:
            self.trust.unknown()
        else:
            raise EndOfBatchError(ignored(self.args.bucket, put.key))

    def _unless_same(self, outgoing: Outgoing, parcel: Parcel) -> Way[Delivered]:
        try:
            head = yield from self._tried(Look(outgoing.key))
        except errors.ObjectNotFound:
            return (yield from self._sent(outgoing, self._put(outgoing, parcel, IF_NONE_MATCH)))
        require_fields("HeadObject", head.fields, self.args.bucket, outgoing.key, "ETag")
        claim = claim_of(head) if head.size == len(parcel.data) else None
        if claim:
            first = (
                head if claim.parts == 1 else (yield from self._tried(Look(outgoing.key, first_part=True)))
            )
            require_fields("HeadObject", first.fields, self.args.bucket, outgoing.key)
            if claim.holds(parcel, cast("int", first.size)):
                checksum = ObjectChecksum(claim.name, claim.value, "server")
                size = len(parcel.data)
                return Delivered(outgoing, "skipped", size, head.etag, head.version_id, checksum)
        put = self._put(outgoing, parcel, ("If-Match", head.headers["etag"]))
        return (yield from self._sent(outgoing, put))

    def _put(self, outgoing: Outgoing, parcel: Parcel, *condition: Header) -> Put:
        headers = [(self._checksum_header, parcel.checksum), *condition]
        if self._guesses_type:
            headers.append(("Content-Type", content_type_of(outgoing.file.path)))
        return Put(outgoing.key, parcel, headers)

    def _tried(self, wish: Put | Look, failures: list[errors.S3OpsError] | None = None) -> Way[Answer]:
        """Ask, again and again where that may help.

        :param failures: is given those that another try followed, or that were the last.
        """
        tried = 0
        while True:
            tried += 1
            try:
                answer = yield wish
                if isinstance(wish, Put):
                    require_fields("PutObject", answer.fields, self.args.bucket, wish.key)
            except self.retries.worth as error:
                if failures is not None:
                    failures.append(error)
                if tried == self.retries.tries:
                    raise
            else:
                return answer
            yield Pause(self.retries.pause_after(tried))
            if isinstance(wish, Put):
                wish.parcel.check()

    def _sent(self, outgoing: Outgoing, put: Put) -> Way[Delivered]:
        failures: list[errors.S3OpsError] = []
        try:
            answer = yield from self._tried(put, failures)
        except errors.ObjectNotFound as error:  # S3's answer to If-Match where there is nothing to match
            raise named(error, errors.PreconditionFailed, "is no longer") from error
        except errors.PreconditionFailed as error:
            # It may have been met by ourselves, in a try whose answer was lost. Without a condition nothing
            # tells ours from an older object of the same bytes.
            if any(isinstance(failure, _LOST) for failure in failures):
                found = yield from self._found_after_all(outgoing, put.parcel)
                if found:
                    return found
            return (yield from self._refused(outgoing, put, error))
        delivered = yield from self._verified(outgoing, put.parcel, answer)
        self._confirm_encryption(put.key, answer)
        return delivered

    def _confirm_encryption(self, key: str, answer: Answer) -> None:
        repeated = {name: answer.headers.get(header) for name, header in HEADERS.items()}
        confirm_encryption(
            self.args.extra_args, repeated, "it is stored, but not so", bucket=self.args.bucket, key=key
        )

    def _refused(self, outgoing: Outgoing, put: Put, error: errors.PreconditionFailed) -> Way[Delivered]:
        if self.args.if_exists == "skip":
            return self._exists(outgoing, (yield from self._seen(outgoing.key)))
        if IF_NONE_MATCH in put.headers or self.args.extra_args.get("IfNoneMatch") == "*":
            raise named(error, errors.ObjectExists, "is") from error
        raise error

    def _exists(self, outgoing: Outgoing, seen: Answer | None) -> Delivered:
        if self.args.if_exists == "fail":
            raise named(
                errors.PreconditionFailed("", bucket=self.args.bucket, key=outgoing.key),
                errors.ObjectExists,
                "is",
            )
        if seen is None:
            return Delivered(outgoing, "skipped", outgoing.file.size, None, None, None)
        size = outgoing.file.size if seen.size is None else seen.size
        return Delivered(outgoing, "skipped", size, seen.etag, seen.version_id, None)

    def _seen(self, key: str, *, was_stored: bool = False) -> Way[Answer | None]:
        """Return what is at the key; None if that is nothing, or cannot be told for whatever reason.

        :param was_stored: an answer said so; then nothing is an error.
        """
        if not self.may_look:
            return None
        try:
            return (yield from self._tried(Look(key)))
        except errors.AccessDenied:
            # Without s3:ListBucket that is also S3's answer for a key that is free.
            self.may_look = self.args.if_exists != "replace"
        except errors.ObjectNotFound as error:
            if was_stored:
                raise not_stored(self.args.bucket, key) from error
        except errors.S3OpsError:
            pass
        return None

    def _verified(self, outgoing: Outgoing, parcel: Parcel, answer: Answer) -> Way[Delivered]:
        """Compare what S3 says it stored. Without a checksum its ETag may prove it, else a look must do."""
        if self._checksum_header in answer.headers or proven_by_etag(answer, parcel):
            return self._uploaded(outgoing, parcel, answer, answer)
        seen = yield from self._seen(outgoing.key, was_stored=True)
        if seen is None or seen.etag != answer.etag:
            seen = None  # nobody may look, or somebody else has written since
        return self._uploaded(outgoing, parcel, answer, seen)

    def _found_after_all(self, outgoing: Outgoing, parcel: Parcel) -> Way[Delivered | None]:
        """Return what is stored if it is what was sent, although no answer said so; else None."""
        seen = yield from self._seen(outgoing.key)
        if seen is None or seen.size != len(parcel.data):
            return None
        stored = seen.headers.get(self._checksum_header)
        same = stored == parcel.checksum if stored else proven_by_etag(seen, parcel)
        if not same:
            return None
        self._confirm_encryption(outgoing.key, seen)
        return self._uploaded(outgoing, parcel, seen, seen)

    def _uploaded(
        self, outgoing: Outgoing, parcel: Parcel, answer: Answer, witness: Answer | None
    ) -> Delivered:
        """Return the outcome, by what S3 tells.

        :param witness: an answer about what is stored; None if there is none.
        :raises ChecksumMismatch: it tells something else than was sent.
        """
        algorithm, size = self.args.algorithm.name, len(parcel.data)
        if witness is None:
            checksum = ObjectChecksum(algorithm, parcel.checksum, "none")
            return Delivered(outgoing, "uploaded", size, answer.etag, answer.version_id, checksum)
        stored = witness.headers.get(self._checksum_header)
        seen = size if witness is answer else witness.size
        if (stored or parcel.checksum) != parcel.checksum or seen not in (None, size):
            raise errors.ChecksumMismatch(
                f"{outgoing.key!r} is stored with {algorithm} {stored or 'unknown'}, but {size:,} bytes "
                f"with {parcel.checksum} were sent",
                bucket=self.args.bucket,
                key=outgoing.key,
            )
        by_server = bool(stored) or proven_by_etag(witness, parcel)
        otherwise: Literal["none", "size"] = "none" if seen is None else "size"
        checksum = ObjectChecksum(algorithm, parcel.checksum, "server" if by_server else otherwise)
        return Delivered(outgoing, "uploaded", size, answer.etag, answer.version_id, checksum)


def _too_late(error: errors.SourceChanged) -> errors.SourceChanged:
    return errors.SourceChanged(
        f"{error.what}; the object is whole, but it is the file as it was before",
        advice="Let the writer finish first, and run the task again: it sends what the file is then",
    )
