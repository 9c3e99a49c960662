"""Requests whose response we parse ourselves; botocore does the rest: it signs, sends, retries, redirects.

botocore passes every response to event handlers before it parses it. Our handler takes the body, and leaves
an empty body for botocore to parse.
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
    """An operation whose response is a list.

    :param name: S3's operation name, such as ``ListObjectsV2``.
    :param method: the name of the client's method.
    :param entries: the names of the list's elements.
    """

    name: str
    method: str
    entries: frozenset[str]

    def read(self, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
        """Parse the response in botocore's place, if we made the request and the response is not an error."""
        if not _is_ours.get() or response_dict["status_code"] >= 300 or _DOCUMENT in customized_response_dict:
            return
        try:
            document = read_document(response_dict["body"], self.entries)
        except UnreadableXml as error:
            _fail(response_dict, str(error))
            return
        if document.root == "Error":
            response_dict["status_code"] = 500  # as botocore does with an error inside a 200: it retries
        elif not document.root.endswith("Result"):
            _fail(response_dict, f"it is not {self.name} but <{document.root}>")
        else:
            customized_response_dict[_DOCUMENT] = document
            response_dict["body"] = b""


OBJECTS = Operation("ListObjectsV2", "list_objects_v2", frozenset({"Contents"}))
VERSIONS = Operation("ListObjectVersions", "list_object_versions", frozenset({"Version", "DeleteMarker"}))
UPLOADS = Operation("ListMultipartUploads", "list_multipart_uploads", frozenset({"Upload"}))
DELETIONS = Operation("DeleteObjects", "delete_objects", frozenset({"Error"}))


@dataclass(frozen=True)
class XmlResponse:
    """S3's response to a request.

    :param retries: the number of botocore's retries before the response.
    """

    document: Document
    retries: int


def request_document(client: S3Client, operation: Operation, request: dict[str, Any]) -> XmlResponse:
    """Make a request, and return its response as rows of text.

    Other users of the client are not affected. A response that cannot be parsed counts as status 500 for
    botocore: it is retried, and in the end it is an error.

    :param request: the method's parameters.
    :raises ClientError: as the method does.
    """
    # With the wildcard our handler runs before botocore's own, one of which would read the whole body to find
    # an error. Running after them would only cost time.
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
    message = escape(f"The response cannot be read: {reason}")
    body = f"<Error><Code>UnreadableResponse</Code><Message>{message}</Message></Error>"
    response_dict["body"] = body.encode()
