"""Texts of docs/credentials.md, with working keys instead of the example's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docs.markdown import DOCS

if TYPE_CHECKING:
    from tests.servers import S3Server

CREDENTIALS = DOCS / "credentials.md"


def with_keys(text: str, server: S3Server) -> str:
    """Return a text of the page with the server's keys."""
    text = text.replace("AKIAIOSFODNN7EXAMPLE", server.access_key)
    return text.replace("<the secret access key>", server.secret_key)
