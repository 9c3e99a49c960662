"""Sign content whose SHA256 is already known.

On http the signature must cover the content. For that, botocore's signer would read each body again, 4 KiB at
a time through Python: a sixth of all the CPU time that an upload takes. The server still compares the content
with the signed hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.auth import AUTH_TYPE_MAPS, S3SigV4Auth

from airflow_s3ops.s3.requests.client_config import SIGNATURE_VERSION_4
from airflow_s3ops.s3.uploads.engine.body import PartBody

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest

# A new name in botocore's table of signers; the existing entries are not changed.
WITH_KNOWN_HASH = "airflow-s3ops-s3v4"
BODY_IN_CONTEXT = "airflow_s3ops_body"


class KnownHashAuth(S3SigV4Auth):
    """Signature Version 4 for S3, with the SHA256 that the body has."""

    def payload(self, request: AWSRequest) -> str:
        """Return the hash that the signature covers."""
        body = request.body
        if isinstance(body, PartBody) and body.sha256:
            return body.sha256
        return str(super().payload(request))


def choose_signer(signature_version: object, context: dict[str, Any], **_: object) -> Any:
    """Return the name of this signer for a PartBody with a known hash; None leaves the choice to botocore."""
    body = context.get(BODY_IN_CONTEXT)
    return (
        WITH_KNOWN_HASH
        if signature_version in SIGNATURE_VERSION_4 and body is not None and body.sha256
        else None
    )


AUTH_TYPE_MAPS[WITH_KNOWN_HASH] = KnownHashAuth
