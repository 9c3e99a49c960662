"""A benchmark of a second or two, for those contestants that come with our own environment."""

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
from benchmarks.contestants import CONTESTANTS
from benchmarks.scenarios import MIB, SCENARIOS, Scenario

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tests.servers import S3Server

INSTALLED = ("ours", "load_file", "boto3")
SMALL = Scenario("small", "One small file", "upload_file", MIB)


def serving(server: S3Server) -> Any:
    def serve(*, tls: bool) -> AbstractContextManager[S3Server]:
        assert not tls
        return nullcontext(server)

    return serve


def test_a_smoke_run_measures_everyone_and_writes_both_files(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "relay_rate", lambda: 700.0 * MIB)
    asked = ["--rounds", "1", "--size", "20", "--only", "http", "--out", str(tmp_path)]
    for name in INSTALLED:
        asked += ["--contestant", name]

    assert run.main(asked, serving(server)) == 0

    written = json.loads((tmp_path / "partial.json").read_text())
    (scenario,) = written["scenarios"]
    assert [row["name"] for row in scenario["contestants"]] == list(INSTALLED)
    for row in scenario["contestants"]:
        assert row["failures"] == []
        assert row["call"]["wall"] > 0
        assert row["process"]["wall"] > row["call"]["wall"]
        assert row["process"]["memory"] > 30 * MIB
        assert row["ratios"]["load_file"]["cpu"] > 0
    page = (tmp_path / "partial.md").read_text()
    assert "## One file, http: 20 MiB" in page
    assert "Aim: wall time at most 0.75 times load_file: " in page
    assert not server.client().list_buckets(Prefix="s3ops-bench").get("Buckets")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; sys.exit('ValueError: boom')", "exit code 1: ValueError: boom"),
        ("print(0)", "the bucket holds []"),
    ],
)
def test_who_uploads_nothing_has_failed(server: S3Server, code: str, reason: str) -> None:
    boto3 = next(one for one in CONTESTANTS if one.name == "boto3")
    broken = replace(boto3, starts={"upload_file": lambda _job: [sys.executable, "-c", code]})

    with arena(SMALL, serving(server)) as place:
        (record,) = measure.measure(place, [broken], rounds=2, tell=lambda _line: None)

    assert record.failures == [reason, reason]
    assert record.runs == []


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
