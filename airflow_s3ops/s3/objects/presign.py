"""Presigned URLs: links that give access to one object for a limited time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_s3ops.s3.errors import InvalidInput
from airflow_s3ops.s3.requests.translate import translated

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MAX_SECONDS = 604_800


def presigned_url(client: S3Client, bucket: str, key: str, expires_in: int = 3600) -> str:
    """Return a link with which anybody can GET one object, without credentials of their own.

    No request is made. The link expires together with the credentials that signed it, if those expire
    earlier. The client's configuration determines the signature: it is Signature Version 4 with
    :mod:`airflow_s3ops.s3.requests.client_config`.

    :param expires_in: seconds, from 1 to 604,800 ("Sharing objects with presigned URLs", S3 User Guide).
    :raises InvalidInput: ``expires_in`` is out of bounds.
    :raises CredentialsMissing: there are no credentials to sign with.
    """
    if isinstance(expires_in, bool) or not isinstance(expires_in, int) or not 1 <= expires_in <= MAX_SECONDS:
        raise InvalidInput(
            f"expires_in={expires_in!r} is not a number of seconds from 1 to {MAX_SECONDS:,}",
            bucket=bucket,
            key=key,
            advice="A presigned URL is valid for a week at most. Make the object public if it must stay "
            "readable for longer.",
        )
    with translated(client, bucket, key):
        return client.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=expires_in
        )
