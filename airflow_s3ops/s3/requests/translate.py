"""Translate botocore's exceptions into ours, by the one table of S3's error codes."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.caller import caller_of
from airflow_s3ops.s3.requests.endpoint import without_login
from airflow_s3ops.s3.requests.iam_actions import actions_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.client import BaseClient

# S3's codes as its API reference lists them ("Error responses"); HTTP statuses, because a response to HEAD
# has no body with a code; and the codes that S3-compatible servers use for the same errors.
CODES: dict[str, type[errors.S3OpsError]] = {
    "AccessDenied": errors.AccessDenied,
    "AllAccessDisabled": errors.AccessDenied,
    "AccountProblem": errors.AccessDenied,
    "Forbidden": errors.AccessDenied,
    "403": errors.AccessDenied,
    "AccessControlListNotSupported": errors.AclsDisabled,
    "InvalidBucketAclWithObjectOwnership": errors.AclsDisabled,
    "InvalidBucketAclWithBlockPublicAccessError": errors.PublicAccessBlocked,
    "AuthorizationHeaderMalformed": errors.BucketInOtherRegion,
    "IllegalLocationConstraintException": errors.BucketInOtherRegion,
    "IncorrectEndpoint": errors.BucketInOtherRegion,
    "PermanentRedirect": errors.BucketInOtherRegion,
    "TemporaryRedirect": errors.BucketInOtherRegion,
    "301": errors.BucketInOtherRegion,
    "BadDigest": errors.ChecksumMismatch,
    "InvalidDigest": errors.ChecksumMismatch,
    "XAmzContentChecksumMismatch": errors.ChecksumMismatch,
    "XAmzContentSHA256Mismatch": errors.ChecksumMismatch,
    "BucketAlreadyExists": errors.BucketNotMine,
    "BucketAlreadyOwnedByYou": errors.BucketExists,
    "BucketNotEmpty": errors.BucketNotEmpty,
    "ConditionalRequestConflict": errors.RequestConflict,
    "OperationAborted": errors.RequestConflict,
    "ExpiredToken": errors.CredentialsExpired,
    "RequestExpired": errors.CredentialsExpired,
    "TokenRefreshRequired": errors.CredentialsExpired,
    "IncompleteBody": errors.NetworkError,
    "RequestTimeout": errors.NetworkError,
    "408": errors.NetworkError,
    "InternalError": errors.ServerError,
    "500": errors.ServerError,
    "502": errors.ServerError,
    "504": errors.ServerError,
    "InvalidAccessKeyId": errors.CredentialsRejected,
    "InvalidClientTokenId": errors.CredentialsRejected,
    "InvalidToken": errors.CredentialsRejected,
    "RequestTimeTooSkewed": errors.CredentialsRejected,
    "SignatureDoesNotMatch": errors.CredentialsRejected,
    "InvalidBucketName": errors.InvalidBucketName,
    "KeyTooLongError": errors.InvalidKey,
    "MethodNotAllowed": errors.NotSupportedByServer,
    "NotImplemented": errors.NotSupportedByServer,
    "XNotImplemented": errors.NotSupportedByServer,
    "501": errors.NotSupportedByServer,
    "NoSuchBucket": errors.BucketNotFound,
    "NoSuchKey": errors.ObjectNotFound,
    "NoSuchVersion": errors.ObjectNotFound,
    "404": errors.ObjectNotFound,
    "NoSuchUpload": errors.UploadNotFound,
    "PreconditionFailed": errors.PreconditionFailed,
    "412": errors.PreconditionFailed,
    "BandwidthLimitExceeded": errors.Throttled,
    "RequestLimitExceeded": errors.Throttled,
    "ServiceUnavailable": errors.Throttled,
    "SlowDown": errors.Throttled,
    "SlowDownRead": errors.Throttled,
    "SlowDownWrite": errors.Throttled,
    "Throttling": errors.Throttled,
    "ThrottlingException": errors.Throttled,
    "TooManyRequests": errors.Throttled,
    "429": errors.Throttled,
    "503": errors.Throttled,
}

# From a proxy, these statuses say nothing about an object: only S3's own response counts.
_MEANINGFUL_FROM_S3_ONLY = frozenset({301, 404, 412})
_NAMED_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")

# botocore's own exceptions, by the name of the class or of one of its bases.
BOTOCORE: dict[str, type[errors.S3OpsError]] = {
    "NoCredentialsError": errors.CredentialsMissing,
    "PartialCredentialsError": errors.CredentialsMissing,
    "ProfileNotFound": errors.CredentialsMissing,
    "CredentialRetrievalError": errors.CredentialsMissing,
    "TokenRetrievalError": errors.CredentialsMissing,
    "SSOError": errors.CredentialsMissing,
    "LoginError": errors.CredentialsMissing,
    "HTTPClientError": errors.NetworkError,
    # Connection refused, connect time-out, proxy, TLS: these are no subclasses of HTTPClientError.
    "ConnectionError": errors.NetworkError,
    "IncompleteReadError": errors.NetworkError,
    "ChecksumError": errors.ChecksumMismatch,
    "FlexibleChecksumError": errors.ChecksumMismatch,
    "ParamValidationError": errors.InvalidInput,
    "NoRegionError": errors.InvalidInput,
    "InvalidRegionError": errors.InvalidInput,
    "InvalidEndpointConfigurationError": errors.InvalidInput,
}


def error_class(code: str, status: int = 400) -> type[errors.S3OpsError]:
    """Return the class for one of S3's error codes; for an unknown code the HTTP status decides."""
    if code in CODES:
        return CODES[code]
    return errors.ServerError if status >= 500 else errors.RequestRejected


