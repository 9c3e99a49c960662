"""The content of the plot; drawing it needs the peers' environment."""

from __future__ import annotations

import json

from benchmarks.chart import Bar, panels
from benchmarks.report import report
from benchmarks.scenarios import SCENARIOS, Scenario
from tests.benchmarks.test_report import RELAY, record

BY_NAME = {one.name: one for one in SCENARIOS}


def shown(*results: tuple[Scenario, list[float]], without: str = "") -> list[tuple[str, tuple[Bar, ...]]]:
    """Return the panels of a run in which ours, the provider and s5cmd took these seconds."""
    run = [
        (
            one,
            [
                record(name, *([] if name == without else [wall]), scenario=one)
                for name, wall in _named(walls)
            ],
        )
        for one, walls in results
    ]
    written = json.loads(json.dumps(report(run, server="A server 1.0", relay=RELAY)))
    return [(panel.title, panel.bars) for panel in panels(written)]


def _named(walls: list[float]) -> list[tuple[str, float]]:
    return list(zip(("ours", "provider", "s5cmd"), walls, strict=False))


def test_bars_are_speeds_relative_to_the_provider() -> None:
    ((title, bars),) = shown((BY_NAME["http"], [2.0, 4.0, 1.0]))

    assert title == "One file, http\n1 GiB"
    assert [(bar.name, bar.speed, bar.text) for bar in bars] == [
        ("airflow-s3ops", 2.0, "2.0×"),  # noqa: RUF001
        ("amazon provider", 1.0, "1.0×"),  # noqa: RUF001
        ("s5cmd", 4.0, "4.0×"),  # noqa: RUF001
    ]
    assert [bar.is_ours for bar in bars] == [True, False, False]


def test_a_contestant_with_a_sample_is_drawn_by_files_per_second() -> None:
    ((_, bars),) = shown((BY_NAME["files_delay"], [2.0, 20.0]))

    assert [bar.text for bar in bars] == ["200×", "1.0×"]  # noqa: RUF001


def test_scenarios_are_in_the_order_of_the_page() -> None:
    made = shown(*((BY_NAME[name], [1.0, 2.0]) for name in ("delete", "files")))

    assert [title.splitlines()[1] for title, _ in made] == ["20,000 keys", "4,000 of 4 KiB"]


def test_a_contestant_without_numbers_is_named() -> None:
    ((_, bars),) = shown((BY_NAME["http"], [1.0, 2.0, 3.0]), without="s5cmd")

    assert [(bar.name, bar.speed, bar.text) for bar in bars[2:]] == [("s5cmd", 0.0, "not installed")]


def test_a_failure_is_shown() -> None:
    files = BY_NAME["files"]
    run = [
        (files, [record("ours", failures=["boom"], scenario=files), record("provider", 1.0, scenario=files)])
    ]

    (panel,) = panels(report(run, server="A server 1.0", relay=RELAY))

    assert [bar.text for bar in panel.bars] == ["failed", "1.0×"]  # noqa: RUF001


def test_a_scenario_without_comparison_is_not_drawn() -> None:
    assert shown((BY_NAME["files_100k"], [1.0])) == []
