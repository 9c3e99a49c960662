"""Fixtures: the example DAGs in Airflow's database, and a function that runs one."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.servers.purge import delete_bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow.dag_processing.dagbag import BundleDagBag
    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG
    from types_boto3_s3 import S3Client

    from tests.servers import S3Server

DAGS = Path(__file__).parents[2] / "dags"
BUNDLE = "dags-folder"
OUR_MODULES = "airflow_s3ops|unusual_prefix_"  # the second is how Airflow names modules of DAG files
GOOD_TABLE = "#code\tcoordinates\tTZ\tcomments\nKR\t+3733+12658\tAsia/Seoul\n"


class Run:
    """A finished run of a DAG."""

    def __init__(self, run: DagRun) -> None:
        """Read it; `states` has those of the task instances, by task id."""
        self._run = run
        self.state = str(run.state)
        self.run_id = str(run.run_id)
        self.day = run.run_after.date().isoformat()
        self.states: dict[str, set[str]] = {}
        for instance in run.get_task_instances():
            self.states.setdefault(instance.task_id, set()).add(str(instance.state))

    def result(self, task_id: str) -> Any:
        """Return what a task returned; None if it failed."""
        instance = self._run.get_task_instance(task_id)
        assert instance is not None
        return instance.xcom_pull(task_ids=task_id)


class RunDag(Protocol):
    """Runs a DAG to its end, with the given form, and without retries to save time."""

    def __call__(self, dag_id: str, *, change: Callable[[DAG], None] = ..., **form: Any) -> Run:
        """Run it, after `change` has changed the DAG."""
        ...


def parsed(path: Path) -> BundleDagBag:
    """Import a DAG file or a folder of DAG files as Airflow does; warnings are errors, as in all tests."""
    from tests.compat import bundle_dag_bag

    return bundle_dag_bag(path, bundle_path=DAGS, bundle_name=BUNDLE)


@pytest.fixture(scope="session")
def dag_bag(airflow_db: None) -> BundleDagBag:  # noqa: ARG001 - it must be there
    """All example DAGs."""
    return parsed(DAGS)


@pytest.fixture(scope="session")
def known_dags(dag_bag: BundleDagBag) -> None:
    """Store the DAGs in Airflow's database, as its DAG processor does: `dag.test()` reads them there."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager

    from tests.compat import sync_bag_to_db

    manager: Any = DagBundlesManager
    manager().sync_bundles_to_db()
    sync_bag_to_db(dag_bag, BUNDLE)


@pytest.fixture
def run_dag(known_dags: None, connection: str) -> RunDag:  # noqa: ARG001 - they must be there
    """A function that runs DAGs with the server's connection."""

    def run(dag_id: str, *, change: Callable[[DAG], None] = lambda _dag: None, **form: Any) -> Run:
        # Parse the file for each run: a run writes its values into the form's fields.
        dag = parsed(DAGS / f"{dag_id}.py").dags[dag_id]
        for task in dag.tasks:
            task.retries = 0
        change(dag)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Airflow's own
            warnings.filterwarnings("error", module=OUR_MODULES)
            return Run(dag.test(run_conf={"aws_conn_id": connection, **form}))

    return run


@pytest.fixture
def new_bucket(s3: S3Client) -> Iterator[str]:
    """A name for a bucket that a DAG creates; the bucket is deleted at the end."""
    import uuid

    name = f"s3ops-{uuid.uuid4().hex[:20]}"
    yield name
    delete_bucket(s3, name)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """A landing folder with one good table."""
    folder = tmp_path / "landing"
    folder.mkdir()
    (folder / "good.tab").write_text(GOOD_TABLE)
    return folder


@pytest.fixture
def keys(s3: S3Client) -> Callable[[str], list[str]]:
    """A function that lists the keys of a bucket."""

    def of(bucket: str) -> list[str]:
        return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]

    return of


@pytest.fixture
def report(s3: S3Client, keys: Callable[[str], list[str]]) -> Callable[[str, Run], dict[str, str]]:
    """A function that returns the status of each file in a run's report."""

    def of(bucket: str, run: Run) -> dict[str, str]:
        (key,) = (key for key in keys(bucket) if key.endswith(f"/{run.run_id}.json"))
        content = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        return {line["file"]: line["status"] for line in content["lines"]}

    return of


@pytest.fixture
def anonymous_status(server: S3Server) -> Callable[[str, str], int]:
    """A function that returns the HTTP status of an object's link without credentials."""

    def status(bucket: str, key: str) -> int:
        try:
            with urlopen(f"{server.endpoint_url}/{bucket}/{key}", timeout=10) as response:
                return int(response.status)
        except HTTPError as error:
            error.close()
            return error.code

    return status
