"""A benchmark of a second or two, for the contestants that our own environment has."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import measure, run
from benchmarks.arena import arena
from benchmarks.contestants import CONTESTANTS, Contestant, Method
from benchmarks.relay_rate import RelayRate
from benchmarks.scenarios import MIB, SCENARIOS, Scenario, Verb

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from benchmarks.measure import Record
    from tests.servers import S3Server

pytestmark = pytest.mark.slow

INSTALLED = ("ours", "provider", "boto3")
SMALL = Scenario("small", "One small file", "upload_file", MIB)
FILES = Scenario("few", "A few small files", "upload_files", 1000, 25, samples={"boto3": 7})
KEYS = Scenario("keys", "A few keys", "delete_prefix", 10, 25)
VERSIONS = Scenario("versions", "A few keys with versions", "delete_versions", 10, 6)


def serving(server: S3Server) -> Any:
    def serve(*, tls: bool) -> AbstractContextManager[S3Server]:
        assert not tls
        return nullcontext(server)

    return serve


def test_a_smoke_run_measures_everyone_and_writes_both_files(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "relay_rate", lambda: RelayRate(700.0 * MIB, 5_000))
    monkeypatch.setattr(run, "WARM_UP", SMALL)
    arguments = ["--rounds", "1", "--size", "20", "--only", "http", "--out", str(tmp_path)]
    for name in INSTALLED:
        arguments += ["--contestant", name]

    assert run.main(arguments, serving(server)) == 0

    written = json.loads((tmp_path / "partial.json").read_text())
    (scenario,) = written["scenarios"]
    assert [row["name"] for row in scenario["contestants"]] == list(INSTALLED)
    for row in scenario["contestants"]:
        assert row["failures"] == []
        assert row["call"]["wall"] > 0
        assert row["process"]["wall"] > row["call"]["wall"]
        assert row["process"]["memory"] > 30 * MIB
        assert row["ratios"]["provider"]["cpu"] > 0
    page = (tmp_path / "partial.md").read_text()
    assert "## One file, http: 20 MiB" in page
    assert "Aim: wall time at most 0.75 times the provider: " in page
    assert not server.client().list_buckets(Prefix="s3ops-bench").get("Buckets")


def contestant(name: str) -> Contestant:
    return next(one for one in CONTESTANTS if one.name == name)


def fake_contestant(code: str, verb: Verb) -> Contestant:
    """Return a contestant that runs this code, with the job on stdin."""
    method = Method("a fake", lambda _job: [sys.executable, "-c", code])
    return replace(contestant("boto3"), methods={verb: method})


def measured(server: S3Server, scenario: Scenario, *contestants: Contestant, rounds: int = 1) -> list[Record]:
    with arena(scenario, serving(server)) as place:
        return measure.measure(place, contestants, rounds=rounds, log=lambda _line: None)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; sys.exit('ValueError: boom')", "exit code 1: ValueError: boom"),
        ("print(0)", "1 wrong objects: folder/source.bin exists 0 times"),
    ],
)
def test_a_contestant_that_uploads_nothing_has_failed(server: S3Server, code: str, reason: str) -> None:
    (record,) = measured(server, SMALL, fake_contestant(code, "upload_file"), rounds=2)

    assert record.failures == [reason, reason]
    assert record.runs == []


@pytest.mark.parametrize("name", ["provider", "boto3", "boto3_threads"])
def test_many_files_are_uploaded_unchanged(server: S3Server, name: str) -> None:
    (record,) = measured(server, FILES, contestant(name), rounds=2)

    assert record.failures == []
    assert len(record.runs) == 2
    assert record.count == (7 if name == "boto3" else 25)


def test_one_file_with_other_content_is_a_failure(server: S3Server) -> None:
    change_one_file = """
import dataclasses, pathlib, sys
from benchmarks import calls
from benchmarks.job import Job
job = Job.from_json(sys.stdin.read())
path = pathlib.Path(job.source, "0000", "000003.bin")
path.write_bytes(path.read_bytes()[::-1])
calls.CALLS["boto3", "upload_files"](job)()
print('{"wall": 1, "cpu": 1, "memory": 1}')
"""
    (record,) = measured(server, FILES, fake_contestant(change_one_file, "upload_files"))

    assert record.failures[0].startswith(
        "1 wrong objects: folder/0000/000003.bin has 1000 bytes and the ETag"
    )


@pytest.mark.parametrize("scenario", [KEYS, VERSIONS], ids=lambda one: one.verb)
@pytest.mark.parametrize("name", ["ours", "provider"])
def test_each_run_starts_with_all_keys_and_leaves_none(
    server: S3Server, scenario: Scenario, name: str
) -> None:
    (record,) = measured(server, scenario, contestant(name), rounds=2)

    assert record.failures == []
    assert len(record.runs) == 2


def test_versions_behind_a_delete_marker_are_a_failure(server: S3Server) -> None:
    only_mark = """
import sys
from benchmarks import calls
from benchmarks.job import Job
calls.CALLS["boto3", "delete_prefix"](Job.from_json(sys.stdin.read()))()
print('{"wall": 1, "cpu": 1, "memory": 1}')
"""
    (record,) = measured(server, VERSIONS, fake_contestant(only_mark, "delete_versions"))

    # Six keys, each with four versions and a delete marker.
    assert record.failures[0].startswith("30 wrong objects: folder/0000/000000.bin should not be there")


def test_deleting_keys_outside_the_prefix_is_a_failure(server: S3Server) -> None:
    delete_too_much = """
import dataclasses, sys
from benchmarks import calls
from benchmarks.job import Job
job = dataclasses.replace(Job.from_json(sys.stdin.read()), key="folder")
calls.CALLS["boto3", "delete_prefix"](job)()
print('{"wall": 1, "cpu": 1, "memory": 1}')
"""
    (record,) = measured(server, KEYS, fake_contestant(delete_too_much, "delete_prefix"))

    assert record.failures[0].startswith("20 wrong objects: folder-kept/0000/000000.bin exists 0 times")


def test_every_round_has_another_order_and_every_run_the_same_orders(server: S3Server) -> None:
    fakes = [replace(fake_contestant("raise SystemExit(1)", "upload_file"), name=name) for name in "abcde"]

    def order() -> list[str]:
        lines: list[str] = []
        with arena(SMALL, serving(server)) as place:
            measure.measure(place, fakes, rounds=3, log=lines.append)
        return [line.split(", ")[1][0] for line in lines]

    first = order()
    rounds = [first[:5], first[5:10], first[10:]]
    assert all(sorted(one) == list("abcde") for one in rounds)
    assert rounds[0] != rounds[1] != rounds[2]
    assert order() == first


def test_nothing_is_left_on_the_server_or_the_memory_disk(server: S3Server) -> None:
    with arena(KEYS, serving(server)) as place:
        place.begin(5)
        scratch = place.home.parent

    assert not scratch.exists()
    assert server.folder is None or not Path(server.folder, "kept").exists()
    assert not server.client().list_buckets(Prefix="s3ops-bench").get("Buckets")


def test_a_contestant_sees_no_credentials_of_this_machine(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "ours")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

    with arena(SMALL, serving(server)) as place:
        seen = place.environment()

    assert not {"AWS_SESSION_TOKEN", "HTTPS_PROXY"} & seen.keys()
    assert seen["HOME"] != str(Path.home())


def test_names_are_unique() -> None:
    for named in (SCENARIOS, CONTESTANTS):
        names = [one.name for one in named]
        assert len(set(names)) == len(names)
