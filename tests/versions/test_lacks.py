"""The installed versions lack what the table says, and the table skips the tests that need it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.servers.skips import SkipsByTable
from tests.versions.lacks import DISTRIBUTIONS, SINCE, Feature, installed_versions, lacks_of
from tests.versions.plugin import SupportedVersions

if TYPE_CHECKING:
    from collections.abc import Mapping

pytest_plugins = ["pytester"]

Run = Callable[[str], pytest.RunResult]


def has_task_state_store() -> bool:
    from airflow.sdk import Context

    return "task_state_store" in Context.__annotations__


def has_namespace_levels() -> bool:
    from airflow.configuration import conf

    return "namespace_levels" in conf.configuration_description["logging"]["options"]


def can_switch_off_retries_of_awscrt() -> bool:
    from awscrt import s3

    return hasattr(getattr(s3, "S3RetryMode", None), "NONE")


PROBES: Mapping[Feature, Callable[[], bool]] = {
    Feature.TASK_STATE_STORE: has_task_state_store,
    Feature.NAMESPACE_LEVELS: has_namespace_levels,
    Feature.AWSCRT_WITHOUT_RETRIES: can_switch_off_retries_of_awscrt,
}


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Run a test as if on Airflow 3.2 and awscrt 0.31."""

    def run(source: str) -> pytest.RunResult:
        pytester.makepyfile(f"import pytest\n{source}")
        plugins = [SkipsByTable("versity"), SupportedVersions({"Airflow": (3, 2, 2), "awscrt": (0, 31, 0)})]
        return pytester.runpytest_inprocess("-ra", "-p", "no:cacheprovider", plugins=plugins)

    return run


def test_every_feature_has_a_row_and_a_probe() -> None:
    assert set(SINCE) == set(PROBES) == set(Feature)
    assert {since.package for since in SINCE.values()} == set(DISTRIBUTIONS)


@pytest.mark.parametrize("feature", Feature, ids=lambda feature: feature.value)
def test_the_installed_versions_lack_exactly_what_the_table_says(feature: Feature) -> None:
    assert PROBES[feature]() is (feature not in lacks_of(installed_versions()))


def test_a_test_runs_if_airflow_has_what_it_needs(run: Run) -> None:
    run("@pytest.mark.needs_version('namespace_levels')\ndef test_it(): pass").assert_outcomes(passed=1)


def test_a_test_is_skipped_with_the_tables_reason(run: Run) -> None:
    result = run("@pytest.mark.needs_version('task_state_store')\ndef test_it(): assert False")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        "*installed version lacks task_state_store: Airflow 3.2.2: no state is kept *"
    )
    assert result.ret == 0


def test_an_unknown_feature_is_an_error(run: Run) -> None:
    result = run("@pytest.mark.needs_version('luck')\ndef test_it(): pass")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines("*test_it: no such feature: luck; there are: *")


def test_a_warning_is_an_error_only_if_this_package_causes_it(run: Run) -> None:
    warn = "import warnings\ndef test_it(): warnings.warn_explicit('old', UserWarning, 'f.py', 1, '%s')"
    run(warn % "sqlalchemy.orm").assert_outcomes(passed=1)
    run(warn % "airflow_s3ops.hooks").assert_outcomes(failed=1)
