"""A report as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.prose import NOTES
from benchmarks.scenarios import MIB

if TYPE_CHECKING:
    from collections.abc import Sequence

ONE = (
    *("", "wall s", "CPU s", "peak MiB", "wall / provider", "CPU / provider", "wall / s5cmd"),
    *("process wall s", "process CPU s", "process peak MiB"),
)
MANY = (
    *("", "{things}", "{things} a second", "wall s", "CPU s", "peak MiB"),
    *("times the provider", "times s5cmd"),
    *("process wall s", "process CPU s", "process peak MiB"),
)
NOTHING = "-"
NAMES = {"provider": "the provider", "s5cmd": "s5cmd"}
QUANTITIES = {"wall": "wall time", "cpu": "CPU", "memory": "peak memory above idle"}


def markdown(report: dict[str, Any], *, plot: str | None = None) -> str:
    """Return the page.

    :param plot: the picture's path, relative to the page; None if there is none.
    """
    titles = {one["name"]: one["full_title"] for one in report["scenarios"]}
    scenarios = [_scenario(one, titles) for one in report["scenarios"]]
    relay = report["relay"]
    notes = NOTES.format(
        relay=round(relay["bytes"] / MIB), trips=f"{relay['trips']:,.0f}", connections=relay["connections"]
    )
    shown = [] if plot is None else [f"![Speed of each contestant, relative to the provider]({plot})"]
    parts = ["# Benchmarks", _machine(report), *shown, *scenarios, notes, _versions(report)]
    return "\n\n".join(parts) + "\n"


def _machine(report: dict[str, Any]) -> str:
    machine = report["machine"]
    return (
        f"Measured by `make bench` on {report['date'][:10]}: {machine['cores']} shared cores, "
        f"{machine['memory_gib']} GiB of memory, {machine['system']}, Python {machine['python']}, "
        f"load {machine['load']}; {report['server']}, its store on a memory disk (sparse files: on a disk); "
        f"medians of up to {_rounds(report)} runs."
    )


def _rounds(report: dict[str, Any]) -> int:
    return max(len(row["runs"]) for scenario in report["scenarios"] for row in scenario["contestants"])


def _versions(report: dict[str, Any]) -> str:
    versions = {
        row["name"]: row["version"] for scenario in report["scenarios"] for row in scenario["contestants"]
    }
    return "Versions: " + "; ".join(
        f"{name} {version or 'not installed'}" for name, version in versions.items()
    )


def _scenario(scenario: dict[str, Any], titles: dict[str, str]) -> str:
    is_one = scenario["verb"] == "upload_file"
    things = "files" if scenario["verb"] == "upload_files" else "keys"
    names = [name.format(things=things) for name in (ONE if is_one else MANY)]
    row = _row_of_one if is_one else _row_of_many
    table = [_line(names), _line(["---", *["--:"] * (len(names) - 1)])]
    table += [_line([_name(one), *row(one)]) for one in scenario["contestants"]]
    aims = [_aim(aim, things, titles) for aim in scenario["aims"]]
    return "\n\n".join(["## " + titles[scenario["name"]], "\n".join(table), *filter(None, ["\n".join(aims)])])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _name(row: dict[str, Any]) -> str:
    title: str = row["title"]
    if row["failures"]:
        tried = len(row["failures"]) + len(row["runs"])
        return f"{title} (failed {len(row['failures'])} of {tried}: {_cell(row['failures'][-1])})"
    return title if row["runs"] else f"{title} (not installed)"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")[:200]


def _row_of_one(row: dict[str, Any]) -> list[str]:
    shown = (("provider", "wall"), ("provider", "cpu"), ("s5cmd", "wall"))
    ratios = [_ratio(row["ratios"][name], quantity) for name, quantity in shown]
    return [*_usage(row["call"]), *ratios, *_usage(row["process"])]


def _row_of_many(row: dict[str, Any]) -> list[str]:
    rate = NOTHING if row["per"] is None else _figure(row["per"]["rate"])
    ratios = [_ratio(row["ratios"][name], "rate") for name in ("provider", "s5cmd")]
    return [f"{row['count']:,}", rate, *_usage(row["call"]), *ratios, *_usage(row["process"])]


def _usage(usage: dict[str, float] | None) -> list[str]:
    if usage is None:
        return [NOTHING] * 3
    return [f"{usage['wall']:.2f}", f"{usage['cpu']:.2f}", f"{usage['memory'] / MIB:.0f}"]


def _ratio(ratio: dict[str, float] | None, quantity: str) -> str:
    return NOTHING if ratio is None else _figure(ratio[quantity], digits=2)


def _figure(number: float, digits: int = 1) -> str:
    return f"{number:,.{digits if number < 100 else 0}f}"


def _aim(aim: dict[str, Any], things: str, titles: dict[str, str]) -> str:
    verdict = {True: "met", False: "**not met**", None: "not measured"}[aim["is_met"]]
    bound, side = (aim["at_most"], "at most") if aim["at_least"] is None else (aim["at_least"], "at least")
    shown = _ratio_shown if aim["against"] else _bytes_shown
    quantity = QUANTITIES.get(aim["quantity"], f"{things} a second")
    reached = "" if aim["reached"] is None else f" ({shown(aim['reached'])})"
    return f"- Aim: {quantity} {side} {shown(bound)}{_other(aim, titles)}: {verdict}{reached}"


def _other(aim: dict[str, Any], titles: dict[str, str]) -> str:
    if aim["beyond"]:
        return f" more than that of {titles.get(aim['beyond'], aim['beyond'])}"
    return f" times {NAMES[aim['against']]}" if aim["against"] else ""


def _ratio_shown(number: float) -> str:
    return f"{number:.2f}"


def _bytes_shown(number: float) -> str:
    return f"{number / MIB:.0f} MiB"
