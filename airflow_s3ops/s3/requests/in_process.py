"""Whether something in this process responds to a client's requests, so that no request reaches a server.

moto's ``mock_aws`` does so, botocore's own ``Stubber``, VCR, and anything that replaces a method of botocore.
They see only what botocore sends: a request of another library would reach the real server.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool, AWSRequest
from botocore.stub import Stubber

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

_OPERATIONS = ("HeadObject", "PutObject")


def intercepted_in_process(client: S3Client, bucket: str) -> bool:
    """Return whether requests to a bucket through this client are, or may be, intercepted in this process.

    No request is sent. The handlers of ``before-send`` are called with a HEAD for a key that does not exist.
    That a handler is registered proves nothing: moto's stays with a client after its mock has ended.
    """
    return _has_stubber(client) or _is_replaced(client) or _is_intercepted(client, bucket)


def _has_stubber(client: S3Client) -> bool:
    """Return whether a Stubber is active. Calling it would use up one of its responses."""
    return any(
        isinstance(getattr(handler, "__self__", None), Stubber)
        for operation in _OPERATIONS
        for handler in _handlers(client, f"before-call.s3.{operation}")
    )


def _handlers(client: S3Client, event: str) -> Iterator[Any]:
    # botocore has no public way to list the handlers.
    emitter = getattr(client.meta.events, "_emitter", client.meta.events)
    tree = getattr(emitter, "_handlers", None)
    return iter(()) if tree is None else iter(tree.prefix_search(event))


def _is_replaced(client: S3Client) -> bool:
    """Return whether a step on the way to the socket is not botocore's own.

    A wrapper that keeps the module's name, such as a tracer's, counts as botocore's own.
    """
    endpoint = getattr(cast("Any", client), "_endpoint", None)
    steps = (
        getattr(client, "_make_api_call", None),
        getattr(endpoint, "make_request", None),
        getattr(endpoint, "_send", None),
        getattr(getattr(endpoint, "http_session", None), "send", None),
        AWSHTTPConnectionPool.ConnectionCls,
        AWSHTTPSConnectionPool.ConnectionCls,
    )
    return any(step is not None and not _is_from_botocore(step) for step in steps)


def _is_from_botocore(step: Any) -> bool:
    return str(getattr(step, "__module__", "")).partition(".")[0] == "botocore"


def _is_intercepted(client: S3Client, bucket: str) -> bool:
    url = f"{client.meta.endpoint_url}/{quote(bucket)}/s3ops-{secrets.token_hex(16)}"
    request = AWSRequest(method="HEAD", url=url).prepare()
    events = cast("Any", client.meta.events)
    try:
        responses = [
            events.emit_until_response(f"before-send.s3.{operation}", request=request)
            for operation in _OPERATIONS
        ]
    except Exception:  # noqa: BLE001 - a handler that forbids requests will raise again when boto3 makes one
        return True
    return any(response is not None for _, response in responses)
