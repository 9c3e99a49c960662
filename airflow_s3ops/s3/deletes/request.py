"""One DeleteObjects request: its XML is written and its response parsed here; botocore signs and sends it."""

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

# An XML parser would turn an unescaped carriage return into a line feed.
_LINE_BREAKS = {"\r": "&#xD;", "\n": "&#xA;"}


@dataclass
class _Body:
    """The body of a request.

    :param is_used: botocore has put it into its request.
    """

    xml: bytes
    is_used: bool = False


_current_body: ContextVar[_Body | None] = ContextVar("deletion", default=None)


def request_deletion(client: S3Client, bucket: str, targets: Sequence[Target]) -> XmlResponse:
    """Delete up to 1,000 keys or versions; the rows of the response are the keys that failed.

    The body is written here because botocore's validation and serialiser take ten times as long as everything
    else that the client does for the request.

    :param targets: their keys have no character that XML 1.0 cannot contain.
    :raises ClientError: S3 rejects the whole request.
    """
    client.meta.events.register(
        "before-call.s3.DeleteObjects", _replace_body, unique_id="s3ops-write-DeleteObjects"
    )
    body = _Body(deletion_xml(targets))
    before = _current_body.set(body)
    # botocore gets the first key as a placeholder for all. If it were sent, it would do no harm.
    first = {"Key": targets[0].key} | ({"VersionId": targets[0].version_id} if targets[0].version_id else {})
    try:
        response = request_document(
            client, DELETIONS, {"Bucket": bucket, "Delete": {"Objects": [first], "Quiet": True}}
        )
    finally:
        _current_body.reset(before)
    if not body.is_used:
        raise RuntimeError("botocore sent its own request body: only the first key was deleted")
    return response


def deletion_xml(targets: Iterable[Target]) -> bytes:
    """Return the body as botocore would write it. ``Quiet``: the response contains only failed keys."""
    objects = "".join(
        f"<Object><Key>{escape(key, _LINE_BREAKS)}</Key>{_version(version_id)}</Object>"
        for key, version_id in targets
    )
    xmlns = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<Delete xmlns="{xmlns}">{objects}<Quiet>true</Quiet></Delete>'.encode()


def _version(version_id: str | None) -> str:
    return "" if version_id is None else f"<VersionId>{escape(version_id, _LINE_BREAKS)}</VersionId>"


def _replace_body(params: dict[str, Any], **_: Any) -> None:
    body = _current_body.get()
    if body is None:
        return
    body.is_used = True
    params["body"] = body.xml
    if "--x-s3" in params["url"]:  # directory buckets reject the next header
        return
    # S3 requires one checksum. botocore sends CRC32, also with request_checksum_calculation="when_required".
    # Servers from before 2022 know only Content-MD5 and reject the request without it.
    digest = hashlib.md5(body.xml, usedforsecurity=False).digest()
    params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()
