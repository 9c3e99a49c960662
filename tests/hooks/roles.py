"""Let the fault proxy act as STS, so that a role can be assumed for any server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from tests.faults import FaultProxy, Request, Rule
    from tests.servers import S3Server

ROLE = "arn:aws:iam::123456789012:role/publisher"


def respond_as_sts(faults: FaultProxy, credentials: S3Server) -> Rule:
    """Let the proxy respond to AssumeRole with the keys of `credentials`; it forwards other requests.

    The response has no session token: a server without its own STS refuses all tokens.
    """
    body = (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
        f"<AccessKeyId>{escape(credentials.access_key)}</AccessKeyId>"
        f"<SecretAccessKey>{escape(credentials.secret_key)}</SecretAccessKey>"
        "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        f"<AssumedRoleUser><Arn>{ROLE}/x</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>"
        "</AssumeRoleResult></AssumeRoleResponse>"
    )
    return faults.on("POST", predicate=is_sts).respond_body(200, body.encode(), {"Content-Type": "text/xml"})


def refuse_as_sts(faults: FaultProxy, status: int, code: str) -> Rule:
    """Let the proxy refuse every AssumeRole, with an error in STS's format."""
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>Refused by the test.</Message></Error>"
        "<RequestId>r-1</RequestId></ErrorResponse>"
    )
    rule = faults.on("POST", predicate=is_sts, times=None)
    return rule.respond_body(status, body.encode(), {"Content-Type": "text/xml"})


def is_sts(request: Request) -> bool:
    """Return whether this is a request to STS: no S3 request posts a form to the root."""
    return request.path == "/" and "x-www-form-urlencoded" in request.headers.get("content-type", "")
