"""Requests whose answer we read ourselves, while botocore does all else: it signs, sends, retries, redirects.

botocore offers every answer to handlers before it parses it. Ours takes the text out, and leaves botocore an
empty one to parse.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from airflow_s3ops.s3.requests.xml import Document, UnreadableXml, read_document

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_DOCUMENT = "S3OpsDocument"
_is_ours: ContextVar[bool] = ContextVar("is_ours", default=False)


@dataclass(frozen=True)
class Operation:
    """An operation whose answers are lists.

    :param name: S3's, such as ``ListObjectsV2``.
    :param method: the client's.
    :param entries: the elements that it is a list of.
    """

    name: str
    method: str
    entries: frozenset[str]

    def read(self, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
        """Take botocore's answer over, if it is ours and no error."""
        if not _is_ours.get() or response_dict["status_code"] >= 300 or _DOCUMENT in customized_response_dict:
            return
        try:
            document = read_document(response_dict["body"], self.entries)
        except UnreadableXml as error:
            _fail(response_dict, str(error))
            return
        if document.root == "Error":
            response_dict["status_code"] = 500  # as botocore does with an error inside a 200: it tries again
        elif not document.root.endswith("Result"):
            _fail(response_dict, f"it is no {self.name} but <{document.root}>")
        else:
            customized_response_dict[_DOCUMENT] = document
            response_dict["body"] = b""


OBJECTS = Operation("ListObjectsV2", "list_objects_v2", frozenset({"Contents"}))
VERSIONS = Operation("ListObjectVersions", "list_object_versions", frozenset({"Version", "DeleteMarker"}))
UPLOADS = Operation("ListMultipartUploads", "list_multipart_uploads", frozenset({"Upload"}))
DELETIONS = Operation("DeleteObjects", "delete_objects", frozenset({"Error"}))


@dataclass(frozen=True)
class XmlResponse:
    """What S3 answered.

    :param retries: of botocore's, before it did.
    """

    document: Document
    retries: int


def request_document(client: S3Client, operation: Operation, request: dict[str, Any]) -> XmlResponse:
    """Make a request, and return its answer as rows of text.

    Others who use the client notice nothing. An answer that cannot be read is one of status 500 to botocore:
    tried again, and in the end an error.

    :param request: the method's parameters.
    :raises ClientError: as the method does.
    """
    # The wildcard comes before botocore's own handlers, one of which would read the whole text in search of
    # an error. If it came after them, that would cost time, and change nothing else.
    client.meta.events.register(
        f"before-parse.*.{operation.name}", operation.read, unique_id=f"s3ops-read-{operation.name}"
    )
    before = _is_ours.set(True)
    try:
        response = getattr(client, operation.method)(**request)
    finally:
        _is_ours.reset(before)
    return XmlResponse(response[_DOCUMENT], response["ResponseMetadata"].get("RetryAttempts", 0))


def _fail(response_dict: dict[str, Any], reason: str) -> None:
    response_dict["status_code"] = 500
    words = escape(f"The answer cannot be read: {reason}")
    response_dict["body"] = f"<Error><Code>UnreadableAnswer</Code><Message>{words}</Message></Error>".encode()
