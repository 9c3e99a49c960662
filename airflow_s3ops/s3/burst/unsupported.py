"""Why a batch cannot use the fast path (awscrt), and uses the boto3 path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from awscrt import s3 as crt
from botocore import UNSIGNED
from botocore.httpsession import ProxyConfiguration
from botocore.utils import get_environ_proxies

from airflow_s3ops.s3.burst.trust_store import trusted_authorities
from airflow_s3ops.s3.requests.client_config import SIGNATURE_VERSION_4
from airflow_s3ops.s3.requests.encryption import asks_for_encryption
from airflow_s3ops.s3.requests.endpoint import is_aws
from airflow_s3ops.s3.requests.in_process import interception

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client

_EXPRESS = "--x-s3"


def unsupported_reason(client: S3Client, bucket: str, extra_args: Mapping[str, Any]) -> str | None:
    """Return why the fast path cannot be used for a batch, as text for a log line; None if it can.

    No request is sent.
    """
    config: Any = client.meta.config
    return (
        _awscrt_reason()
        or _bucket_reason(bucket)
        or _proxy_reason(client, config)
        or _signature_reason(config)
        or _tls_reason(client, config)
        or _headers_reason(extra_args)
        or _encryption_reason(client, extra_args)
        or _interception_reason(client, bucket)
    )


def _awscrt_reason() -> str | None:
    if hasattr(crt, "S3RetryMode"):
        return None
    return "this awscrt is older than 0.38.1: its own retries cannot be switched off"


def _bucket_reason(bucket: str) -> str | None:
    if ":" in bucket:
        return "the bucket is given as an ARN"
    if bucket.endswith(_EXPRESS):
        return "a directory bucket (S3 Express) needs its own sessions"
    return None


def _proxy_reason(client: S3Client, config: Any) -> str | None:
    endpoint = client.meta.endpoint_url
    # botocore decides it in the same way when it creates a client.
    proxies = config.proxies if config.proxies is not None else get_environ_proxies(endpoint)
    return "a proxy is configured" if ProxyConfiguration(proxies).proxy_url_for(endpoint) else None


def _signature_reason(config: Any) -> str | None:
    version = config.signature_version
    if version is UNSIGNED or version in SIGNATURE_VERSION_4:
        return None
    return f"requests are signed as {version}, not with Signature Version 4"


def _tls_reason(client: S3Client, config: Any) -> str | None:
    if urlsplit(client.meta.endpoint_url).scheme != "https":
        return None
    if config.client_cert:
        return "the client uses a client certificate"
    try:
        authorities = trusted_authorities(client)
    except AttributeError:
        return "this version of botocore does not show which certificates the client trusts"
    if authorities is not None and not Path(authorities).is_file():
        return "the certificate authorities are not given as one file"
    return None


def _headers_reason(extra_args: Mapping[str, Any]) -> str | None:
    for name, value in extra_args.items():
        if isinstance(value, str) and not value.isascii():
            return f"{name} is not plain ASCII"
    return None


def _encryption_reason(client: S3Client, extra_args: Mapping[str, Any]) -> str | None:
    if is_aws(client.meta.endpoint_url) or not asks_for_encryption(extra_args):
        return None
    return "a server that is not AWS must confirm encryption before any byte is sent"


def _interception_reason(client: S3Client, bucket: str) -> str | None:
    found = interception(client, bucket)
    return f"{found} intercepts requests in this process, and awscrt would bypass it" if found else None
