"""Whether somebody in this process answers a client's requests, so that none reaches a server.

moto's ``mock_aws`` does so, botocore's own ``Stubber``, VCR, and whoever replaces a method of botocore's.
They see what botocore sends, and only that: what another library sends would reach the real server.
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


def answered_in_process(client: S3Client, bucket: str) -> bool:
    """Return whether requests to a bucket through this client are, or may be, answered in this process.

    No request is sent. Handlers of ``before-send`` are asked, since one that is registered need not be at
    work: moto's stays with a client when its mock has ended. They get a HEAD for a key that nobody has.
    """
    return _has_stubber(client) or _is_replaced(client) or _is_answered(client, bucket)


def _has_stubber(client: S3Client) -> bool:
    """Whether a Stubber waits: to ask it would use up an answer."""
    return any(
        isinstance(getattr(handler, "__self__", None), Stubber)
        for operation in _OPERATIONS
        for handler in _handlers(client, f"before-call.s3.{operation}")
    )


def _handlers(client: S3Client, event: str) -> Iterator[Any]:
    # botocore tells nobody who is registered.
    emitter = getattr(client.meta.events, "_emitter", client.meta.events)
    tree = getattr(emitter, "_handlers", None)
    return iter(()) if tree is None else iter(tree.prefix_search(event))


def _is_replaced(client: S3Client) -> bool:
    """Whether a step on the way to the socket is not botocore's; tracers that wrap one keep its module."""
    endpoint = getattr(cast("Any", client), "_endpoint", None)
    steps = (
        getattr(client, "_make_api_call", None),
        getattr(endpoint, "make_request", None),
        getattr(endpoint, "_send", None),
        getattr(getattr(endpoint, "http_session", None), "send", None),
        AWSHTTPConnectionPool.ConnectionCls,
        AWSHTTPSConnectionPool.ConnectionCls,
    )
    return any(step is not None and not _is_botocores(step) for step in steps)


def _is_botocores(step: Any) -> bool:
    return str(getattr(step, "__module__", "")).partition(".")[0] == "botocore"


def _is_answered(client: S3Client, bucket: str) -> bool:
    url = f"{client.meta.endpoint_url}/{quote(bucket)}/s3ops-{secrets.token_hex(16)}"
    request = AWSRequest(method="HEAD", url=url).prepare()
    events = cast("Any", client.meta.events)
    try:
        answers = [
            events.emit_until_response(f"before-send.s3.{operation}", request=request)
            for operation in _OPERATIONS
        ]
    except Exception:  # noqa: BLE001 - one that forbids requests does it again when boto3 makes one
        return True
    return any(answer is not None for _, answer in answers)
