"""One request as botocore makes it, kept as the pattern of many: only the key and the content differ.

Endpoint, addressing style, every ExtraArg and the user agent are botocore's work, done once for a batch.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from botocore import xform_name
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.utils import percent_encode

from airflow_s3ops.s3.errors import InvalidInput
from airflow_s3ops.s3.requests.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from botocore.awsrequest import AWSPreparedRequest
    from types_boto3_s3 import S3Client

Header = tuple[str, str]

# What belongs to one request, or is added by whoever signs and sends it.
_OF_ONE_REQUEST = frozenset(
    {
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "authorization",
        "content-length",
        "expect",
        "host",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
    }
)
_SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=.+/\d{8}/([^/]+)/([^/]+)/aws4_request,")
_UNSIGNED = "UNSIGNED-PAYLOAD"
# As botocore's serialiser leaves a key's characters.
_SAFE_IN_KEYS = "/~"


@dataclass(frozen=True)
class Scope:
    """What a Signature Version 4 is made for."""

    region: str
    service: str


@dataclass(frozen=True)
class Template:
    """A request with a gap where the key stands.

    :param operation: S3's name of it, such as ``PutObject``.
    :param host: with its port, as the Host header has it.
    :param headers: those that all requests have.
    :param authorization: the kind of signature; None for an anonymous request.
    :param scope: None unless the signature is Version 4.
    :param signs_payload: whether the signature covers the content.
    """

    operation: str
    method: str
    is_https: bool
    host: str
    before: str
    after: str
    headers: tuple[Header, ...]
    authorization: str | None
    scope: Scope | None
    signs_payload: bool

    def path(self, key: str) -> str:
        """Return path and query for a key."""
        return f"{self.before}{percent_encode(key, safe=_SAFE_IN_KEYS)}{self.after}"


def template_of(client: S3Client, operation: str, each: AbstractSet[str], **params: Any) -> Template:
    """Have botocore serialise and sign a request, and keep it instead of sending it.

    :param operation: S3's name, such as ``PutObject``.
    :param each: lower-case names of headers that each request has its own of.
    :param params: all of its parameters but the key.
    :raises S3OpsError: botocore refuses the parameters, or has no credentials.
    :raises InvalidInput: something in this process responded before botocore emitted ``before-send``.
    """
    gap = f"s3ops-{secrets.token_hex(16)}"
    caught: list[AWSPreparedRequest] = []

    def keep(request: AWSPreparedRequest, **_: object) -> Any:
        if gap not in request.url:
            return None  # somebody else's request through the same client
        caught.append(request)
        return AWSResponse(request.url, 200, cast("Any", HeadersDict()), _Empty())

    event = f"before-send.s3.{operation}"
    client.meta.events.register_first(event, keep)
    try:
        with translated(client, params.get("Bucket")):
            getattr(client, xform_name(operation))(Key=gap, **params)
    finally:
        client.meta.events.unregister(event, keep)
    if not caught:
        raise InvalidInput(
            f"{operation} is intercepted in this process before botocore sends it, so awscrt cannot send it",
            bucket=params.get("Bucket"),
            advice="Set max_concurrency=1: then boto3 makes all requests. Nothing was sent.",
        )
    return _template(operation, caught[-1], gap, _OF_ONE_REQUEST | each)


def _template(operation: str, request: AWSPreparedRequest, gap: str, left_out: AbstractSet[str]) -> Template:
    url = urlsplit(request.url)
    before, _, after = url._replace(scheme="", netloc="").geturl().partition(gap)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    authorization = headers.get("authorization")
    scope = _SCOPE.match(authorization) if authorization else None
    return Template(
        operation=operation,
        method=request.method,
        is_https=url.scheme == "https",
        host=url.netloc.rpartition("@")[2],
        before=before,
        after=after,
        headers=tuple(
            (name, _text(value)) for name, value in request.headers.items() if name.lower() not in left_out
        ),
        authorization=authorization.split(" ")[0] if authorization else None,
        scope=Scope(scope[1], scope[2]) if scope else None,
        signs_payload=headers.get("x-amz-content-sha256") != _UNSIGNED,
    )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class _Empty:
    """An response's body without a byte, as botocore reads it."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        return iter(())
