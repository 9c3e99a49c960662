"""docs/compatibility.md has the versions that the package allows, and those of the test runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, ROOT, section, tables
from tests.versions.lacks import SINCE, shown

if TYPE_CHECKING:
    from pathlib import Path

PAGE = DOCS / "compatibility.md"
REQUIREMENTS = ROOT / "requirements"
PACKAGES = {
    "Apache Airflow": "apache-airflow",
    "`apache-airflow-providers-amazon`": "apache-airflow-providers-amazon",
    "boto3": "boto3",
    "awscrt": "awscrt",
    "python-dateutil": "python-dateutil",
}
# By the number of the column.
LOCKS = {2: "oldest", 3: "airflow-3.2", 4: "dev"}


def versions_in(lock: Path) -> dict[str, str]:
    """Return the versions in a lock; of a package's several the last, which is for newer Pythons."""
    text = lock.read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([^\s;]+)", text, re.MULTILINE))


def bounds() -> dict[str, str]:
    package = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return dict(re.findall(r'^ +"([a-z0-9-]+)>=([\d.]+)",$', package, re.MULTILINE))


def rows() -> dict[str, list[str]]:
    (table,) = tables(section(PAGE, "Now"))
    return {row[0]: row for row in table}


def test_every_dependency_has_a_row() -> None:
    assert set(PACKAGES) <= set(rows())
    assert set(PACKAGES.values()) == set(bounds())


@pytest.mark.parametrize("shown", PACKAGES)
def test_the_supported_versions_are_those_that_the_package_allows(shown: str) -> None:
    assert rows()[shown][1] == f"{bounds()[PACKAGES[shown]]} and newer"


@pytest.mark.parametrize("column", LOCKS, ids=LOCKS.get)
@pytest.mark.parametrize("shown", PACKAGES)
def test_the_versions_of_a_run_are_those_of_its_lock(shown: str, column: int) -> None:
    versions = versions_in(REQUIREMENTS / f"{LOCKS[column]}.txt")
    assert rows()[shown][column] == versions[PACKAGES[shown]]


@pytest.mark.parametrize("package", PACKAGES.values())
def test_the_oldest_versions_are_the_lower_bounds(package: str) -> None:
    assert versions_in(REQUIREMENTS / "oldest.txt")[package] == bounds()[package]


def test_all_runs_use_the_same_embedded_server() -> None:
    assert len({versions_in(REQUIREMENTS / f"{lock}.txt")["moto"] for lock in LOCKS.values()}) == 1


def test_what_older_versions_lack_is_the_table_that_skips_tests() -> None:
    (found,) = tables(section(PAGE, "What older versions lack"))
    expected = [
        [f"`{feature.value}`", f"{since.package} {shown(since.version)}", since.reason]
        for feature, since in SINCE.items()
    ]
    assert found == expected
