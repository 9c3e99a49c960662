"""Let the contestants of a scenario do its work in turns, and keep what each run used."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.arena import WrongObjectError
from benchmarks.usage import Usage, of_process

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.arena import Arena
    from benchmarks.contestants import Contestant

START_WITHIN = 60.0
SLOWEST = 10e6  # bytes a second; who is slower has failed


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

    :param version: None if it is not installed.
    :param failures: what went wrong, one line for each run that failed.
    """

    contestant: Contestant
    version: str | None
    runs: list[Run] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class RunFailedError(Exception):
    """A contestant did not do its job."""


def measure(
    arena: Arena, contestants: Sequence[Contestant], *, rounds: int, tell: Callable[[str], None]
) -> list[Record]:
    """Run the contestants one after the other, round by round, so that a noisy minute hits all of them.

    Each round begins with another one.
    """
    records = [Record(one, one.version()) for one in contestants]
    present = [record for record in records if record.version is not None]
    for number in range(rounds):
        first = number % max(1, len(present))
        for record in present[first:] + present[:first]:
            tell(f"{arena.scenario.name}, {record.contestant.name}: {_turn(arena, record)}")
    return records


def _turn(arena: Arena, record: Record) -> str:
    try:
        run = _run(arena, record.contestant)
    except (RunFailedError, WrongObjectError) as error:
        record.failures.append(str(error))
        return f"failed: {error}"
    finally:
        arena.clear()
    record.runs.append(run)
    return f"{run.call.wall:.2f} s, CPU {run.call.cpu:.2f} s"


def _run(arena: Arena, contestant: Contestant) -> Run:
    job = arena.job()
    finished = of_process(
        contestant.starts[job.verb](job),
        environment=arena.environment(),
        standard_input=job.to_json() if contestant.is_library else "",
        within=START_WITHIN + arena.scenario.size / SLOWEST,
    )
    if finished.code != 0:
        raise RunFailedError(f"exit code {finished.code}: {_reason(finished.errors)}")
    arena.check(job)
    # Airflow may log to stdout as well.
    call = Usage(**json.loads(finished.output.splitlines()[-1])) if contestant.is_library else finished.usage
    return Run(call, finished.usage)


def _reason(errors: str) -> str:
    lines = [line for line in errors.splitlines() if line.strip()] or ["it said nothing"]
    # What a traceback ends with may go on for lines.
    named = [line for line in lines if re.match(r"\S*(error|exception)", line, re.IGNORECASE)]
    return (named or lines)[-1]
