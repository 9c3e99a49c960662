"""A server with generated listings of any size: for tests of memory and speed, not of S3's behaviour."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.servers.server import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 1000  # keys
ENTRY = (
    "<{kind}><Key>some/folder/@PAGE@/{number:04}.csv</Key>{version}"
    "<LastModified>2026-01-01T00:00:00.000Z</LastModified>"
    "<ETag>&#34;d41d8cd98f00b204e9800998ecf8427e&#34;</ETag><Size>4096</Size>"
    "<Owner><ID>s3ops</ID><DisplayName>s3ops</DisplayName></Owner><StorageClass>STANDARD</StorageClass></{kind}>"
)
VERSION = "<VersionId>@PAGE@-{number:04}</VersionId><IsLatest>{is_latest}</IsLatest>"
NEXT = "<IsTruncated>true</IsTruncated>" + "".join(
    f"<{name}>@NEXT@</{name}>" for name in ("NextContinuationToken", "NextKeyMarker", "NextVersionIdMarker")
)
LAST = "<IsTruncated>false</IsTruncated>"


class MadeUpServer(ThreadingHTTPServer):
    """Responds to ListObjectsV2, ListObjectVersions, ListMultipartUploads and DeleteObjects for any bucket.

    :param pages: the number of pages, with 1,000 keys each.
    """

    daemon_threads = True
    # Closing the server does not wait for clients that keep their connections open.
    block_on_close = False

    def __init__(self, pages: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = pages
        self.deleted = 0
        self.lock = threading.Lock()
        self.objects = _page("ListBucketResult", "Contents", "")
        self.versions = _page("ListVersionsResult", "Version", VERSION)

    @property
    def as_server(self) -> S3Server:
        """The address and keys for a client."""
        url = f"http://127.0.0.1:{self.server_port}"
        return S3Server("made up", url, "s3ops-root", "s3ops-secret", "ap-northeast-2")

    def page(self, template: bytes, number: int) -> bytes:
        """Return one page of a listing; an empty page when everything is deleted."""
        if self.deleted >= self.pages * PAGE:
            return template.partition(b"@FOLLOWS@")[0] + b"</" + template.rpartition(b"</")[2]
        follows = NEXT if number + 1 < self.pages else LAST
        body = template.replace(b"@PAGE@", b"%06d" % number).replace(b"@FOLLOWS@", follows.encode())
        return body.replace(b"@NEXT@", b"%d" % (number + 1))


@contextmanager
def made_up(pages: int) -> Iterator[MadeUpServer]:
    """Run a server in a thread."""
    with MadeUpServer(pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: MadeUpServer

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "uploads" in query:
            self._respond(b"<ListMultipartUploadsResult/>")
        elif urlsplit(self.path).path == "/":
            self._respond(b"<ListAllMyBucketsResult/>")
        elif "versions" in query:
            self._respond(self.server.page(self.server.versions, int(query.get("key-marker", ["0"])[0])))
        else:
            number = int(query.get("continuation-token", ["0"])[0])
            self._respond(self.server.page(self.server.objects, number))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.deleted += body.count(b"<Object>")
        self._respond(b"<DeleteResult/>")

    def do_DELETE(self) -> None:
        self._respond(b"", 204)

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def _respond(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _page(root: str, kind: str, version: str) -> bytes:
    entries = "".join(
        ENTRY.format(
            kind=kind,
            number=number,
            version=version.format(number=number, is_latest=str(number % 4 == 0).lower()),
        )
        for number in range(PAGE)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<EncodingType>url</EncodingType>@FOLLOWS@{entries}</{root}>"
    ).encode()
