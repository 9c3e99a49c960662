"""Run only the core on request, and skip tests that need what the installed versions lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.marks import FailsAtSetup, fail_at_setup
from tests.versions.core import is_in_core, require_existing_paths
from tests.versions.lacks import NEWEST_AIRFLOW, SINCE, feature, installed_versions, lacks_of, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.versions.lacks import Version

PREFIX = "The installed version lacks "
MARKER = "needs_version(*features): what the test needs, by the names in tests/versions/lacks.py"
# Newer libraries fixed what old ones warn about. A warning that this package causes is still an error.
OLD_WARNINGS = ("ignore", r"error:::airflow_s3ops\b", r"error:::tests\b")


class SupportedVersions:
    """A pytest plugin: skips tests by the marker `needs_version`.

    :param versions: of Airflow and awscrt; None means the installed ones.
    """

    def __init__(self, versions: Mapping[str, Version] | None = None) -> None:
        self.versions = versions or installed_versions()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the marker, because markers are strict."""
        config.addinivalue_line("markers", MARKER)
        if not config.pluginmanager.has_plugin("fails_at_setup"):
            config.pluginmanager.register(FailsAtSetup(), "fails_at_setup")
        if self.versions["Airflow"] < NEWEST_AIRFLOW:
            for line in OLD_WARNINGS:
                config.addinivalue_line("filterwarnings", line)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Skip the tests that need what these versions lack."""
        lacks = lacks_of(self.versions)
        for item in items:
            for marker in item.iter_markers("needs_version"):
                for name in marker.args:
                    try:
                        needed = feature(name)
                    except ValueError as error:
                        fail_at_setup(item, f"{item.nodeid}: {error}")
                        continue
                    if needed in lacks:
                        package = SINCE[needed].package
                        installed = f"{package} {shown(self.versions[package])}"
                        reason = f"{PREFIX}{name}: {installed}: {lacks[needed]}"
                        item.add_marker(pytest.mark.skip(reason=reason))


class OnlyCore:
    """A pytest plugin: collects only the core.

    :param form: "whole" or "short".
    """

    def __init__(self, form: str) -> None:
        self.form = form

    def pytest_configure(self) -> None:
        """End the run if a path of the core does not exist."""
        require_existing_paths()

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Ignore other files before they are imported: an older Airflow may lack what they import."""
        is_other = collection_path.is_file() and not is_in_core(collection_path, self.form)
        return True if is_other else None
