"""The scenarios and the aims, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from airflow_s3ops.s3.requests.concurrency import DEFAULT_CONCURRENCY
from airflow_s3ops.s3.uploads.engine.plan import DEFAULT_PART_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

Verb = Literal["upload_file", "upload_files", "delete_prefix", "delete_versions"]

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True)
class Scenario:
    """One kind of work, for every contestant that supports it.

    :param verb: the kind of work, a key of :attr:`Contestant.methods`.
    :param size: bytes of a file, or of an object that is deleted.
    :param count: the number of files or keys.
    :param delay: the delay of every byte in seconds, each way; 0 means a direct connection to the server.
    :param sparse: the source is one hole, and the server's store is on a disk, because it may not fit in
        memory.
    :param contestants: their names; empty means all that support the verb.
    :param rounds: the maximum number of rounds; None means all rounds of the run.
    :param samples: smaller numbers of files or keys, for contestants that would take minutes.
    """

    name: str
    title: str
    verb: Verb
    size: int
    count: int = 1
    tls: bool = False
    delay: float = 0.0
    sparse: bool = False
    contestants: tuple[str, ...] = ()
    rounds: int | None = None
    samples: Mapping[str, int] = field(default_factory=dict)

    def count_for(self, contestant: str) -> int:
        """Return how many files or keys a contestant gets."""
        return min(self.count, self.samples.get(contestant, self.count))

    @property
    def full_title(self) -> str:
        """The title with number and size of the files or keys."""
        size = _with_unit(self.size)
        objects = {"upload_file": size, "upload_files": f"{self.count:,} of {size}"}
        return f"{self.title}: {objects.get(self.verb, f'{self.count:,} keys')}"


def _with_unit(size: int) -> str:
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size % unit == 0:
            return f"{size // unit:,} {name}"
    return f"{size} bytes"


@dataclass(frozen=True)
class Aim:
    """The target of ours in a scenario; exactly one of the two bounds is given.

    :param quantity: of the call: ``wall`` and ``cpu`` in seconds, ``memory`` in bytes above the idle process,
        ``rate`` in files or keys per second.
    :param at_most: an upper bound of the ratio to the contestant `against`; without one, of the quantity.
    :param at_least: a lower bound, if more is better.
    :param beyond: another scenario of the run; the bound is for how much more ours takes here than there.
    """

    scenario: str
    quantity: Literal["wall", "cpu", "memory", "rate"]
    at_most: float | None = None
    against: str | None = None
    at_least: float | None = None
    beyond: str | None = None


WARM_UP = Scenario("warm-up", "A few files, not counted", "upload_files", KIB, 10)

# These send one file or a few at a time, with two or three round trips for each file.
DISTANT = {"provider": 200, "boto3": 200, "rclone": 400}
# The contestants for scenarios in which latency or a large number would make the others take minutes.
FAST = ("ours", "provider", "s5cmd", "obstore")

SCENARIOS = (
    Scenario("http", "One file, http", "upload_file", GIB),
    Scenario("https", "One file, https", "upload_file", GIB, tls=True),
    Scenario("delay", "One file, http, 20 ms each way", "upload_file", GIB, delay=0.02, contestants=FAST),
    Scenario(
        "memory",
        "One sparse file, http",
        "upload_file",
        5 * GIB,
        sparse=True,
        contestants=("ours",),
        rounds=1,
    ),
    Scenario("files", "Small files, http", "upload_files", 4 * KIB, 4_000, samples={"aws": 1_000}),
    Scenario(
        "files_delay",
        "Small files, http, 20 ms each way",
        "upload_files",
        4 * KIB,
        4_000,
        delay=0.02,
        contestants=(*FAST, "boto3", "rclone"),
        samples=DISTANT,
    ),
    Scenario(
        "files_1mib",
        "Middling files, http",
        "upload_files",
        MIB,
        1_000,
        contestants=(*FAST, "boto3", "rclone", "aws"),
    ),
    Scenario(
        "delete",
        "Delete by prefix, http",
        "delete_prefix",
        100,
        20_000,
        contestants=(*FAST, "boto3", "rclone"),
    ),
    Scenario("delete_versions", "Delete all 4 versions of each, http", "delete_versions", 100, 5_000),
    Scenario(
        "files_100k",
        "Tiny files, http",
        "upload_files",
        KIB,
        100_000,
        contestants=("ours",),
        rounds=1,
    ),
)

AIMS = (
    *(Aim(name, "wall", 0.75, "provider") for name in ("http", "https")),
    *(Aim(name, "wall", 1.0, "s5cmd") for name in ("http", "https")),
    *(Aim(name, "cpu", 0.5, "provider") for name in ("http", "https")),
    Aim("delay", "wall", 0.6, "provider"),
    # Each part that is being sent is in memory once; a few MiB are for threads and connections.
    Aim("memory", "memory", DEFAULT_CONCURRENCY * DEFAULT_PART_SIZE + 16 * MIB),
    Aim("files", "rate", at_least=8.0, against="provider"),
    Aim("files", "rate", at_least=1.2, against="s5cmd"),
    Aim("files_delay", "rate", at_least=40.0, against="provider"),
    Aim("files_1mib", "rate", at_least=2.0, against="provider"),
    Aim("files_1mib", "rate", at_least=1.0, against="s5cmd"),
    *(Aim(name, "rate", at_least=2.5, against="provider") for name in ("delete", "delete_versions")),
    *(Aim(name, "rate", at_least=0.9, against="s5cmd") for name in ("delete", "delete_versions")),
    Aim("files_100k", "memory", 64 * MIB),
    # Memory is flat: path and metadata of each of 96,000 more files would take 30 MiB or more.
    Aim("files_100k", "memory", 16 * MIB, beyond="files"),
)
