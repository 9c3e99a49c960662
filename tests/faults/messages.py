"""Requests and answers, as far as a proxy must understand them."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

# How a body ends: after so many bytes, with its last chunk, or with the connection.
Framing: TypeAlias = int | Literal["chunked", "until close"]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# Not kept in records: a failing test prints them.
SECRET_HEADERS = frozenset({"authorization", "x-amz-security-token"})
REQUEST_ID = "FAULT0PROXY00000"


@dataclass(frozen=True)
class Request:
    """A request as its head tells it.

    `path` is decoded, `query` is not. `headers` have lower-case names; the credentials are left out.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        """The decoded query; a bare `?uploads` is there with an empty value."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def framing(self) -> Framing:
        """How the body ends; without a header about it there is none."""
        return _framing(self.headers, otherwise=0)

    @property
    def expects_continue(self) -> bool:
        """Whether the client holds its body back until it is told to go on."""
        return self.headers.get("expect", "").lower() == "100-continue"


@dataclass(frozen=True)
class Record(Request):
    """A request that came, how much body came with it, and the status that went back, None if none did."""

    body_bytes: int
    status: int | None


@dataclass(frozen=True)
class AnswerHead:
    """The head of a server's answer, with its bytes."""

    raw: bytes
    status: int
    framing: Framing
    closes: bool

    def closing(self) -> bytes:
        """Give the bytes of the same head, announcing the end of the connection."""
        return self.raw[:-2] + b"Connection: close\r\n\r\n"


def parse_request(raw: bytes) -> Request:
    """Read the head of a request."""
    first, headers = _parse(raw)
    method, target, _ = first.split(" ", 2)
    path, _, query = target.partition("?")
    kept = {name: value for name, value in headers.items() if name not in SECRET_HEADERS}
    return Request(method, unquote(path), query, MappingProxyType(kept))


def parse_answer(raw: bytes, method: str) -> AnswerHead:
    """Read the head of an answer to a request with `method`."""
    first, headers = _parse(raw)
    version, status_text, *_ = first.split(" ", 2)
    status = int(status_text)
    bodiless = method == "HEAD" or status in (204, 304) or status < 200
    framing = 0 if bodiless else _framing(headers, otherwise="until close")
    reason = headers.get("connection", "").lower()
    closes = (
        reason == "close" or framing == "until close" or (version == "HTTP/1.0" and reason != "keep-alive")
    )
    return AnswerHead(raw, status, framing, closes)


def error_xml(code: str, message: str, resource: str) -> bytes:
    """Give an error's body as S3 writes it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"<Resource>{escape(resource)}</Resource><RequestId>{REQUEST_ID}</RequestId><HostId>fault-proxy</HostId></Error>"
    ).encode()


def answer_head(status: int, headers: Mapping[str, str], length: int | None) -> bytes:
    """Give the head of an answer of our own.

    :param length: of its body; None does not tell, which may be only where no body follows.
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
