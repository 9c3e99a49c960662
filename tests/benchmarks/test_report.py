"""The report of made-up numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import report as made
from benchmarks.contestants import CONTESTANTS
from benchmarks.measure import Record, Run
from benchmarks.relay_rate import RelayRate
from benchmarks.scenarios import AIMS, MIB, SCENARIOS, Aim, Scenario
from benchmarks.tables import markdown
from benchmarks.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

HTTP = replace(SCENARIOS[0], size=64 * MIB)
FILES = next(one for one in SCENARIOS if one.name == "files_delay")
RELAY = RelayRate(700 * MIB, 5_000)


def record(
    name: str,
    *walls: float,
    scenario: Scenario = HTTP,
    failures: Sequence[str] = (),
    version: str | None = "1.0.0",
) -> Record:
    contestant = next(one for one in CONTESTANTS if one.name == name)
    runs = [Run(Usage(wall, wall / 2, 10 * MIB), Usage(wall + 1, wall / 2 + 1, 99 * MIB)) for wall in walls]
    title = contestant.methods[scenario.verb].title
    return Record(contestant, scenario.count_for(name), title, version, runs, list(failures))


def page_of(*records: Record, scenario: Scenario = HTTP) -> tuple[dict[str, Any], str]:
    whole = made.report([(scenario, records)], server="A server 1.0", relay=RELAY)
    (first,) = whole["scenarios"]
    return first, markdown(whole)


def line(page: str, title: str) -> list[str]:
    found = next(line for line in page.splitlines() if title in line and line.startswith("|"))
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_a_row_shows_medians_and_ratios_of_medians() -> None:
    _, page = page_of(record("ours", 1.0, 9.0, 2.0), record("provider", 4.0), record("s5cmd", 1.0))

    _, wall, cpu, memory, to_load_file, cpu_to_load_file, to_s5cmd, *process = line(page, "airflow-s3ops")
    assert (wall, cpu, memory) == ("2.00", "1.00", "10")
    assert (to_load_file, cpu_to_load_file, to_s5cmd) == ("0.50", "0.50", "2.00")
    assert process == ["3.00", "2.00", "99"]


@pytest.mark.parametrize(("provider", "is_met"), [(2.0, True), (1.0, False)])
def test_an_aim_is_met_or_not_by_the_numbers(
    monkeypatch: pytest.MonkeyPatch, provider: float, *, is_met: bool
) -> None:
    monkeypatch.setattr(made, "AIMS", [Aim("http", "wall", 0.75, "provider")])

    scenario, page = page_of(record("ours", 1.0), record("provider", provider))

    assert [aim["is_met"] for aim in scenario["aims"]] == [is_met]
    assert ("**not met**" in page) is not is_met


def test_an_aim_in_bytes_needs_no_other_contestant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "AIMS", [Aim("http", "memory", 9 * MIB)])

    scenario, page = page_of(record("ours", 1.0))

    assert [aim["is_met"] for aim in scenario["aims"]] == [False]
    assert "at most 9 MiB: **not met** (10 MiB)" in page


def test_a_contestant_with_a_sample_is_compared_by_files_per_second() -> None:
    scenario, page = page_of(
        record("ours", 2.0, scenario=FILES), record("provider", 20.0, scenario=FILES), scenario=FILES
    )

    files, rate, *_ = line(page, "airflow-s3ops")[1:]
    assert (files, rate) == ("4,000", "2,000")
    files, rate, *_ = line(page, "amazon provider")[1:]
    assert (files, rate) == ("200", "10.0")
    assert line(page, "airflow-s3ops")[6] == "200"
    assert [(aim["reached"], aim["is_met"]) for aim in scenario["aims"]] == [(200.0, True)]
    assert "Aim: files a second at least 40.00 times the provider: met (200.00)" in page


def test_an_aim_may_compare_with_another_scenario_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "AIMS", [Aim("http", "memory", 5 * MIB, beyond="files_delay")])
    results = [(one, [record("ours", 1.0, scenario=one)]) for one in (HTTP, FILES)]

    whole = made.report(results, server="A server 1.0", relay=RELAY)

    assert whole["scenarios"][0]["aims"][0]["reached"] == 0
    title = "Small files, http, 20 ms each way: 4,000 of 4 KiB"
    assert f"peak memory above idle at most 5 MiB more than that of {title}: met (0 MiB)" in markdown(whole)


def test_an_aim_without_numbers_is_shown_as_not_measured() -> None:
    scenario, page = page_of(record("ours", failures=["exit code 1: boom"]), record("provider", 1.0))

    assert {aim["is_met"] for aim in scenario["aims"]} == {None}
    assert "not measured" in page


def test_a_contestant_that_failed_is_shown_with_its_reason() -> None:
    scenario, page = page_of(record("boto3", 1.0, failures=["exit code 1: a | b"]), record("provider", 1.0))

    assert "failed 1 of 2: exit code 1: a \\| b" in page
    assert scenario["contestants"][0]["failures"] == ["exit code 1: a | b"]


def test_the_chart_is_shown_if_it_exists() -> None:
    whole = made.report([(HTTP, [record("ours", 1.0)])], server="A server 1.0", relay=RELAY)

    assert "](benchmarks.svg)" in markdown(whole, plot="benchmarks.svg")
    assert "![" not in markdown(whole)


def test_a_contestant_that_is_not_installed_is_shown() -> None:
    _, page = page_of(record("rclone", version=None))

    assert line(page, "rclone")[0].endswith("(not installed)")


def test_every_aim_belongs_to_a_scenario_and_to_contestants_of_it() -> None:
    scenarios = {one.name: one for one in SCENARIOS}
    names = {one.name for one in CONTESTANTS}

    for aim in AIMS:
        assert (aim.at_most is None) is not (aim.at_least is None)
        assert (aim.beyond or aim.scenario) in scenarios
        assert {made.OURS, aim.against or made.OURS} <= set(scenarios[aim.scenario].contestants or names)
