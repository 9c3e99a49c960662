"""Requests and responses, as far as a proxy must parse them."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

# How a body ends: after a number of bytes, with its last chunk, or with the connection.
Framing: TypeAlias = int | Literal["chunked", "until close"]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# Not kept in records, because a failing test prints the records.
SECRET_HEADERS = frozenset({"authorization", "x-amz-security-token"})
REQUEST_ID = "FAULT0PROXY00000"


@dataclass(frozen=True)
class Request:
    """A request, as parsed from its head.

    `path` is decoded, `query` is not. `headers` have lower-case names, without the credentials.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        """The decoded query; `?uploads` without a value has an empty value."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def framing(self) -> Framing:
        """How the body ends; without a header about it there is no body."""
        return _framing(self.headers, otherwise=0)

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for "100 Continue" before it sends the body."""
        return self.headers.get("expect", "").lower() == "100-continue"


@dataclass(frozen=True)
class Record(Request):
    """A received request, the bytes of body received, and the status sent back (None if no response)."""

    body_bytes: int
    status: int | None


@dataclass(frozen=True)
class ResponseHead:
    """The head of a server's response, with its bytes."""

    raw: bytes
    status: int
    framing: Framing
    closes: bool

    def closing(self) -> bytes:
        """Return the bytes of the same head with "Connection: close"."""
        return self.raw[:-2] + b"Connection: close\r\n\r\n"


def parse_request(raw: bytes) -> Request:
    """Parse the head of a request."""
    first, headers = _parse(raw)
    method, target, _ = first.split(" ", 2)
    path, _, query = target.partition("?")
    kept = {name: value for name, value in headers.items() if name not in SECRET_HEADERS}
    return Request(method, unquote(path), query, MappingProxyType(kept))


def parse_response(raw: bytes, method: str) -> ResponseHead:
    """Parse the head of a response to a request with `method`."""
    first, headers = _parse(raw)
    version, status_text, *_ = first.split(" ", 2)
    status = int(status_text)
    bodiless = method == "HEAD" or status in (204, 304) or status < 200
    framing = 0 if bodiless else _framing(headers, otherwise="until close")
    reason = headers.get("connection", "").lower()
    closes = (
        reason == "close" or framing == "until close" or (version == "HTTP/1.0" and reason != "keep-alive")
    )
    return ResponseHead(raw, status, framing, closes)


def error_xml(code: str, message: str, resource: str) -> bytes:
    """Return an error's body in S3's format."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"<Resource>{escape(resource)}</Resource><RequestId>{REQUEST_ID}</RequestId><HostId>fault-proxy</HostId></Error>"
    ).encode()


def response_head(status: int, headers: Mapping[str, str], length: int | None) -> bytes:
    """Return the head of a response of our own.

    :param length: of its body; None leaves it out, which is allowed only if no body follows.
    """
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = {
        "Content-Type": "application/xml",
        "x-amz-request-id": REQUEST_ID,
        **headers,
        **({"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}),
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} {phrase}\r\n{text}\r\n".encode("latin-1")


def _parse(raw: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return first, headers


def _framing(headers: Mapping[str, str], otherwise: Framing) -> Framing:
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return "chunked"
    if "content-length" in headers:
        return int(headers["content-length"])
    return otherwise
