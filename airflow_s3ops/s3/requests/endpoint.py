"""Whether a server is AWS, whose behaviour is documented, or one that only speaks S3."""

from __future__ import annotations

from urllib.parse import urlsplit

_AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn")


def is_aws(endpoint_url: str) -> bool:
    """Return whether an address is one of Amazon S3's own."""
    return (urlsplit(endpoint_url).hostname or "").endswith(_AWS_HOSTS)
