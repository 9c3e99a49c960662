"""A DAG as Airflow runs it: serialised, scheduled, rendered, retried, its XComs stored."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.sdk import DAG

BUNDLE = "dags-folder"


@contextmanager
def only_our_warnings() -> Iterator[None]:
    """Ignore what Airflow and all it brings warn of; what this package causes stays an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", module=r"airflow_s3ops\b")
        yield


def serialise(dag: DAG) -> None:
    """Put the DAG into the database, as the DAG processor does with those of the DAGs folder."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager

    from tests.compat import dag_bag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]
    bag = dag_bag(os.devnull, bundle_path=Path(os.devnull), bundle_name=BUNDLE)
    bag.bag_dag(dag)
    sync_bag_to_db(bag, BUNDLE)


def by_id(run: DagRun) -> dict[str, TaskInstance]:
    """Give the task instances of a run by their ids; those of a mapped task as `id[index]`."""
    instances = run.get_task_instances()
    return {ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]": ti for ti in instances}
