"""From runs to a report: medians, ratios, and which aims are met. Plain data, as the JSON file holds it."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.scenarios import AIMS, GIB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measure import Record
    from benchmarks.scenarios import Aim, Scenario
    from benchmarks.usage import Usage

OURS = "ours"
# Whom everyone is compared with: what users have, and the fastest tool there is.
COMPARED = ("load_file", "s5cmd")


def report(
    results: Sequence[tuple[Scenario, Sequence[Record]]], *, server: str, relay: float
) -> dict[str, Any]:
    """Return the whole report.

    :param server: its name and version.
    :param relay: bytes a second that the relay carries.
    """
    return {
        "date": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "machine": _machine(),
        "server": server,
        "relay": relay,
        "scenarios": [_scenario(scenario, records) for scenario, records in results],
    }


def _machine() -> dict[str, Any]:
    memory = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory[1]) * 1024 / GIB) if memory else None,
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        # Above the number of cores, others were at work too.
        "load": round(os.getloadavg()[1], 1),
    }


def _scenario(scenario: Scenario, records: Sequence[Record]) -> dict[str, Any]:
    rows = [_row(record) for record in records]
    medians = {row["name"]: row["call"] for row in rows if row["call"]}
    for row in rows:
        row["ratios"] = {name: _ratio(row["call"], medians.get(name)) for name in COMPARED}
    aims = [_aim(aim, medians) for aim in AIMS if aim.scenario == scenario.name]
    return {**asdict(scenario), "contestants": rows, "aims": aims}


def _row(record: Record) -> dict[str, Any]:
    return {
        "name": record.contestant.name,
        "title": record.contestant.title,
        "version": record.version,
        "call": _median([run.call for run in record.runs]),
        "process": _median([run.process for run in record.runs]),
        "runs": [asdict(run) for run in record.runs],
        "failures": record.failures,
    }


def _median(usages: Sequence[Usage]) -> dict[str, float] | None:
    if not usages:
        return None
    return {name: median(getattr(usage, name) for usage in usages) for name in ("wall", "cpu", "memory")}


def _ratio(own: dict[str, float] | None, other: dict[str, float] | None) -> dict[str, float] | None:
    if own is None or other is None:
        return None
    return {name: own[name] / other[name] for name in ("wall", "cpu")}


def _aim(aim: Aim, medians: dict[str, dict[str, float]]) -> dict[str, Any]:
    own, other = medians.get(OURS), medians.get(aim.against or OURS)
    reached = None
    if own is not None and other is not None:
        reached = own[aim.quantity] / (other[aim.quantity] if aim.against else 1)
    is_met = None if reached is None else reached <= aim.at_most
    return {**asdict(aim), "reached": reached, "is_met": is_met}
