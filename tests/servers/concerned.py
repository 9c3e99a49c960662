"""Leave out what a server has no say in: on a second server it would only tell the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

FIXTURE = "server"
MARKER = "needs"


class OnlyConcerned:
    """A pytest plugin: keeps the tests that use the server, or say what they need of one."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the others, so that pytest says how many there were."""
        others = [item for item in items if not _is_concerned(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _is_concerned(item)]


def _is_concerned(item: pytest.Item) -> bool:
    return FIXTURE in getattr(item, "fixturenames", ()) or item.get_closest_marker(MARKER) is not None
