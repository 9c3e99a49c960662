"""Sign a changed head again, so that a server that verifies signatures accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.faults.messages import parse_request

if TYPE_CHECKING:
    from tests.servers.server import S3Server

_OF_THE_SIGNATURE = frozenset({"authorization", "x-amz-date", "x-amz-content-sha256"})


class _KnownPayload(S3SigV4Auth):
    """Uses the hash of the content from the first signature."""

    def __init__(self, server: S3Server, payload: str) -> None:
        super().__init__(Credentials(server.access_key, server.secret_key), "s3", server.region)
        self._payload = payload

    def payload(self, request: AWSRequest) -> str:  # noqa: ARG002
        return self._payload


def without_header(raw: bytes, name: str, server: S3Server) -> bytes:
    """Return the head of a request without one of its headers, signed with the server's own keys."""
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, version = first.split(" ", 2)
    removed = _OF_THE_SIGNATURE | {name.lower()}
    kept = [line for line in lines if line.partition(":")[0].lower() not in removed]
    headers = dict(line.split(": ", 1) for line in kept)
    payload = parse_request(raw).headers["x-amz-content-sha256"]
    request = AWSRequest(method, f"http://{headers.get('Host', headers.get('host'))}{target}", headers)
    _KnownPayload(server, payload).add_auth(request)
    head = "".join(f"{header}: {value}\r\n" for header, value in request.headers.items())
    return f"{method} {target} {version}\r\n{head}\r\n".encode("latin-1")
