"""The steps of one small file's upload: which requests are made, and what their responses mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.burst.work import BatchError, Request, Wait
from airflow_s3ops.s3.files.content_type import content_type_of
from airflow_s3ops.s3.requests.conditions import condition_error, conditions_ignored
from airflow_s3ops.s3.requests.encryption import HEADERS, confirm_encryption
from airflow_s3ops.s3.requests.required_fields import not_stored, require_fields
from airflow_s3ops.s3.results import ObjectChecksum
from airflow_s3ops.s3.uploads.items import Failed, Uploaded
from airflow_s3ops.s3.uploads.small_files.comparison import etag_is_md5_of, stored_checksum_of
from airflow_s3ops.s3.uploads.small_files.payload import Payload, read_payload

if TYPE_CHECKING:
    from airflow_s3ops.s3.burst.request_template import Header, Template
    from airflow_s3ops.s3.burst.response import Response
    from airflow_s3ops.s3.burst.work import Steps
    from airflow_s3ops.s3.requests.conditions import ConditionSupport
    from airflow_s3ops.s3.requests.retry import Retries
    from airflow_s3ops.s3.uploads.items import BatchArgs, UploadItem

IF_NONE_MATCH = ("If-None-Match", "*")
# After these errors the request may have been carried out: only its response is missing.
_RESPONSE_LOST = (errors.NetworkError, errors.ServerError)


@dataclass(frozen=True)
class Templates:
    """The templates of the requests that are made for each file of a batch.

    :param head_first_part: a HEAD of part 1, to get the part size of an object that was uploaded in parts.
    """

    put: Template
    head: Template
    head_first_part: Template


@dataclass(frozen=True, slots=True)
class Put:
    """The PUT of one file.

    :param headers: the headers of this request, in addition to those of the template.
    """

    key: str
    payload: Payload
    headers: list[Header]


@dataclass(frozen=True, slots=True)
class Head:
    """The HEAD of one object.

    :param first_part: HEAD the first part only, to get the size of that part.
    """

    key: str
    first_part: bool = False


@dataclass
class UploadSteps:
    """The steps of the files of one batch; a :class:`~airflow_s3ops.s3.burst.work.Work`.

    :param largest: the most bytes of a file.
    :param may_head: whether this identity is allowed to HEAD what it uploads; the first HEAD shows it.
    """

    args: BatchArgs
    templates: Templates
    largest: int
    condition_support: ConditionSupport
    retries: Retries
    may_head: bool = True

    def __post_init__(self) -> None:
        self._checksum_header = self.args.algorithm.header
        self._guesses_type = "ContentType" not in self.args.extra_args
        self._is_conditional = self.args.if_exists in ("fail", "skip")

    def size_of(self, item: UploadItem) -> int:
        """Return the file's size."""
        return item.file.size

    def failed(self, item: UploadItem, error: errors.S3OpsError) -> Failed:
        """Return the outcome of a file that was not uploaded."""
        return Failed(item, error)

    def steps_of(self, item: UploadItem) -> Steps[Uploaded | Failed]:
        """Yield the requests for one file, and return its outcome.

        :raises S3OpsError: the file cannot be uploaded.
        :raises BatchError: no other file can be uploaded either.
        """
        file = item.file
        payload = read_payload(
            file.path, self.args.algorithm, self.largest, for_signing=self.templates.put.signs_payload
        )
        if (file.size, file.mtime_ns) != (payload.identity.size, payload.identity.mtime_ns):
            found = replace(file, size=payload.identity.size, mtime_ns=payload.identity.mtime_ns)
            item = replace(item, file=found)
        if self._is_conditional:
            uploaded = yield from self._upload_if_missing(item, payload)
        elif self.args.if_exists == "skip_if_same":
            uploaded = yield from self._upload_unless_same(item, payload)
        else:
            uploaded = yield from self._upload(item, self._put(item, payload))
        try:
            payload.check()
        except errors.SourceChanged as error:
            if uploaded.status == "skipped":
                raise
            raise _changed_after_upload(error) from error
        return uploaded

    def _upload_if_missing(self, item: UploadItem, payload: Payload) -> Steps[Uploaded]:
        """Upload the file if there is no object at its key.

        The first file that is uploaded is used to test whether the server honours the condition.
        """
        if not self.condition_support.is_proven:
            head = yield from self._head_or_none(item.key)
            if head:
                return self._object_exists(item, head)
        put = self._put(item, payload, IF_NONE_MATCH)
        uploaded = yield from self._upload(item, put)
        if uploaded.status == "uploaded" and self.condition_support.begin_probe():
            yield from self._probe(put)
        return uploaded

    def _probe(self, put: Put) -> Steps[None]:
        """Send the PUT again, to test the condition. If it is ignored, the same bytes are stored again."""
        try:
            yield from self._with_retries(put)
        except errors.PreconditionFailed:
            self.condition_support.confirmed()
        except errors.S3OpsError:
            self.condition_support.inconclusive()
        else:
            raise BatchError(conditions_ignored(self.args.bucket, put.key))

    def _upload_unless_same(self, item: UploadItem, payload: Payload) -> Steps[Uploaded]:
        try:
            head = yield from self._with_retries(Head(item.key))
        except errors.ObjectNotFound:
            return (yield from self._upload(item, self._put(item, payload, IF_NONE_MATCH)))
        require_fields("HeadObject", head.fields, self.args.bucket, item.key, "ETag")
        stored = stored_checksum_of(head) if head.size == len(payload.data) else None
        if stored:
            first = (
                head
                if stored.parts == 1
                else (yield from self._with_retries(Head(item.key, first_part=True)))
            )
            require_fields("HeadObject", first.fields, self.args.bucket, item.key)
            if stored.matches(payload, cast("int", first.size)):
                checksum = ObjectChecksum(stored.name, stored.value, "server")
                size = len(payload.data)
                return Uploaded(item, "skipped", size, head.etag, head.version_id, checksum)
        put = self._put(item, payload, ("If-Match", head.headers["etag"]))
        return (yield from self._upload(item, put))

    def _put(self, item: UploadItem, payload: Payload, *condition: Header) -> Put:
        headers = [(self._checksum_header, payload.checksum), *condition]
        if self._guesses_type:
            headers.append(("Content-Type", content_type_of(item.file.path)))
        return Put(item.key, payload, headers)

    def _with_retries(
        self, call: Put | Head, failures: list[errors.S3OpsError] | None = None
    ) -> Steps[Response]:
        """Make a request, and retry it after transient errors.

        :param failures: a list to which each of these errors is added.
        """
        tried = 0
        while True:
            tried += 1
            try:
                response = yield self._request(call)
                if isinstance(call, Put):
                    require_fields("PutObject", response.fields, self.args.bucket, call.key)
            except self.retries.worth as error:
                if failures is not None:
                    failures.append(error)
                if tried == self.retries.tries:
                    raise
            else:
                return response
            yield Wait(self.retries.backoff(tried))
            if isinstance(call, Put):
                call.payload.check()

    def _request(self, call: Put | Head) -> Request:
        if isinstance(call, Put):
            payload = call.payload
            return Request(self.templates.put, call.key, call.headers, payload.data, payload.sha256)
        template = self.templates.head_first_part if call.first_part else self.templates.head
        return Request(template, call.key)

    def _upload(self, item: UploadItem, put: Put) -> Steps[Uploaded]:
        failures: list[errors.S3OpsError] = []
        try:
            response = yield from self._with_retries(put, failures)
        except errors.ObjectNotFound as error:  # S3's response to If-Match where there is no object
            raise condition_error(error, errors.PreconditionFailed, "is no longer") from error
        except errors.PreconditionFailed as error:
            # An earlier try of ours, whose response was lost, may have created the object. Without the
            # condition that object could not be distinguished from an older one with the same bytes.
            if any(isinstance(failure, _RESPONSE_LOST) for failure in failures):
                found = yield from self._find_stored(item, put.payload)
                if found:
                    return found
            return (yield from self._condition_not_met(item, put, error))
        uploaded = yield from self._verified(item, put.payload, response)
        self._confirm_encryption(put.key, response)
        return uploaded

    def _confirm_encryption(self, key: str, response: Response) -> None:
        repeated = {name: response.headers.get(header) for name, header in HEADERS.items()}
        confirm_encryption(
            self.args.extra_args,
            repeated,
            "it is stored without the requested encryption",
            bucket=self.args.bucket,
            key=key,
        )

    def _condition_not_met(
        self, item: UploadItem, put: Put, error: errors.PreconditionFailed
    ) -> Steps[Uploaded]:
        if self.args.if_exists == "skip":
            return self._object_exists(item, (yield from self._head_or_none(item.key)))
        if IF_NONE_MATCH in put.headers or self.args.extra_args.get("IfNoneMatch") == "*":
            raise condition_error(error, errors.ObjectExists, "is") from error
        raise error

    def _object_exists(self, item: UploadItem, head: Response | None) -> Uploaded:
        if self.args.if_exists == "fail":
            raise condition_error(
                errors.PreconditionFailed("", bucket=self.args.bucket, key=item.key),
                errors.ObjectExists,
                "is",
            )
        if head is None:
            return Uploaded(item, "skipped", item.file.size, None, None, None)
        size = item.file.size if head.size is None else head.size
        return Uploaded(item, "skipped", size, head.etag, head.version_id, None)

    def _head_or_none(self, key: str, *, was_stored: bool = False) -> Steps[Response | None]:
        """Return the response to a HEAD of the key; None if there is no object, or if the HEAD fails.

        :param was_stored: a response reported that the object was stored; then a missing object is an error.
        """
        if not self.may_head:
            return None
        try:
            return (yield from self._with_retries(Head(key)))
        except errors.AccessDenied:
            # Without s3:ListBucket this is also S3's response for a key without an object.
            self.may_head = self.args.if_exists != "replace"
        except errors.ObjectNotFound as error:
            if was_stored:
                raise not_stored(self.args.bucket, key) from error
        except errors.S3OpsError:
            pass
        return None

    def _verified(self, item: UploadItem, payload: Payload, response: Response) -> Steps[Uploaded]:
        """Verify what S3 stored: by the checksum in the response, else by an MD5 ETag, else by a HEAD."""
        if self._checksum_header in response.headers or etag_is_md5_of(payload, response):
            return self._uploaded(item, payload, response, response)
        head = yield from self._head_or_none(item.key, was_stored=True)
        if head is None or head.etag != response.etag:
            head = None  # HEAD is not allowed, or another writer has replaced the object since
        return self._uploaded(item, payload, response, head)

    def _find_stored(self, item: UploadItem, payload: Payload) -> Steps[Uploaded | None]:
        """Return the object at the key, after a lost response, if it has the content that was sent."""
        head = yield from self._head_or_none(item.key)
        if head is None or head.size != len(payload.data):
            return None
        stored = head.headers.get(self._checksum_header)
        same = stored == payload.checksum if stored else etag_is_md5_of(payload, head)
        if not same:
            return None
        self._confirm_encryption(item.key, head)
        return self._uploaded(item, payload, head, head)

    def _uploaded(
        self, item: UploadItem, payload: Payload, response: Response, evidence: Response | None
    ) -> Uploaded:
        """Return the outcome, after comparing what S3 stored with what was sent.

        :param evidence: a response that describes the stored object; None if there is none.
        :raises ChecksumMismatch: the stored object is not what was sent.
        """
        algorithm, size = self.args.algorithm.name, len(payload.data)
        if evidence is None:
            checksum = ObjectChecksum(algorithm, payload.checksum, "none")
            return Uploaded(item, "uploaded", size, response.etag, response.version_id, checksum)
        stored = evidence.headers.get(self._checksum_header)
        stored_size = size if evidence is response else evidence.size
        if (stored or payload.checksum) != payload.checksum or stored_size not in (None, size):
            raise errors.ChecksumMismatch(
                f"{item.key!r} is stored with {algorithm} {stored or 'unknown'}, but {size:,} bytes "
                f"with {payload.checksum} were sent",
                bucket=self.args.bucket,
                key=item.key,
            )
        by_server = bool(stored) or etag_is_md5_of(payload, evidence)
        otherwise: Literal["none", "size"] = "none" if stored_size is None else "size"
        checksum = ObjectChecksum(algorithm, payload.checksum, "server" if by_server else otherwise)
        return Uploaded(item, "uploaded", size, response.etag, response.version_id, checksum)


def _changed_after_upload(error: errors.SourceChanged) -> errors.SourceChanged:
    return errors.SourceChanged(
        f"{error.what}; the stored object is complete, but it has the content of before the change",
        advice="Wait until the file is complete, and run the task again: it uploads the new content",
    )
