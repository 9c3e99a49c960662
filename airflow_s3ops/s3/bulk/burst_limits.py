"""What keeps a batch from the fast road, so that boto3 takes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from awscrt import s3 as crt
from botocore import UNSIGNED
from botocore.httpsession import ProxyConfiguration
from botocore.utils import get_environ_proxies

from airflow_s3ops.s3.bulk.trust_store import trusted_authorities
from airflow_s3ops.s3.engine.encryption import asks_for_encryption
from airflow_s3ops.s3.engine.signing import PLAIN
from airflow_s3ops.s3.requests.endpoint import is_aws
from airflow_s3ops.s3.requests.in_process import answered_in_process

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.bulk.outgoing import BatchArgs

_EXPRESS = "--x-s3"


def why_not(client: S3Client, args: BatchArgs) -> str | None:
    """Return why the fast road cannot serve a batch, in words for a log line; None if it can.

    No request is sent.
    """
    config: Any = client.meta.config
    return (
        _lacking()
        or _about_bucket(args.bucket)
        or _about_proxy(client, config)
        or _about_signature(config)
        or _about_tls(client, config)
        or _about_headers(args)
        or _about_encryption(client, args)
        or _about_answers(client, args.bucket)
    )


def _lacking() -> str | None:
    if hasattr(crt, "S3RetryMode"):
        return None
    return "this awscrt cannot be kept from repeating requests by itself: it is older than S3RetryMode"


def _about_bucket(bucket: str) -> str | None:
    if ":" in bucket:
        return "the bucket is named by an ARN"
    if bucket.endswith(_EXPRESS):
        return "a directory bucket (S3 Express) has sessions of its own"
    return None


def _about_proxy(client: S3Client, config: Any) -> str | None:
    endpoint = client.meta.endpoint_url
    # As botocore decides it when it makes a client.
    proxies = config.proxies if config.proxies is not None else get_environ_proxies(endpoint)
    return "a proxy is configured" if ProxyConfiguration(proxies).proxy_url_for(endpoint) else None


def _about_signature(config: Any) -> str | None:
    version = config.signature_version
    if version is UNSIGNED or version in PLAIN:
        return None
    return f"requests are signed as {version}, not with Signature Version 4"


def _about_tls(client: S3Client, config: Any) -> str | None:
    if urlsplit(client.meta.endpoint_url).scheme != "https":
        return None
    if config.client_cert:
        return "the client shows a certificate of its own"
    try:
        authorities = trusted_authorities(client)
    except AttributeError:
        return "this botocore does not tell which certificates the client trusts"
    if authorities is not None and not Path(authorities).is_file():
        return "the authorities to trust are not given as one file"
    return None


def _about_headers(args: BatchArgs) -> str | None:
    for name, value in args.extra_args.items():
        if isinstance(value, str) and not value.isascii():
            return f"{name} is not plain ASCII"
    return None


def _about_encryption(client: S3Client, args: BatchArgs) -> str | None:
    if is_aws(client.meta.endpoint_url) or not asks_for_encryption(args.extra_args):
        return None
    return "a server that is not AWS must confirm encryption before it gets a byte"


def _about_answers(client: S3Client, bucket: str) -> str | None:
    if answered_in_process(client, bucket):
        return "requests are answered in this process, by moto or the like, which awscrt would go past"
    return None
