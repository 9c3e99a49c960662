"""A report as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.scenarios import GIB, MIB

HEADER = (
    "| | wall s | CPU s | peak MiB | wall to `load_file` | CPU to `load_file` | wall to s5cmd "
    "| process wall s | process CPU s | process peak MiB |\n"
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |"
)
NOTHING = "-"
QUANTITIES = {"wall": "wall time", "cpu": "CPU", "memory": "peak memory above idle"}
NOTES = """\
How to read it. Contestants take turns, each run is a new process, each object's size and ETag are
looked up afterwards, and the object is deleted. All use their defaults. *Wall*, *CPU* and *peak* of a library
are those of the call, in a process that has its client ready, as a running task has; the peak is above what
that process held before. A command line tool starts for each job, so for it they are those of the whole
process, and so are the last three columns for everyone (a library's hold its imports, Airflow's too).

Over https everyone trusts the server's certificate and verifies it, except obstore: it takes none that signs
itself, and is told not to verify. There everyone's environment says
`AWS_REQUEST_CHECKSUM_CALCULATION=when_required`: the server refuses what boto3, the provider and aws-cli send
otherwise. So they send no checksum there, and ours still does.

The distance is a relay that holds every byte for a while. It is no narrow line: alone it carried
{relay} MiB/s in this run, with sender and receiver on the same cores.

The server shares the machine's cores with the contestant, so CPU that a contestant saves is wall time, too.
It hashes every byte itself (MD5, SHA-256 over http, and the checksum that was sent: its CRC64NVME is plain Go
and takes longer than the CRC32 of boto3), with more CPU than most contestants. That part of the wall time
nobody can save."""


def markdown(report: dict[str, Any]) -> str:
    """Return the page."""
    scenarios = [_scenario(one) for one in report["scenarios"]]
    notes = NOTES.format(relay=round(report["relay"] / MIB))
    return "\n\n".join(["# Benchmarks", _machine(report), *scenarios, notes, _versions(report)]) + "\n"


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


def _scenario(scenario: dict[str, Any]) -> str:
    rows = "\n".join(_row(row) for row in scenario["contestants"])
    aims = "\n".join(_aim(aim) for aim in scenario["aims"])
    title = f"{scenario['title']}: {_bytes(scenario['size'])}"
    return f"## {title}\n\n{HEADER}\n{rows}" + (f"\n\n{aims}" if aims else "")


def _bytes(size: int) -> str:
    return f"{size // GIB} GiB" if size % GIB == 0 else f"{size / MIB:.0f} MiB"


def _row(row: dict[str, Any]) -> str:
    cells = [row["title"], *_usage(row["call"]), *_ratios(row["ratios"]), *_usage(row["process"])]
    if row["failures"]:
        tried = len(row["failures"]) + len(row["runs"])
        cells[0] += f" (failed {len(row['failures'])} of {tried}: {_cell(row['failures'][-1])})"
    elif not row["runs"]:
        cells[0] += " (not installed)"
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")[:200]


def _usage(usage: dict[str, float] | None) -> list[str]:
    if usage is None:
        return [NOTHING] * 3
    return [f"{usage['wall']:.2f}", f"{usage['cpu']:.2f}", f"{usage['memory'] / MIB:.0f}"]


def _ratios(ratios: dict[str, dict[str, float] | None]) -> list[str]:
    asked = (("load_file", "wall"), ("load_file", "cpu"), ("s5cmd", "wall"))
    found = [(ratios[name], quantity) for name, quantity in asked]
    return [f"{ratio[quantity]:.2f}" if ratio else NOTHING for ratio, quantity in found]


def _aim(aim: dict[str, Any]) -> str:
    verdict = {True: "met", False: "**not met**", None: "not measured"}[aim["is_met"]]
    if aim["against"]:
        bound, reached = f"{aim['at_most']:.2f} times {aim['against']}", f"{aim['reached'] or 0:.2f}"
    else:
        bound, reached = f"{aim['at_most'] / MIB:.0f} MiB", f"{(aim['reached'] or 0) / MIB:.0f} MiB"
    of = f" ({reached})" if aim["reached"] is not None else ""
    return f"- Aim: {QUANTITIES[aim['quantity']]} at most {bound}: {verdict}{of}"
