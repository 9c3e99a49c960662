"""The headers of the requests that a client sends, including credentials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def headers_sent(client: S3Client) -> list[dict[str, str]]:
    """Return a list to which the headers (lower-case names) of each later request are added."""
    sent: list[dict[str, str]] = []

    def note(request: Any, **_: Any) -> None:
        sent.append({name.lower(): _text(value) for name, value in request.headers.items()})

    client.meta.events.register("before-send.s3", note)
    return sent


def signed_as(headers: dict[str, str]) -> str:
    """Return the access key id that signed a request."""
    found = re.search(r"Credential=([^/]+)/", headers.get("authorization", ""))
    return found[1] if found else ""


def query_of(url: str) -> dict[str, str]:
    """Return the decoded query."""
    return dict(parse_qsl(urlsplit(url).query))


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
