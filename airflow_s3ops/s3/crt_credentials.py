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
    """

    def __init__(self, client: S3Client) -> None:
        # botocore gives a client's credentials to nobody else.
        self._credentials = cast("Any", client)._request_signer._credentials  # noqa: SLF001
        self._failure: Exception | None = None
        # What never changes need not be asked for before each request: that is a tenth of its cost.
        is_lasting = type(self._credentials) is Credentials
        self.provider = (
            AwsCredentialsProvider.new_static(*self._credentials.get_frozen_credentials()[:3])
            if is_lasting
            else AwsCredentialsProvider.new_delegate(self._now)
        )

    def raise_failure(self) -> None:
        """Raise why there are no credentials any more, if so.

        :raises BotoCoreError: or what else the renewal raised.
        """
        failure, self._failure = self._failure, None
        if failure:
            raise failure

    def _now(self) -> AwsCredentials:
        try:
            return AwsCredentials(*self._credentials.get_frozen_credentials()[:3])
        except Exception as error:
            self._failure = error
            raise
