"""The default settings of our clients; the connection's settings take precedence."""

from __future__ import annotations

from typing import Any

from botocore.config import Config

from airflow_s3ops.s3.requests.concurrency import DEFAULT_CONCURRENCY

# The service model has "v4", a Config may have "s3v4".
SIGNATURE_VERSION_4 = ("v4", "s3v4")


def client_config(endpoint_is_https: bool) -> Config:  # noqa: FBT001 - the only parameter
    """Return the defaults of our clients; the caller merges the connection's own settings over them.

    ``Config.merge`` replaces the ``s3`` dictionary as a whole: merge the two dictionaries first.

    :param endpoint_is_https: whether requests are encrypted.
    """
    options: dict[str, Any] = {
        # The upload code sends its own checksums, as headers. boto3's default would add a trailing checksum
        # to other requests, in aws-chunked framing; S3-compatible servers refuse that framing or store it.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
        # Backoff with jitter; retries throttled and broken requests. Few tries: the upload code retries too.
        "retries": {"mode": "standard", "total_max_attempts": 3},
        # One connection for each part in flight, and two for other requests of the hook at the same time.
        "max_pool_connections": DEFAULT_CONCURRENCY + 2,
        # NAT gateways and load balancers drop idle connections silently.
        "tcp_keepalive": True,
        "connect_timeout": 10,
        # Seconds without any data, not the total time: every block sent restarts it. Large requests get more
        # (uploads/engine/request_settings.py).
        "read_timeout": 60,
    }
    if endpoint_is_https:
        # TLS and the checksum header already protect the payload; another hash of every byte would not
        # protect it better. On http the payload must stay signed.
        options["s3"] = {"payload_signing_enabled": False}
    return Config(**options)
