"""A server's address: whether it is AWS, whose behaviour is documented, and what of it may be shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn")
_LOGIN = re.compile(r"(?<=://)[^/\s\"']*@")


def is_aws(endpoint_url: str) -> bool:
    """Return whether an address is one of Amazon S3's own."""
    return (urlsplit(endpoint_url).hostname or "").endswith(_AWS_HOSTS)


def has_login(endpoint_url: str) -> bool:
    """Return whether an address may hold a user's name and password.

    Any ``@`` counts: of a password with a slash in it, no parser finds the end, and no server needs one.
    """
    return "@" in endpoint_url


def without_login(text: str) -> str:
    """Return an address, or a sentence with addresses in it, without users' names and passwords."""
    return _LOGIN.sub("", text)
