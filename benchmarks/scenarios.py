"""What is measured, and what we aim at: plain data, one entry each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airflow_s3ops.s3.concurrency import DEFAULT_CONCURRENCY
from airflow_s3ops.s3.plan import DEFAULT_PART_SIZE

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True)
class Scenario:
    """One piece of work, done by every contestant that knows how.

    :param verb: what is to be done, a key of :attr:`Contestant.starts`.
    :param size: bytes of the source file.
    :param delay: seconds that every byte travels, each way; 0 means straight to the server.
    :param sparse: the source is all hole, and the store lies on a disk, for it need not fit in memory.
    :param contestants: their names; empty means all that know the verb.
    :param rounds: at most; None means as many as the run makes.
    """

    name: str
    title: str
    verb: Literal["upload_file"]
    size: int
    tls: bool = False
    delay: float = 0.0
    sparse: bool = False
    contestants: tuple[str, ...] = ()
    rounds: int | None = None


@dataclass(frozen=True)
class Aim:
    """What ours shall reach in a scenario.

    :param quantity: of the call: ``wall`` and ``cpu`` in seconds, ``memory`` in bytes above the idle process.
    :param at_most: a ratio to the contestant `against`; without one, the quantity itself.
    """

    scenario: str
    quantity: Literal["wall", "cpu", "memory"]
    at_most: float
    against: str | None = None


SCENARIOS = (
    Scenario("http", "One file, http", "upload_file", GIB),
    Scenario("https", "One file, https", "upload_file", GIB, tls=True),
    Scenario("delay", "One file, http, 20 ms each way", "upload_file", GIB, delay=0.02),
    Scenario(
        "memory",
        "One sparse file, http",
        "upload_file",
        5 * GIB,
        sparse=True,
        contestants=("ours", "load_file", "s5cmd"),
        rounds=1,
    ),
)

AIMS = (
    *(Aim(name, "wall", 0.75, "load_file") for name in ("http", "https")),
    *(Aim(name, "wall", 1.0, "s5cmd") for name in ("http", "https")),
    *(Aim(name, "cpu", 0.5, "load_file") for name in ("http", "https")),
    Aim("delay", "wall", 0.6, "load_file"),
    # Every part under way holds its bytes once, and then a few MiB for threads and connections.
    Aim("memory", "memory", DEFAULT_CONCURRENCY * DEFAULT_PART_SIZE + 16 * MIB),
)
