"""Give awscrt the credentials of a boto3 client, so that botocore renews roles and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from awscrt.auth import AwsCredentials, AwsCredentialsProvider
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class CrtCredentials:
    """A credentials provider for awscrt.

    :param client: the boto3 client that has the credentials.
    :ivar failure: the error if they could not be renewed; no more requests may be sent then.
    """

    def __init__(self, client: S3Client) -> None:
        # botocore has no public access to a client's credentials.
        self._credentials = cast("Any", client)._request_signer._credentials  # noqa: SLF001
        self.failure: Exception | None = None
        self._latest = AwsCredentials(*self._credentials.get_frozen_credentials()[:3])
        # Static credentials are read once: reading them before each request is a tenth of the request's cost.
        is_static = type(self._credentials) is Credentials
        self.provider = (
            AwsCredentialsProvider.new_static(*self._credentials.get_frozen_credentials()[:3])
            if is_static
            else AwsCredentialsProvider.new_delegate(self._now)
        )

    def _now(self) -> AwsCredentials:
        try:
            self._latest = AwsCredentials(*self._credentials.get_frozen_credentials()[:3])
        except Exception as error:  # noqa: BLE001 - awscrt would only print it; the client raises it later
            self.failure = error
        return self._latest
