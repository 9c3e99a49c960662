"""A test whose marker names something unknown fails, in every way of running it.

Not by a usage error at collection: with pytest-xdist, a run whose workers end so may still exit with 0.
"""

from __future__ import annotations

import pytest

_PROBLEM = pytest.StashKey[str]()


def fail_at_setup(item: pytest.Item, problem: str) -> None:
    """Let a test fail when it is its turn."""
    item.stash[_PROBLEM] = problem


class FailsAtSetup:
    """A pytest plugin: lets the tests fail that :func:`fail_at_setup` was called for."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail before any fixture is set up."""
        if problem := item.stash.get(_PROBLEM, None):
            pytest.fail(problem, pytrace=False)
