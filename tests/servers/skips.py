"""A test is skipped only if its server or an installed version lacks something. Any other skip fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.marks import FailsAtSetup, fail_at_setup
from tests.servers.lacks import abilities, lacks_of
from tests.versions.plugin import PREFIX as OLD_VERSION

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

PREFIX = "The server lacks "
MARKER = "needs(*abilities): what the test needs from a server, by the names in tests/servers/lacks.py"


class SkipsByTable:
    """A pytest plugin: skips tests by the marker `needs`, and fails the run if anything else skips a test."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.other_skips: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the marker, because markers are strict."""
        config.addinivalue_line("markers", MARKER)
        if not config.pluginmanager.has_plugin("fails_at_setup"):
            config.pluginmanager.register(FailsAtSetup(), "fails_at_setup")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Skip the tests that need what the server lacks."""
        lacks = lacks_of(self.server)
        for item in items:
            for marker in item.iter_markers("needs"):
                try:
                    needed = abilities(marker.args)
                except ValueError as error:
                    fail_at_setup(item, f"{item.nodeid}: {error}")
                    continue
                for ability in needed:
                    if ability in lacks:
                        reason = f"{PREFIX}{ability.value}: {self.server}: {lacks[ability]}"
                        item.add_marker(pytest.mark.skip(reason=reason))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record a test that was skipped for another reason."""
        if not hasattr(report, "wasxfail"):
            self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a whole skipped module, such as by `importorskip`."""
        self._note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that would otherwise pass although a test was skipped for another reason."""
        if self.other_skips and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Print which tests were skipped for another reason."""
        if self.other_skips:
            terminalreporter.section(
                "skipped, but not because of a table of what servers or versions lack", red=True
            )
            for line in self.other_skips:
                terminalreporter.line(line, red=True)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if not report.skipped:
            return
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if not reason.startswith((PREFIX, OLD_VERSION)):
            self.other_skips.append(f"FAILED {report.nodeid}: skipped: {reason}")
