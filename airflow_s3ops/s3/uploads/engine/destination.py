"""The destination of an upload, and the one function that makes requests about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore import xform_name

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.extra_args import args_for
from airflow_s3ops.s3.requests.access_denied import explain_denied
from airflow_s3ops.s3.requests.encryption import confirm_encryption
from airflow_s3ops.s3.requests.endpoint import is_aws
from airflow_s3ops.s3.requests.object_address import ObjectAddress
from airflow_s3ops.s3.requests.required_fields import require_fields
from airflow_s3ops.s3.requests.translate import translated
from airflow_s3ops.s3.uploads.engine.body import BodyAbortedError, PartBody

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Destination(ObjectAddress):
    """Where an upload goes: one key of one bucket, and the client for it."""

    @property
    def is_aws(self) -> bool:
        """Whether the server is AWS, which behaves as its documentation says."""
        return is_aws(self.client.meta.endpoint_url)

    def confirm_encryption(self, response: Mapping[str, Any], so_far: str) -> None:
        """Compare the response with the requested encryption: :mod:`airflow_s3ops.s3.requests.encryption`.

        :raises NotSupportedByServer: the server does not confirm it.
        """
        confirm_encryption(self.extra_args, response, so_far, bucket=self.bucket, key=self.key)

    def request(self, operation: str, **own: Any) -> dict[str, Any]:
        """Make one request and return S3's response.

        :param operation: S3's name of the operation, such as ``UploadPart``.
        :param own: its parameters besides bucket, key and ExtraArgs.
        :raises S3OpsError: the error that S3 returned, or the error that ended the request from inside its
            body; or the response lacks a required field.
        """
        args = args_for(self.client, operation, self.extra_args)
        method = getattr(self.client, xform_name(operation))
        body = own.get("Body")
        if isinstance(body, PartBody):
            body.seek(0)  # botocore rewinds only for its own retries
        try:
            with translated(self.client, self.bucket, self.key), explain_denied(self, operation):
                response: dict[str, Any] = method(Bucket=self.bucket, Key=self.key, **{**args, **own})
        except BodyAbortedError:
            raise cast("PartBody", body).failure or errors.Stopped(f"{operation} was cancelled") from None
        require_fields(operation, response, self.bucket, self.key)
        return response
