"""What our clients are set to, under whatever the connection says."""

from __future__ import annotations

from typing import Any

from botocore.config import Config

from airflow_s3ops.s3.requests.concurrency import DEFAULT_CONCURRENCY

# "v4" is what the service model says, "s3v4" what a Config may.
SIGNATURE_VERSION_4 = ("v4", "s3v4")


def client_config(endpoint_is_https: bool) -> Config:  # noqa: FBT001 - one question, one answer
    """Return the defaults of our clients, for the connection's own settings to be merged over.

    ``Config.merge`` replaces the ``s3`` dictionary as a whole: join the two first.

    :param endpoint_is_https: whether requests travel encrypted.
    """
    options: dict[str, Any] = {
        # The engine sends checksums of its own, as headers. boto3's default would add a trailing one to other
        # requests, in aws-chunked framing, which S3-compatible servers refuse or store.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
        # Backs off with jitter, tries throttled and broken requests again. Few tries: the engine has its own.
        "retries": {"mode": "standard", "total_max_attempts": 3},
        # One connection for each part under way, and two for whatever else the hook asks meanwhile.
        "max_pool_connections": DEFAULT_CONCURRENCY + 2,
        # NAT gateways and load balancers forget idle connections without telling.
        "tcp_keepalive": True,
        "connect_timeout": 10,
        # Silence, not duration: every block that is sent begins it anew, and large requests get more
        # (wire.py).
        "read_timeout": 60,
    }
    if endpoint_is_https:
        # TLS and the checksum header protect the payload; a third hash of every byte would protect it no
        # better. On http it must stay signed.
        options["s3"] = {"payload_signing_enabled": False}
    return Config(**options)
