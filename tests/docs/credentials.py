"""docs/credentials.md, with keys that work in place of those that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docs.markdown import DOCS

if TYPE_CHECKING:
    from tests.servers import S3Server

CREDENTIALS = DOCS / "credentials.md"


def with_keys(text: str, server: S3Server) -> str:
    """Give a text of the page with the server's keys."""
    text = text.replace("AKIAIOSFODNN7EXAMPLE", server.access_key)
    return text.replace("<the secret access key>", server.secret_key)
