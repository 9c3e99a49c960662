"""One request made by botocore, kept as the template of many: only the key and the content differ.

So botocore handles the endpoint, the addressing style, every ExtraArg and the user agent, once for a batch.
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

# Headers of one request only, or headers that the signer or sender adds.
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
# Characters that botocore's serialiser does not encode in a key.
_SAFE_IN_KEYS = "/~"


@dataclass(frozen=True)
class Scope:
    """The scope of a Signature Version 4."""

    region: str
    service: str


@dataclass(frozen=True)
class Template:
    """A request with a placeholder for the key.

    :param operation: S3's operation name, such as ``PutObject``.
    :param host: with its port, as in the Host header.
    :param before: the path before the key.
    :param after: the path and query after the key.
    :param headers: the headers that all requests have.
    :param authorization: the signature's algorithm; None for an anonymous request.
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
        """Return the path and query for a key."""
        return f"{self.before}{percent_encode(key, safe=_SAFE_IN_KEYS)}{self.after}"


def template_of(client: S3Client, operation: str, each: AbstractSet[str], **params: Any) -> Template:
    """Let botocore serialise and sign a request, and keep the request instead of sending it.

    :param operation: S3's operation name, such as ``PutObject``.
    :param each: lower-case names of headers that differ between the requests.
    :param params: all parameters of the operation except the key.
    :raises S3OpsError: botocore refuses the parameters, or has no credentials.
    :raises InvalidInput: something in this process responded before botocore emitted ``before-send``.
    """
    placeholder = f"s3ops-{secrets.token_hex(16)}"
    caught: list[AWSPreparedRequest] = []

    def keep(request: AWSPreparedRequest, **_: object) -> Any:
        if placeholder not in request.url:
            return None  # another caller's request through the same client
        caught.append(request)
        return AWSResponse(request.url, 200, cast("Any", HeadersDict()), _Empty())

    event = f"before-send.s3.{operation}"
    client.meta.events.register_first(event, keep)
    try:
        with translated(client, params.get("Bucket")):
            getattr(client, xform_name(operation))(Key=placeholder, **params)
    finally:
        client.meta.events.unregister(event, keep)
    if not caught:
        raise InvalidInput(
            f"{operation} is intercepted in this process before botocore sends it, so awscrt cannot send it",
            bucket=params.get("Bucket"),
            advice="Set max_concurrency=1: then boto3 makes all requests. Nothing was sent.",
        )
    return _template(operation, caught[-1], placeholder, _OF_ONE_REQUEST | each)


def _template(
    operation: str, request: AWSPreparedRequest, placeholder: str, left_out: AbstractSet[str]
) -> Template:
    url = urlsplit(request.url)
    before, _, after = url._replace(scheme="", netloc="").geturl().partition(placeholder)
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
    """An empty response body, as botocore reads it."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        return iter(())
