"""Whether a server encrypts what it was asked to: some take the argument and ignore it.

S3 repeats what it applies in its answers to PutObject and CreateMultipartUpload: ``ServerSideEncryption`` and
``SSECustomerAlgorithm`` are members of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.errors import NotSupportedByServer
from airflow_s3ops.s3.names import s3_uri

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each ExtraArg, and the header that an answer repeats it in.
HEADERS = {
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
}


def asks_for_encryption(extra_args: Mapping[str, Any]) -> bool:
    """Return whether the server is to encrypt the object in a way of the user's choice."""
    return any(extra_args.get(name) for name in HEADERS)


def confirm_encryption(
    extra_args: Mapping[str, Any], response: Mapping[str, Any], so_far: str, *, bucket: str, key: str
) -> None:
    """Compare what was asked for with what the server says it applies.

    :param answer: to the request that creates the object, or begins to: its members.
    :param so_far: what that request has done, for the error.
    :raises NotSupportedByServer: the server does not confirm it.
    """
    for name in HEADERS:
        asked = extra_args.get(name)
        if asked and response.get(name) != asked:
            raise NotSupportedByServer(
                f"{s3_uri(bucket, key)} was to be stored with {name}={asked!r}, but the server answers "
                f"{response.get(name)!r}: {so_far}",
                bucket=bucket,
                key=key,
                advice=f"Leave {name} out for this server, or use one that confirms it.",
            )
