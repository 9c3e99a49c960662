"""The content of the plot, without the drawing: each contestant's speed relative to the provider's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

OURS = "ours"
UNIT = "provider"
NAMES = {
    OURS: "airflow-s3ops",
    UNIT: "amazon provider",
    "boto3_threads": "boto3, 10 threads",
    "aws": "aws-cli",
}


@dataclass(frozen=True)
class Bar:
    """One contestant.

    :param speed: relative to the provider's; 0 if there is none.
    :param text: the text beside the bar.
    """

    name: str
    speed: float
    text: str
    is_ours: bool


@dataclass(frozen=True)
class Panel:
    """One scenario."""

    title: str
    bars: tuple[Bar, ...]


def panels(report: dict[str, Any]) -> list[Panel]:
    """Return a panel for each scenario in which at least one contestant can be compared with the provider.

    :param report: as :func:`benchmarks.report.report` returns it.
    """
    made = (Panel(_title(one), tuple(map(_bar, one["contestants"]))) for one in report["scenarios"])
    return [panel for panel in made if any(bar.speed for bar in panel.bars)]


def _title(scenario: dict[str, Any]) -> str:
    what, _, how = scenario["full_title"].rpartition(": ")
    return f"{what}\n{how}"


def _bar(row: dict[str, Any]) -> Bar:
    name = NAMES.get(row["name"], row["name"])
    ratio = row["ratios"][UNIT]
    if ratio is None:
        return Bar(name, 0.0, _why(row), row["name"] == OURS)
    speed = ratio["rate"]
    return Bar(name, speed, f"{speed:.{0 if speed >= 9.95 else 1}f}×", row["name"] == OURS)  # noqa: RUF001


def _why(row: dict[str, Any]) -> str:
    if row["failures"]:
        return "failed"
    return "not compared" if row["runs"] else "not installed"
