"""A run with several workers reports the same, and fails for the same reasons, as a run without workers."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.quick import SLOW_FIXTURES
from tests.servers.address import PORTS, free_ports
from tests.workers import make_once

pytest_plugins = ["pytester"]

REPOSITORY = Path(__file__).parents[1]
CONFTEST = """
from tests.quick import Quick
from tests.servers.selection import OnlyWithServer
from tests.servers.skips import SkipsByTable
from tests.quick import SLOW_FIXTURES
from tests.workers import WorkerReports

def pytest_configure(config):
    for plugin in [SkipsByTable("versity"), {more}, WorkerReports()]:
        if plugin:
            config.pluginmanager.register(plugin)
    config.addinivalue_line("markers", "slow: takes long")
"""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run the tests in `source` with two workers."""

    def run(source: str, *, more: str = "None") -> pytest.RunResult:
        pytester.makeconftest(CONFTEST.format(more=more))
        pytester.makepyfile(f"import pytest\n{source}")
        return pytester.runpytest_inprocess("-ra", "-p", "no:cacheprovider", "-n", "2", "--dist", "worksteal")

    return run


def test_a_run_passes_if_only_the_table_skips(run: Run) -> None:
    result = run("@pytest.mark.needs('lifecycle')\ndef test_it(): assert False\ndef test_other(): pass")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["SKIPPED*The server lacks lifecycle*", "=* 1 passed, 1 skipped in *="])


def test_any_other_skip_fails_the_run_and_is_reported_once(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_module="import pytest\npytest.skip('no module', allow_module_level=True)")
    result = run(
        "@pytest.fixture\ndef late():\n    yield\n    pytest.skip('too late')\n"
        "def test_it(): pytest.skip('not today')\n"
        "def test_its_end(late): pass\n"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    reported = sorted(line.partition(": ")[2] for line in result.outlines if line.startswith("FAILED"))
    assert reported == ["skipped: no module", "skipped: not today", "skipped: too late"]


def test_an_unknown_ability_is_named(run: Run) -> None:
    result = run("@pytest.mark.needs('luck')\ndef test_it(): pass")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines("*test_it: no such ability: luck; there are: *")


def test_only_tests_that_use_a_server_run_and_the_others_are_counted(run: Run) -> None:
    result = run(
        "@pytest.fixture\ndef server(): pass\n"
        "def test_it(server): pass\n"
        "def test_elsewhere(): assert False\n"
        "def test_elsewhere_too(): assert False\n",
        more="OnlyWithServer()",
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines("=* 1 passed, 2 deselected in *=")


def test_a_quick_run_leaves_out_servers_airflow_and_slow_tests(run: Run) -> None:
    result = run(
        "@pytest.fixture\ndef server(): assert False\n"
        "@pytest.fixture\ndef bucket(server): pass\n"
        "@pytest.fixture\ndef airflow_db(): assert False\n"
        "def test_on_a_server(bucket): pass\n"
        "def test_in_airflow(airflow_db): pass\n"
        "@pytest.mark.slow\ndef test_of_minutes(): assert False\n"
        "def test_it(tmp_path): pass\n",
        more="Quick()",
    )
    assert result.ret == 0
    result.stdout.fnmatch_lines("=* 1 passed, 3 deselected in *=")


def test_concurrent_workers_make_a_file_once_and_each_gets_it(tmp_path: Path) -> None:
    made: list[str] = []
    barrier = threading.Barrier(4)

    def worker(name: str) -> None:
        own = tmp_path / name

        def make() -> None:
            made.append(name)
            own.write_text("made")

        barrier.wait()
        make_once(tmp_path / "all.db", own, make)

    workers = [threading.Thread(target=worker, args=(f"{number}.db",)) for number in range(4)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    assert len(made) == 1
    assert [(tmp_path / f"{number}.db").read_text() for number in range(4)] == ["made"] * 4


def test_a_file_that_failed_is_made_by_the_next_worker(tmp_path: Path) -> None:
    shared, own = tmp_path / "all.db", tmp_path / "own.db"

    def fail() -> None:
        own.write_text("half of it")
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - any will do
        make_once(shared, own, fail)
    make_once(shared, own, lambda: os.truncate(own, 4))
    assert shared.read_text() == own.read_text() == "half"


def test_free_ports_are_distinct_and_from_the_range_of_the_tests() -> None:
    ports = free_ports(8)
    assert len(set(ports)) == 8
    assert set(ports) <= set(PORTS)


@pytest.mark.parametrize("name", sorted(SLOW_FIXTURES - {"pytester"}))
def test_a_fixture_that_a_quick_run_avoids_exists(name: str) -> None:
    defined = re.compile(rf"@pytest\.fixture\b.*\n(?:@.*\n)*def {name}\(")
    tests = Path(__file__).parent
    assert any(defined.search(path.read_text(encoding="utf-8")) for path in tests.rglob("*.py"))
