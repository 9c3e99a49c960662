"""A client's credentials, as awscrt asks for them: botocore's, so that roles and tokens are renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from awscrt.auth import AwsCredentials, AwsCredentialsProvider
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class CrtCredentials:
    """A provider for awscrt.

    :param client: whose credentials they are.
    :ivar failure: why they could not be renewed; nothing more may be sent then.
    """

    def __init__(self, client: S3Client) -> None:
        # botocore gives a client's credentials to nobody else.
        self._credentials = cast("Any", client)._request_signer._credentials  # noqa: SLF001
        self.failure: Exception | None = None
        self._latest = AwsCredentials(*self._credentials.get_frozen_credentials()[:3])
        # What never changes need not be asked for before each request: that is a tenth of its cost.
        is_lasting = type(self._credentials) is Credentials
        self.provider = (
            AwsCredentialsProvider.new_static(*self._credentials.get_frozen_credentials()[:3])
            if is_lasting
            else AwsCredentialsProvider.new_delegate(self._now)
        )

    def _now(self) -> AwsCredentials:
        try:
            self._latest = AwsCredentials(*self._credentials.get_frozen_credentials()[:3])
        except Exception as error:  # noqa: BLE001 - awscrt would print it; whoever asks next is told
            self.failure = error
        return self._latest
