"""`make test-quick`: the tests to run while you write code. They start nothing that takes long."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

# Fixtures that start an S3 server, create an account with users, use moto in this process, make Airflow's
# database, or run pytest.
SLOW_FIXTURES = {"server", "moto", "account", "network_attempts", "airflow_db", "pytester"}
MARKER = "slow"


class Quick:
    """A pytest plugin: leaves out tests with one of these fixtures, and tests marked as slow."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the other tests."""
        others = [item for item in items if not _is_quick(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _is_quick(item)]


def _is_quick(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return SLOW_FIXTURES.isdisjoint(fixtures) and item.get_closest_marker(MARKER) is None
