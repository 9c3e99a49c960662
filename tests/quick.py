"""`make test-quick`: the tests that one runs while writing, since they start nothing that takes its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

# An S3 server, an account of users, Airflow's database, runs of pytest.
STARTED = {"server", "moto", "account", "airflow_db", "pytester"}
MARKER = "slow"


class Quick:
    """A pytest plugin: leaves out what needs one of these, and what is marked as slow."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the others."""
        others = [item for item in items if not _is_quick(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _is_quick(item)]


def _is_quick(item: pytest.Item) -> bool:
    return STARTED.isdisjoint(getattr(item, "fixturenames", ())) and item.get_closest_marker(MARKER) is None
