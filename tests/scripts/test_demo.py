"""`make demo`."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from scripts import demo
from scripts.local_airflow import REGION
from scripts.showcase import owner_client

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripts.conftest import Start

TABLES = ("zone.tab", "zone1970.tab", "zonenow.tab")


def rows(output: str, title: str) -> dict[str, list[str]]:
    """Parse a printed table: the cells of each row, by its first cell."""
    _, _, after = output.partition(f"{title}")
    lines = [line.split("  ") for line in after.split("\n\n")[0].splitlines()[2:]]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    return {first: others for first, *others in cells}


@pytest.mark.slow
def test_it_shows_the_objects_and_what_a_reader_without_credentials_gets(start: Start, home: Path) -> None:
    running = start("scripts.demo")
    output = running.wait_for("as expected")
    assert running.process.wait(30) == 0, output
    reported = {file: cells[0] for file, cells in rows(output, "What the DAG reports").items()}
    assert reported == {"iso3166.tab": "set aside", **dict.fromkeys(TABLES, "published")}
    stored = rows(output, "What is in the bucket s3ops-demo")
    received = rows(output, "What a reader without credentials gets from each link")
    assert len(stored) == len(received) == 8
    for key, (size, content_type, checksum, readers) in stored.items():
        is_public = key.startswith("published/")
        assert readers == ("everyone" if is_public else "owner")
        assert content_type.startswith("text/tab") is is_public
        assert (int(size) > 0, len(checksum)) == (True, 12)
        assert received[key][0] == ("200" if is_public else "403")
        assert ("tzdb timezone descriptions" in received[key][1]) is is_public
    assert (home / "demo.log").read_text().count("Task failed") == 0
    assert running.left() == []


def test_it_fails_if_the_bucket_is_not_as_expected(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make_an_empty_bucket(_home: Path, address: str, _day: str) -> None:
        client: Any = owner_client(address)
        client.create_bucket(Bucket=demo.BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        client.put_object(Bucket=demo.BUCKET, Key="stray", Body=b"x")

    (home / "landing" / "time-zones").mkdir(parents=True)
    (home / "landing" / "time-zones" / "zone.tab").write_text("rows")
    monkeypatch.setattr(demo, "run_dag", make_an_empty_bucket)
    assert demo.demonstrate(home) == 1
    _, _, problems = capsys.readouterr().out.partition("Not as expected:")
    assert "/zone.tab is missing" in problems
    assert "stray should not exist" in problems
    assert "there are 0 reports, not 1" in problems


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=lambda ending: ending.name)
def test_it_can_be_stopped_and_leaves_no_process(start: Start, ending: signal.Signals) -> None:
    running = start("scripts.demo")
    running.wait_for("S3 server")
    assert running.left() != []
    running.process.send_signal(ending)
    assert running.process.wait(30) == 130
    assert running.left() == []


@pytest.mark.slow
def test_a_run_that_fails_shows_the_end_of_its_log(start: Start, home: Path) -> None:
    (home / "landing").write_text("a file where the folder should be")
    running = start("scripts.demo")
    output = running.wait_for("The demo failed.")
    assert running.process.wait(30) == 1
    assert "demo.log ends with" in output
    assert "DagRun failed" in output
    assert running.left() == []
