"""Whether a server encrypts what it was asked to: some take the argument and ignore it.

S3 repeats what it applies in its answers to PutObject and CreateMultipartUpload: ``ServerSideEncryption`` and
``SSECustomerAlgorithm`` are members of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.errors import NotSupportedByServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_s3ops.s3.destination import Destination

_REPEATED = ("ServerSideEncryption", "SSECustomerAlgorithm")


def asks_for_encryption(extra_args: Mapping[str, Any]) -> bool:
    """Return whether the server is to encrypt the object in a way of the user's choice."""
    return any(extra_args.get(name) for name in _REPEATED)


def confirm_encryption(destination: Destination, answer: Mapping[str, Any], so_far: str) -> None:
    """Compare what was asked for with what the server says it applies.

    :param answer: to the request that creates the object, or begins to.
    :param so_far: what that request has done, for the error.
    :raises NotSupportedByServer: the server does not confirm it.
    """
    for name in _REPEATED:
        asked = destination.extra_args.get(name)
        if asked and answer.get(name) != asked:
            raise NotSupportedByServer(
                f"{destination.uri} was to be stored with {name}={asked!r}, but the server answers "
                f"{answer.get(name)!r}: {so_far}",
                bucket=destination.bucket,
                key=destination.key,
                advice=f"Leave {name} out for this server, or use one that confirms it.",
            )