@contextmanager
def translated(
    client: BaseClient | None, bucket: str | None = None, key: str | None = None
) -> Iterator[None]:
    """Turn botocore's exceptions into ours, keeping the original as ``__cause__``.

    :param client: the client that makes the requests, for its identity, region and endpoint; None while there
        is no client yet.
    :param bucket: the bucket of the requests.
    :param key: the key of the requests; without a key, a 404 without a code means a missing bucket.
    """
    try:
        yield
    except ClientError as error:
        raise from_client_error(error, client, bucket, key) from error
    except BotoCoreError as error:
        raise _from_botocore_error(error, client, bucket, key) from error


def code_of(error: ClientError) -> str:
    """Return S3's error code; for a response without a body, as to a HEAD, the HTTP status as text.

    An HTML page from a proxy has no code either. Its status is used, except for a status that means something
    only if S3 itself sent it.
    """
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    status = status_of(error)
    return code or (f"a page of status {status}" if status in _MEANINGFUL_FROM_S3_ONLY else str(status))


def status_of(error: ClientError) -> int:
    """Return the response's HTTP status; 400 if there is none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))


def from_client_error(
    error: ClientError, client: BaseClient | None, bucket: str | None = None, key: str | None = None
) -> errors.S3OpsError:
    """Return our error for S3's error response."""
    code = code_of(error)
    cls = error_class(code, status_of(error))
    if code == "404" and key is None:
        cls = errors.BucketNotFound
    message = error.response.get("Error", {}).get("Message", "")
    request_id = error.response.get("ResponseMetadata", {}).get("RequestId")
    details: dict[str, Any] = {
        "bucket": bucket,
        "key": key,
        "code": code,
        "request_id": request_id,
        "reason": f"S3 returned {code}: {message!r} (request {request_id}; {_caller(client)})",
    }
    what = f"{error.operation_name} on {s3_uri(bucket, key)} failed"
    if cls is errors.AccessDenied:
        # AWS often names the missing action. It may be another one than the operation's, such as one of KMS.
        named = _NAMED_ACTION.search(message)
        action = named[1] if named else actions_of(error.operation_name)
        return errors.AccessDenied(
            f"{error.operation_name} on {s3_uri(bucket, key)} was refused: {action} is not granted",
            action=action,
            advice=f"Grant {action} on {s3_uri(bucket, key)} to this identity: "
            "docs/credentials.md has the policy of every operator.",
            **details,
        )
    return cls(what, **details)


def _from_botocore_error(
    error: BotoCoreError, client: BaseClient | None, bucket: str | None, key: str | None
) -> errors.S3OpsError:
    known = (BOTOCORE[base.__name__] for base in type(error).__mro__ if base.__name__ in BOTOCORE)
    cls = next(known, errors.RequestRejected)
    return cls(
        f"The request on {s3_uri(bucket, key)} got no response ({type(error).__name__})",
        bucket=bucket,
        key=key,
        code=type(error).__name__,
        reason=f"botocore reported: {without_login(str(error).strip())} ({_caller(client)})",
    )


def _caller(client: BaseClient | None) -> str:
    return str(caller_of(client)) if client else "no client yet"
