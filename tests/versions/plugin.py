"""Runs the core alone if asked to, and skips what the Airflow at hand lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.versions.core import is_in_core, require_all_there
from tests.versions.lacks import NEWEST, airflow_version, feature, lacks_of

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "The Airflow lacks "
MARKER = "needs_airflow(*features): what the test needs of Airflow, by the names in tests/versions/lacks.py"
# What old libraries warn of was mended since; what this package causes stays an error.
OLD_WARNINGS = ("ignore", r"error:::airflow_s3ops\b", r"error:::tests\b")


class SupportedVersions:
    """A pytest plugin: reads the marker `needs_airflow`.

    :param airflow: its major and minor version.
    """

    def __init__(self, airflow: tuple[int, int] | None = None) -> None:
        self.airflow = airflow or airflow_version()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the marker known, since markers are strict."""
        config.addinivalue_line("markers", MARKER)
        if self.airflow < NEWEST:
            for line in OLD_WARNINGS:
                config.addinivalue_line("filterwarnings", line)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Skip what this Airflow can't do."""
        lacks = lacks_of(self.airflow)
        shown = ".".join(str(number) for number in self.airflow)
        for item in items:
            for marker in item.iter_markers("needs_airflow"):
                for name in marker.args:
                    try:
                        needed = feature(name)
                    except ValueError as error:
                        raise pytest.UsageError(f"{item.nodeid}: {error}") from None
                    if needed in lacks:
                        reason = f"{PREFIX}{name}: {shown}: {lacks[needed]}"
                        item.add_marker(pytest.mark.skip(reason=reason))


class OnlyCore:
    """A pytest plugin: keeps the core.

    :param form: "whole", or "short".
    """

    def __init__(self, form: str) -> None:
        self.form = form

    def pytest_configure(self) -> None:
        """End a run whose core is not whole."""
        require_all_there()

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave a file out before it is imported: an older Airflow may lack what it imports."""
        is_other = collection_path.is_file() and not is_in_core(collection_path, self.form)
        return True if is_other else None
