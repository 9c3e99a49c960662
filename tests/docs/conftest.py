"""Fixtures for the tests of the docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs import identities

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def account() -> Iterator[identities.Account]:
    """An AWS-like account: a gateway and its IAM service; use it with `needs("user_policies")`."""
    with identities.account() as running:
        yield running
