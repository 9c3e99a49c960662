"""The certificate authorities that a botocore client trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from botocore.httpsession import get_cert_path

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def trusted_authorities(client: S3Client) -> str | None:
    """Return the path of the PEM file with the authorities that the client trusts; None if it trusts all.

    The path is ``verify`` if given, else the one that the environment names, else botocore's own list.
    """
    # botocore has no public access to this setting of a client.
    verify = cast("Any", client)._endpoint.http_session._verify  # noqa: SLF001
    return str(get_cert_path(verify)) if verify else None
