"""Check that a server encrypts as requested: some servers accept the argument and ignore it.

S3 returns the encryption it applies in its responses to PutObject and CreateMultipartUpload:
``ServerSideEncryption`` and ``SSECustomerAlgorithm`` are members of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.errors import NotSupportedByServer
from airflow_s3ops.s3.names import s3_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each ExtraArg, and the response header that confirms it.
HEADERS = {
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
}


def asks_for_encryption(extra_args: Mapping[str, Any]) -> bool:
    """Return whether the ExtraArgs request an encryption."""
    return any(extra_args.get(name) for name in HEADERS)


def confirm_encryption(
    extra_args: Mapping[str, Any], response: Mapping[str, Any], so_far: str, *, bucket: str, key: str
) -> None:
    """Compare the requested encryption with the one that the server says it applies.

    :param response: the members of the response to PutObject or CreateMultipartUpload.
    :param so_far: what that request has done, for the error message.
    :raises NotSupportedByServer: the server does not confirm the encryption.
    """
    for name in HEADERS:
        requested = extra_args.get(name)
        if requested and response.get(name) != requested:
            raise NotSupportedByServer(
                f"{s3_uri(bucket, key)} was requested with {name}={requested!r}, but the server returned "
                f"{response.get(name)!r}: {so_far}",
                bucket=bucket,
                key=key,
                advice=f"Leave out {name} for this server, or use a server that confirms it.",
            )
