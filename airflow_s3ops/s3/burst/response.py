"""S3's responses to requests that botocore did not send."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from botocore.awsrequest import HeadersDict
from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from airflow_s3ops.s3.errors import NetworkError, S3OpsError
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.access_denied import explain_denied
from airflow_s3ops.s3.requests.caller import caller_of
from airflow_s3ops.s3.requests.object_address import ObjectAddress
from airflow_s3ops.s3.requests.translate import error_class, from_client_error, translated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from botocore.model import Shape
    from botocore.parsers import ResponseParser
    from types_boto3_s3 import S3Client

# Explaining a denied request may need another request, and all files of a batch may be denied for the same
# reason.
_MAX_EXPLAINED = 20
# For error responses that are worth a retry, awscrt returns only a name of its own, without S3's message and
# request id.
_CODE_BY_AWSCRT_NAME = {
    "AWS_ERROR_S3_INTERNAL_ERROR": "InternalError",
    "AWS_ERROR_S3_SLOW_DOWN": "SlowDown",
    "AWS_ERROR_S3_REQUEST_TIMEOUT": "RequestTimeout",
    "AWS_ERROR_S3_REQUEST_TIME_TOO_SKEWED": "RequestTimeTooSkewed",
}


@dataclass(frozen=True, slots=True)
class Response:
    """A successful response.

    :param headers: by their lower-case names.
    """

    headers: Mapping[str, str]

    @property
    def fields(self) -> dict[str, str | None]:
        """The fields that show that it is S3's response, by botocore's names."""
        return {"ContentLength": self.headers.get("content-length"), "ETag": self.headers.get("etag")}

    @property
    def etag(self) -> str | None:
        """The ETag without its quotes."""
        etag = self.headers.get("etag")
        return etag.strip('"') if etag else None

    @property
    def size(self) -> int | None:
        """The object's size in bytes, for a HEAD; None if the response has no length."""
        length = self.headers.get("content-length", "")
        return int(length) if length.isdecimal() else None

    @property
    def version_id(self) -> str | None:
        """The version id, in a bucket with versioning."""
        return self.headers.get("x-amz-version-id")


class ResponseErrors:
    """Turns failed requests into our errors: S3's by botocore's parser and the one table of codes."""

    def __init__(self, client: S3Client, bucket: str, extra_args: Mapping[str, Any]) -> None:
        self._client = client
        self._bucket = bucket
        self._extra_args = extra_args
        self._explained = 0

    def of_response(
        self, operation: str, key: str, status: int, headers: Sequence[tuple[str, str]], body: bytes | None
    ) -> S3OpsError:
        """Return the error for a response.

        :param operation: S3's operation name.
        :param status: the HTTP status; below 300 there is an error inside the body.
        """
        shape = self._client.meta.service_model.operation_model(operation).output_shape
        parsed = self._parser.parse(
            {
                "status_code": status if status >= 300 else 500,
                "headers": HeadersDict(headers),
                "body": body or b"",
            },
            cast("Shape", shape),
        )
        error = ClientError(parsed, operation)
        if self._explained >= _MAX_EXPLAINED:
            ours = from_client_error(error, self._client, self._bucket, key)
            ours.__cause__ = error
            return ours
        return self._explanation(error, operation, key)

    def of_connection(self, operation: str, key: str, error: Exception | None) -> S3OpsError:
        """Return the error for a request without a response, or with one that awscrt does not pass on.

        :param error: awscrt's error.
        """
        name = str(getattr(error, "name", type(error).__name__))
        message = str(getattr(error, "message", error))
        code = _CODE_BY_AWSCRT_NAME.get(name)
        how = f"failed with {code}" if code else f"got no response ({name})"
        ours = (error_class(code) if code else NetworkError)(
            f"{operation} on {s3_uri(self._bucket, key)} {how}",
            bucket=self._bucket,
            key=key,
            code=code or name,
            reason=f"awscrt reported: {message} ({caller_of(self._client)})",
        )
        ours.__cause__ = error
        return ours

    def _explanation(self, error: ClientError, operation: str, key: str) -> S3OpsError:
        address = ObjectAddress(self._client, self._bucket, key, self._extra_args)
        try:
            with translated(self._client, self._bucket, key), explain_denied(address, operation):
                raise error
        except S3OpsError as ours:
            if ours.code == "AccessDenied":
                self._explained += 1
            return ours

    @cached_property
    def _parser(self) -> ResponseParser:
        return create_parser("rest-xml")
