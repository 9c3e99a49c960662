"""Which certificates a client of botocore trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from botocore.httpsession import get_cert_path

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def trusted_authorities(client: S3Client) -> str | None:
    """Return the path of the PEM file with the authorities that the client trusts; None if it trusts anybody.

    That is ``verify``, where it was given, else what the environment names, else botocore's own list.
    """
    # Nobody else is told what a client was made with.
    verify = cast("Any", client)._endpoint.http_session._verify  # noqa: SLF001
    return str(get_cert_path(verify)) if verify else None
