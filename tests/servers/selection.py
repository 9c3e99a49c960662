"""Leave out tests that use no server: on a second server their result would be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

FIXTURE = "server"
MARKER = "needs"


class OnlyWithServer:
    """A pytest plugin: selects the tests that use the server, or that have the marker `needs`."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect the others, so that pytest reports their number."""
        others = [item for item in items if not _uses_server(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _uses_server(item)]


def _uses_server(item: pytest.Item) -> bool:
    return FIXTURE in getattr(item, "fixturenames", ()) or item.get_closest_marker(MARKER) is not None
