"""The cost of a DAG file's imports: ``python -m benchmarks.import_cost``.

Each measurement runs in a new interpreter that has already imported `airflow.sdk`, as when Airflow parses a
DAG file. It counts the modules that an import adds, and measures its CPU time; the modules take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from statistics import median

OURS = "airflow_s3ops.operators"
PROVIDER = "airflow.providers.amazon.aws.operators.s3"
PROBE = """
import importlib, json, sys, time
import airflow.sdk

before = set(sys.modules)
started = time.process_time()
importlib.import_module(sys.argv[1])
seconds = time.process_time() - started
print(json.dumps({"added": sorted(set(sys.modules) - before), "seconds": seconds}))
"""


@dataclass(frozen=True)
class ImportCost:
    """The cost of importing one module.

    :param added: names of the modules that were not loaded before.
    :param seconds: CPU time of each run.
    """

    module: str
    added: tuple[str, ...]
    seconds: tuple[float, ...]


def import_costs(modules: tuple[str, ...] = (OURS, PROVIDER), rounds: int = 5) -> list[ImportCost]:
    """Measure each module `rounds` times, in turns, so that a slow moment of the machine affects all modules.

    One more round runs first and does not count: it writes the bytecode caches.
    """
    runs = [[_run(module) for module in modules] for _ in range(1 + rounds)][1:]
    return [
        ImportCost(module, added=results[0][0], seconds=tuple(seconds for _, seconds in results))
        for module, results in zip(modules, zip(*runs, strict=True), strict=True)
    ]


def markdown(costs: list[ImportCost]) -> str:
    """Return a table that compares each row with the last one."""
    reference = costs[-1]
    lines = [
        "| import | modules added | CPU, median | share of the last row's CPU |",
        "| --- | --: | --: | --: |",
    ]
    for cost in costs:
        share = median(cost.seconds) / median(reference.seconds)
        lines.append(
            f"| `{cost.module}` | {len(cost.added)} | {median(cost.seconds) * 1000:.1f} ms | {share:.0%} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default: 5)")
    print(markdown(import_costs(rounds=parser.parse_args().rounds)))


def _run(module: str) -> tuple[tuple[str, ...], float]:
    command = [sys.executable, "-c", PROBE, module]
    # Without bytecode files our modules would be compiled each time; the provider's were installed with them.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    result = json.loads(done.stdout.splitlines()[-1])
    return tuple(result["added"]), result["seconds"]


if __name__ == "__main__":
    main()
