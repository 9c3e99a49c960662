"""Run the contestants of a scenario in turns, and record each run's usage."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.bucket import WrongObjectsError
from benchmarks.usage import Usage, of_process

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.arena import Arena
    from benchmarks.contestants import Contestant

START_WITHIN = 60.0
# A slower contestant has failed.
SLOWEST_BYTES = 10e6  # a second
SLOWEST_KEYS = 20  # a second; slower ones get samples, for which START_WITHIN alone would be enough


@dataclass(frozen=True)
class Run:
    """One job that was done.

    :param call: the usage of the call for a library; for a tool the same as `process`.
    :param process: the usage of the whole process, from its start to its end.
    """

    call: Usage
    process: Usage


@dataclass
class Record:
    """All runs of a contestant in a scenario.

    :param count: the number of files or keys of each run.
    :param title: the title of its method in the tables.
    :param version: None if it is not installed.
    :param failures: the reason of each run that failed.
    """

    contestant: Contestant
    count: int
    title: str
    version: str | None
    runs: list[Run] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class RunFailedError(Exception):
    """A contestant did not do its job."""


def measure(
    arena: Arena, contestants: Sequence[Contestant], *, rounds: int, log: Callable[[str], None]
) -> list[Record]:
    """Run the contestants one after the other, round by round, so that a noisy minute affects all of them.

    Each round has another order, so that no contestant always follows the same one. The orders are the same
    in every run.
    """
    scenario = arena.scenario
    records = [
        Record(one, scenario.count_for(one.name), one.methods[scenario.verb].title, one.version())
        for one in contestants
    ]
    orders = random.Random(scenario.name)  # noqa: S311 - no secret
    for _ in range(rounds):
        present = [record for record in records if record.version is not None]
        for record in orders.sample(present, len(present)):
            log(f"{scenario.name}, {record.contestant.name}: {_record_run(arena, record)}")
    return records


def _record_run(arena: Arena, record: Record) -> str:
    try:
        run = _run(arena, record)
    except (RunFailedError, WrongObjectsError) as error:
        record.failures.append(str(error))
        return f"failed: {error}"
    record.runs.append(run)
    return f"{run.call.wall:.2f} s, CPU {run.call.cpu:.2f} s, {record.count / run.call.wall:.1f} a second"


def _run(arena: Arena, record: Record) -> Run:
    contestant, scenario = record.contestant, arena.scenario
    job = arena.begin(record.count)
    finished = of_process(
        contestant.methods[scenario.verb].command(job),
        environment=arena.environment(),
        standard_input=job.to_json() if contestant.is_library else "",
        within=START_WITHIN + scenario.size * record.count / SLOWEST_BYTES + record.count / SLOWEST_KEYS,
    )
    if finished.code != 0:
        raise RunFailedError(f"exit code {finished.code}: {_reason(finished.errors)}")
    arena.check(record.count)
    # Airflow may log to stdout as well.
    call = Usage(**json.loads(finished.output.splitlines()[-1])) if contestant.is_library else finished.usage
    return Run(call, finished.usage)


def _reason(errors: str) -> str:
    lines = [line for line in errors.splitlines() if line.strip()] or ["it printed nothing"]
    # The message at the end of a traceback may have several lines.
    named = [line for line in lines if re.match(r"\S*(error|exception)", line, re.IGNORECASE)]
    return (named or lines)[-1]
