"""Run a DAG as Airflow does: serialised, scheduled, rendered, retried, with its XComs stored."""

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
    """Ignore warnings of Airflow and its dependencies; warnings of this package stay errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", module=r"airflow_s3ops\b")
        yield


def serialise(dag: DAG) -> None:
    """Store the DAG in the database, as the DAG processor does with the DAGs folder."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager

    from tests.compat import dag_bag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]
    bag = dag_bag(os.devnull, bundle_path=Path(os.devnull), bundle_name=BUNDLE)
    bag.bag_dag(dag)
    sync_bag_to_db(bag, BUNDLE)


def by_id(run: DagRun) -> dict[str, TaskInstance]:
    """Return the task instances of a run by their ids; those of a mapped task as `id[index]`."""
    instances = run.get_task_instances()
    return {ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]": ti for ti in instances}
