"""One DeleteObjects request: botocore signs and sends it, its text is written and its answer read here."""

from __future__ import annotations

import base64
import hashlib
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from airflow_s3ops.s3.requests.xml_operations import DELETIONS, XmlResponse, request_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.deletes.targets import Target

# A parser of XML would make a line feed of a carriage return.
_LINE_BREAKS = {"\r": "&#xD;", "\n": "&#xA;"}


@dataclass
class _Text:
    """A request's text.

    :param is_taken: botocore has it.
    """

    body: bytes
    is_taken: bool = False


_ours: ContextVar[_Text | None] = ContextVar("deletion", default=None)


def request_deletion(client: S3Client, bucket: str, targets: Sequence[Target]) -> XmlResponse:
    """Ask for up to 1,000 keys or versions to be deleted; the answer's rows are the refusals.

    botocore's checks and serialiser take ten times as long as all else that the client does for the request.

    :param targets: their keys have no character that XML 1.0 cannot carry.
    :raises ClientError: the whole request is refused.
    """
    client.meta.events.register("before-call.s3.DeleteObjects", _write, unique_id="s3ops-write-DeleteObjects")
    text = _Text(deletion_xml(targets))
    before = _ours.set(text)
    # What botocore is given stands for all: were it sent, it would do no harm.
    first = {"Key": targets[0].key} | ({"VersionId": targets[0].version_id} if targets[0].version_id else {})
    try:
        response = request_document(
            client, DELETIONS, {"Bucket": bucket, "Delete": {"Objects": [first], "Quiet": True}}
        )
    finally:
        _ours.reset(before)
    if not text.is_taken:
        raise RuntimeError("botocore sent a text of its own: only the first key was deleted")
    return response


def deletion_xml(targets: Iterable[Target]) -> bytes:
    """Return a request's text, as botocore would write it. Quiet: the answer names only what failed."""
    objects = "".join(
        f"<Object><Key>{escape(key, _LINE_BREAKS)}</Key>{_version(version_id)}</Object>"
        for key, version_id in targets
    )
    xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<Delete xmlns="{xmlns}">{objects}<Quiet>true</Quiet></Delete>'.encode()


def _version(version_id: str | None) -> str:
    return "" if version_id is None else f"<VersionId>{escape(version_id, _LINE_BREAKS)}</VersionId>"


def _write(params: dict[str, Any], **_: Any) -> None:
    text = _ours.get()
    if text is None:
        return
    text.is_taken = True
    params["body"] = text.body
    if "--x-s3" in params["url"]:  # directory buckets refuse the next header
        return
    # S3 asks for one checksum. botocore sends CRC32 (with request_checksum_calculation="when_required", too);
    # servers from before 2022 know only Content-MD5 and refuse the request without it.
    digest = hashlib.md5(text.body, usedforsecurity=False).digest()
    params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()
