"""Make a report from runs: medians, ratios, and which aims are met. It is plain data for the JSON file."""

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
    from benchmarks.relay_rate import RelayRate
    from benchmarks.scenarios import Aim, Scenario
    from benchmarks.usage import Usage

OURS = "ours"
# All are compared with these: what users have today, and the fastest tool.
COMPARED = ("provider", "s5cmd")


def report(
    results: Sequence[tuple[Scenario, Sequence[Record]]], *, server: str, relay: RelayRate
) -> dict[str, Any]:
    """Return the whole report.

    :param server: the server's name and version.
    :param relay: the throughput of the relay alone.
    """
    scenarios = [_scenario(scenario, records) for scenario, records in results]
    known = {one["name"]: {row["name"]: row["per"] for row in one["contestants"]} for one in scenarios}
    for one in scenarios:
        one["aims"] = [_aim(aim, known) for aim in AIMS if aim.scenario == one["name"]]
    return {
        "date": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
        "machine": _machine(),
        "server": server,
        "relay": asdict(relay),
        "scenarios": scenarios,
    }


def _machine() -> dict[str, Any]:
    memory = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory[1]) * 1024 / GIB) if memory else None,
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        # If it is above the number of cores, other processes were running too.
        "load": round(os.getloadavg()[1], 1),
    }


def _scenario(scenario: Scenario, records: Sequence[Record]) -> dict[str, Any]:
    rows = [_row(record) for record in records]
    known = {row["name"]: row["per"] for row in rows}
    for row in rows:
        row["ratios"] = {name: _ratio(row["per"], known.get(name)) for name in COMPARED}
    return {**asdict(scenario), "full_title": scenario.full_title, "contestants": rows}


def _row(record: Record) -> dict[str, Any]:
    call = _median([run.call for run in record.runs])
    return {
        "name": record.contestant.name,
        "title": record.title,
        "version": record.version,
        "count": record.count,
        "call": call,
        "per": _per_key(call, record.count),
        "process": _median([run.process for run in record.runs]),
        "runs": [asdict(run) for run in record.runs],
        "failures": record.failures,
    }


def _per_key(call: dict[str, float] | None, count: int) -> dict[str, float] | None:
    """Return what can be compared for different counts: seconds for each file, files per second."""
    if call is None:
        return None
    wall, cpu = call["wall"] / count, call["cpu"] / count
    return {"wall": wall, "cpu": cpu, "rate": 1 / wall, "memory": call["memory"]}


def _median(usages: Sequence[Usage]) -> dict[str, float] | None:
    if not usages:
        return None
    return {name: median(getattr(usage, name) for usage in usages) for name in ("wall", "cpu", "memory")}


def _ratio(own: dict[str, float] | None, other: dict[str, float] | None) -> dict[str, float] | None:
    if own is None or other is None:
        return None
    return {name: own[name] / other[name] for name in ("wall", "cpu", "rate")}


def _aim(aim: Aim, known: dict[str, dict[str, dict[str, float] | None]]) -> dict[str, Any]:
    reached = _reached(aim, known)
    is_met = None if reached is None else _is_within(aim, reached)
    return {**asdict(aim), "reached": reached, "is_met": is_met}


def _reached(aim: Aim, known: dict[str, dict[str, dict[str, float] | None]]) -> float | None:
    own = known[aim.scenario].get(OURS)
    other = known.get(aim.beyond or aim.scenario, {}).get(aim.against or OURS)
    if own is None or other is None:
        return None
    if aim.beyond:
        return own[aim.quantity] - other[aim.quantity]
    return own[aim.quantity] / (other[aim.quantity] if aim.against else 1)


def _is_within(aim: Aim, reached: float) -> bool:
    return (aim.at_most is None or reached <= aim.at_most) and (
        aim.at_least is None or reached >= aim.at_least
    )
