"""A worker dies in the middle of a bulk upload: the run succeeds, each object is complete and exists once."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3.files.find import find_files
from scripts.local_airflow import ROOT
from scripts.showcase import checksum_of
from tests.cluster.airflow import Cluster, airflow, settings
from tests.cluster.broker import redis
from tests.cluster.database import postgresql
from tests.cluster.middle import Middle
from tests.cluster.runs import DagRun
from tests.servers.process import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

# The test takes two minutes on an idle machine; the limit is for a very busy one.
pytestmark = pytest.mark.timeout(1800)

DAG_ID = "bulk_ingest"
DAY = "2026-01-31"
PREFIX = f"data/dt={DAY}/"
FILES = 600
SHARDS = 6
# The number of requests that pass before the first one without a response.
BEFORE = 150


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of many sizes, in folders."""
    chance = random.Random(7)
    landing = tmp_path / "landing"
    for number in range(FILES):
        path = landing / f"{number % 5}" / f"{number % 3}" / f"{number:04}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(chance.randrange(32_000)))
    return landing


@pytest.fixture
def cluster(faults: FaultProxy) -> Iterator[Cluster]:
    """Airflow with two workers, which reach the gateway through the proxy."""
    with scratch_folder("s3ops-cluster-") as home, postgresql() as database, redis() as broker:
        (home / "dags").mkdir()
        shutil.copy(ROOT / "dags" / f"{DAG_ID}.py", home / "dags")
        environment = settings(home, database, broker, faults.server.connection_json())
        with airflow(home, environment) as running:
            yield running


def stored(s3: S3Client, bucket: str, prefix: str = "") -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {entry["Key"] for page in pages for entry in page.get("Contents", ())}


def content(s3: S3Client, bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def rows(s3: S3Client, bucket: str, uri: str) -> list[dict[str, Any]]:
    key = uri.removeprefix(f"s3://{bucket}/")
    return [json.loads(line) for line in content(s3, bucket, key).splitlines()]


def test_a_worker_dies_in_the_middle_and_every_object_is_complete_and_exists_once(
    cluster: Cluster, faults: FaultProxy, s3: S3Client, bucket: str, folder: Path
) -> None:
    middle = Middle(PREFIX, BEFORE)
    faults.on("PUT", predicate=middle, times=None).stall()
    form = {"bucket": bucket, "folder": str(folder), "day": DAY, "shards": SHARDS}
    run = DagRun.triggered(cluster, DAG_ID, form)

    cluster.wait_for("upload in its middle", middle.is_reached)
    shard = shard_of(run.result("plan"), middle.path.partition(PREFIX)[2])
    victim = run.task("upload", shard)
    assert (victim["state"], victim["try_number"]) == ("running", 1)
    worker = cluster.worker_of(victim["pid"])
    assert worker is not None, f"no worker has the process {victim['pid']}"
    cluster.kill(worker)
    middle.is_over = True
    done = uploaded(faults)
    assert 0 < len(done) < FILES

    assert run.end() == "success", f"{run.states()}; the log ends with\n{cluster.log()}"
    assert {task["state"] for task in run.tasks()} == {"success"}
    assert run.task("upload", shard)["try_number"] > 1

    files = {f"{PREFIX}{file.relative}": (folder / file.relative).read_bytes() for file in find_files(folder)}
    assert len(files) == FILES
    assert stored(s3, bucket, PREFIX) == files.keys()
    assert [key for key, file in files.items() if content(s3, bucket, key) != file] == []

    latest = json.loads(content(s3, bucket, "latest.json"))
    listed = rows(s3, bucket, latest["manifest"])
    assert Counter(row["key"] for row in listed) == Counter(files.keys())
    wrong = [
        row["key"]
        for row in listed
        if (row["size"], row["checksum"]["value"]) != (len(files[row["key"]]), checksum_of(files[row["key"]]))
    ]
    assert wrong == []
    assert (latest["objects"], latest["bytes"]) == (FILES, sum(map(len, files.values())))
    assert (latest["prefix"], latest["run_id"]) == (PREFIX, run.run_id)

    # Objects that existed when the worker died were not sent a second time.
    sent = uploaded(faults)
    assert {path: sent[path] for path in done} == done


def uploaded(faults: FaultProxy) -> Counter[str]:
    """Count the successful PUT requests, by path."""
    records = faults.matching("PUT", path=PREFIX)
    return Counter(record.path for record in records if record.status == 200)


def shard_of(plan: list[dict[str, str]], relative: str) -> int:
    """Return the number of the shard that contains a file."""
    assert len(plan) == SHARDS
    (number,) = (
        n for n, shard in enumerate(plan) if relative in {file.relative for file in find_files(shard)}
    )
    return number
