"""Whether something in this process responds to a client's requests, so that no request reaches a server.

moto's ``mock_aws`` does so, botocore's own ``Stubber``, VCR, and anything that replaces a method of botocore,
a connection of urllib3, or Python's socket. They see only what botocore sends: a request of another library
would reach the real server.
"""

from __future__ import annotations

import secrets
import socket
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool, AWSRequest
from botocore.stub import Stubber

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

_OPERATIONS = ("HeadObject", "PutObject")
# Where the original functions are defined. gevent and eventlet replace the socket by one that does connect.
_ORIGINALS = frozenset({"botocore", "urllib3", "socket", "_socket", "gevent", "eventlet"})


def interception(client: S3Client, bucket: str) -> str | None:
    """Return what may intercept requests of this client in this process; None if nothing does.

    No request is sent. moto's handler is called with a HEAD for a key that does not exist, because it stays
    registered after its mock has ended. Any other handler of ``before-send`` counts: it may respond to some
    requests only, or change what is sent, and awscrt would bypass it.
    """
    return _stubber(client) or _replaced_step(client) or _handler(client, bucket)


def _stubber(client: S3Client) -> str | None:
    """Return an active Stubber. Calling it would use up one of its responses."""
    for operation in _OPERATIONS:
        for handler in _handlers(client, f"before-call.s3.{operation}"):
            if isinstance(getattr(handler, "__self__", None), Stubber):
                return "a botocore Stubber"
    return None


def _handlers(client: S3Client, event: str) -> Iterator[Any]:
    # botocore has no public way to list the handlers.
    emitter = getattr(client.meta.events, "_emitter", client.meta.events)
    tree = getattr(emitter, "_handlers", None)
    return iter(()) if tree is None else iter(tree.prefix_search(event))


def _replaced_step(client: S3Client) -> str | None:
    """Return a step on the way to the socket that is not the original.

    A wrapper that keeps the module's name, such as a tracer's, counts as the original.
    """
    endpoint = getattr(cast("Any", client), "_endpoint", None)
    steps = {
        "the client's _make_api_call": getattr(client, "_make_api_call", None),
        "botocore's Endpoint.make_request": getattr(endpoint, "make_request", None),
        "botocore's Endpoint._send": getattr(endpoint, "_send", None),
        "botocore's session.send": getattr(getattr(endpoint, "http_session", None), "send", None),
        "botocore's connection class": AWSHTTPConnectionPool.ConnectionCls,
        "botocore's TLS connection class": AWSHTTPSConnectionPool.ConnectionCls,
        "urllib3's urlopen": AWSHTTPConnectionPool.urlopen,
        "urllib3's urlopen for TLS": AWSHTTPSConnectionPool.urlopen,
        "Python's socket": socket.socket,
    }
    for name, step in steps.items():
        root = _root_module(step)
        if step is not None and root not in _ORIGINALS:
            return f"{name}, replaced by {root or 'something'}"
    return None


def _handler(client: S3Client, bucket: str) -> str | None:
    for operation in _OPERATIONS:
        event = f"before-send.s3.{operation}"
        for handler in _handlers(client, event):
            root = _root_module(handler) or _root_module(type(handler))
            if root == "moto" and not _responds(handler, event, client, bucket):
                continue
            return f"a before-send handler of {root or 'unknown origin'}"
    return None


def _responds(handler: Any, event: str, client: S3Client, bucket: str) -> bool:
    url = f"{client.meta.endpoint_url}/{quote(bucket)}/s3ops-{secrets.token_hex(16)}"
    request = AWSRequest(method="HEAD", url=url).prepare()
    return handler(event_name=event, request=request) is not None


def _root_module(step: Any) -> str:
    return str(getattr(step, "__module__", None) or "").partition(".")[0]
