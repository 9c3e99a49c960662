"""Let the contestants of a scenario do its work in turns, and keep what each run used."""

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
# Who is slower has failed.
SLOWEST_BYTES = 10e6  # a second
SLOWEST_KEYS = 20  # a second; slower ones get samples, for which START_WITHIN alone would be enough


@dataclass(frozen=True)
class Run:
    """One job, done.

    :param call: of a library what the call used, of a tool the same as `process`.
    :param process: what the whole process used, from its start to its end.
    """

    call: Usage
    process: Usage


@dataclass
class Record:
    """All that a contestant did in a scenario.

    :param count: the files or keys of each run.
    :param title: what it does them with.
    :param version: None if it is not installed.
    :param failures: what went wrong, one line for each run that failed.
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
    arena: Arena, contestants: Sequence[Contestant], *, rounds: int, tell: Callable[[str], None]
) -> list[Record]:
    """Run the contestants one after the other, round by round, so that a noisy minute hits all of them.

    Each round has an order of its own, the same in every run: nobody always follows the same other one.
    """
    scenario = arena.scenario
    records = [
        Record(one, scenario.count_for(one.name), one.ways[scenario.verb].title, one.version())
        for one in contestants
    ]
    orders = random.Random(scenario.name)  # noqa: S311 - no secret
    for _ in range(rounds):
        present = [record for record in records if record.version is not None]
        for record in orders.sample(present, len(present)):
            tell(f"{scenario.name}, {record.contestant.name}: {_turn(arena, record)}")
    return records


def _turn(arena: Arena, record: Record) -> str:
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
        contestant.ways[scenario.verb].command(job),
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
    lines = [line for line in errors.splitlines() if line.strip()] or ["it said nothing"]
    # What a traceback ends with may go on for lines.
    named = [line for line in lines if re.match(r"\S*(error|exception)", line, re.IGNORECASE)]
    return (named or lines)[-1]
