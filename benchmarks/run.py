"""Measure this package and its peers in one run: ``python -m benchmarks.run``.

A full run writes `benchmarks/results/latest.json` and `docs/benchmarks.md`; a run with a selection writes
`partial.json` and `partial.md` into ``--out``.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.arena import arena, server_version
from benchmarks.contestants import CONTESTANTS
from benchmarks.measure import measure
from benchmarks.relay_rate import relay_rate
from benchmarks.report import OURS, report
from benchmarks.scenarios import MIB, SCENARIOS, WARM_UP
from benchmarks.tables import markdown
from tests.servers import versity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.arena import Serve
    from benchmarks.contestants import Contestant
    from benchmarks.measure import Record
    from benchmarks.scenarios import Scenario

RESULTS = Path(__file__).with_name("results")
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
PLOT = "benchmarks.svg"  # beside the page; benchmarks.plot draws it


def main(arguments: Sequence[str] | None = None, serve: Serve = versity) -> int:
    """Measure, write the files, and return 0 unless ours failed in a scenario.

    :param serve: starts a server, with or without TLS.
    """
    options = _options(arguments)
    _warm_up(options, serve)
    results = [_measured(scenario, options, serve) for scenario in _chosen(options)]
    written = report(results, server=server_version(), relay=relay_rate())
    _write(written, options)
    failed = [
        one for _, records in results for one in records if one.contestant.name == OURS and one.failures
    ]
    return 1 if failed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each contestant (default: 3)")
    parser.add_argument("--size", type=float, help="MiB of the file, instead of the scenario's own")
    parser.add_argument("--count", type=int, help="files or keys at most, fewer than the scenario's own")
    parser.add_argument(
        "--only",
        action="append",
        choices=[one.name for one in SCENARIOS],
        help="a scenario; may be repeated",
    )
    parser.add_argument(
        "--contestant",
        action="append",
        choices=[one.name for one in CONTESTANTS],
        help="a contestant; may be repeated",
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the files of a partial run")
    return parser.parse_args(arguments)


def _chosen(options: argparse.Namespace) -> list[Scenario]:
    chosen = [one for one in SCENARIOS if not options.only or one.name in options.only]
    if options.size is not None:
        chosen = [replace(one, size=int(options.size * MIB)) for one in chosen]
    if options.count is not None:
        chosen = [replace(one, count=min(one.count, options.count)) for one in chosen]
    return chosen


def _contestants(scenario: Scenario, options: argparse.Namespace) -> list[Contestant]:
    return [
        one
        for one in CONTESTANTS
        if scenario.verb in one.methods
        and one.name in (scenario.contestants or [one.name])
        and one.name in (options.contestant or [one.name])
    ]


def _warm_up(options: argparse.Namespace, serve: Serve) -> None:
    """Run every contestant once, uncounted, because files are read or compiled in the first run."""
    with arena(WARM_UP, serve) as place:
        measure(place, _contestants(WARM_UP, options), rounds=1, log=_log)


def _measured(scenario: Scenario, options: argparse.Namespace, serve: Serve) -> tuple[Scenario, list[Record]]:
    rounds = min(options.rounds, scenario.rounds or options.rounds)
    with arena(scenario, serve) as place:
        return scenario, measure(place, _contestants(scenario, options), rounds=rounds, log=_log)


def _write(written: dict[str, Any], options: argparse.Namespace) -> None:
    chosen = (options.only, options.contestant, options.size, options.count)
    is_partial = any(one is not None for one in chosen)
    out: Path = options.out
    data, page = (out / "partial.json", out / "partial.md") if is_partial else (RESULTS / "latest.json", PAGE)
    text = markdown(written, plot=None if is_partial else PLOT)
    for path, content in ((data, json.dumps(written, indent=1) + "\n"), (page, text)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    _log(f"\n{text}\nwritten: {data}, {page}")


def _log(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
