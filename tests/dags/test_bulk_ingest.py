"""The DAG bulk_ingest: it plans, uploads in shards, joins, and publishes last."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3.files.find import find_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from tests.dags.conftest import Run, RunDag

    Keys = Callable[[str], list[str]]

DAY = "2026-02-03"
NAMES = ["a/0.csv", "a/1.csv", "a.csv", "b/c/2.csv", "d.csv"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with five files, and one that is left out."""
    for name in [*NAMES, "code.py"]:
        path = tmp_path / "many" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "many"


@pytest.fixture
def ingest(run_dag: RunDag, folder: Path) -> Callable[..., Run]:
    """A function that runs the DAG on the folder for one day."""

    def run(bucket: str, **form: Any) -> Run:
        return run_dag("bulk_ingest", bucket=bucket, **{"folder": str(folder), "day": DAY, **form})

    return run


def content(s3: S3Client, bucket: str, key: str) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_all_files_are_uploaded_in_shards_and_latest_json_names_their_joined_manifest(
    ingest: Callable[..., Run], new_bucket: str, s3: S3Client, keys: Keys
) -> None:
    run = ingest(new_bucket, shards=4)
    assert run.state == "success"
    data = {f"data/dt={DAY}/{name}": name.encode() for name in NAMES}
    shards = {f"manifests/dt={DAY}/{run.run_id}/shard-{number}.jsonl" for number in range(4)}
    joined = f"manifests/dt={DAY}/all.jsonl"
    assert set(keys(new_bucket)) == data.keys() | shards | {joined, "latest.json"}
    assert {key: content(s3, new_bucket, key) for key in data} == data
    listed = [json.loads(line)["key"] for line in content(s3, new_bucket, joined).splitlines()]
    assert sorted(listed) == sorted(data)
    latest = json.loads(content(s3, new_bucket, "latest.json"))
    assert latest == {
        "day": DAY,
        "prefix": f"data/dt={DAY}/",
        "manifest": f"s3://{new_bucket}/{joined}",
        "objects": len(NAMES),
        "bytes": sum(map(len, NAMES)),
        "run_id": run.run_id,
    }


def test_a_second_run_does_not_change_existing_objects(
    ingest: Callable[..., Run], new_bucket: str, s3: S3Client
) -> None:
    ingest(new_bucket)
    key = f"data/dt={DAY}/{NAMES[0]}"
    before = s3.head_object(Bucket=new_bucket, Key=key)["LastModified"]
    run = ingest(new_bucket)
    assert run.state == "success"
    assert s3.head_object(Bucket=new_bucket, Key=key)["LastModified"] == before
    assert run.result("publish")["objects"] == len(NAMES)


def test_one_shard_is_published_like_many(ingest: Callable[..., Run], new_bucket: str) -> None:
    run = ingest(new_bucket, shards=1)
    assert run.state == "success"
    assert run.result("publish")["objects"] == len(NAMES)


def test_without_a_folder_it_uploads_the_time_zone_database(
    run_dag: RunDag, new_bucket: str, keys: Keys
) -> None:
    run = run_dag("bulk_ingest", bucket=new_bucket)
    assert run.state == "success"
    database = Path(str(files("tzdata") / "zoneinfo"))
    zones = {file.relative for file in find_files(database, exclude=["*.py", "*.pyc"])}
    assert run.result("publish")["objects"] == len(zones)
    assert {f"data/dt={run.day}/{name}" for name in sorted(zones)[:400]} <= set(keys(new_bucket))


def test_an_empty_folder_publishes_nothing(
    ingest: Callable[..., Run], new_bucket: str, tmp_path: Path, keys: Keys
) -> None:
    (tmp_path / "empty").mkdir()
    run = ingest(new_bucket, folder=str(tmp_path / "empty"))
    assert run.state == "failed"
    assert run.states["plan"] == {"failed"}
    assert keys(new_bucket) == []
