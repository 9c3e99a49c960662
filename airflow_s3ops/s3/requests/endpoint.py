"""A server's address: whether it is AWS, and how to show it without a user name and password."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_AWS_HOSTS = (".amazonaws.com", ".amazonaws.com.cn")
_LOGIN = re.compile(r"(?<=://)[^/\s\"']*@")


def is_aws(endpoint_url: str) -> bool:
    """Return whether an address belongs to Amazon S3."""
    return (urlsplit(endpoint_url).hostname or "").endswith(_AWS_HOSTS)


def has_login(endpoint_url: str) -> bool:
    """Return whether an address may contain a user name and password.

    Any ``@`` counts: a parser cannot find the end of a password that contains a slash, and no server's
    address needs an ``@``.
    """
    return "@" in endpoint_url


def without_login(text: str) -> str:
    """Return an address, or a text with addresses in it, without user names and passwords."""
    return _LOGIN.sub("", text)
