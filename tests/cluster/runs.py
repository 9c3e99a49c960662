"""A DAG run of the cluster, read through Airflow's API as the web UI does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cluster.airflow import Cluster

ENDED = ("success", "failed")
# A worker's death takes a minute; a slow machine needs many.
END_WITHIN = 900.0


@dataclass(frozen=True)
class DagRun:
    """A run that was triggered."""

    cluster: Cluster
    dag_id: str
    run_id: str

    @classmethod
    def triggered(cls, cluster: Cluster, dag_id: str, form: Mapping[str, Any]) -> DagRun:
        """Trigger a run with a form, as soon as Airflow has the DAG."""
        dag = f"/api/v2/dags/{dag_id}"
        cluster.wait_for(f"DAG {dag_id}", lambda: cluster.web.request(dag))
        run = cluster.web.request(f"{dag}/dagRuns", {"logical_date": None, "conf": dict(form)})
        return cls(cluster, dag_id, run["dag_run_id"])

    def end(self) -> str:
        """Wait for the end of the run; return its state."""

        def state() -> str | None:
            now = self._request("")["state"]
            return now if now in ENDED else None

        return str(self.cluster.wait_for("end of the run", state, END_WITHIN))

    def tasks(self) -> list[dict[str, Any]]:
        """Return the last try of every task."""
        tasks: list[dict[str, Any]] = self._request("/taskInstances?limit=100")["task_instances"]
        return tasks

    def task(self, task_id: str, map_index: int) -> dict[str, Any]:
        """Return the last try of one mapped task."""
        task: dict[str, Any] = self._request(f"/taskInstances/{task_id}/{map_index}")
        return task

    def result(self, task_id: str) -> Any:
        """Return what a task returned."""
        return self._request(f"/taskInstances/{task_id}/xcomEntries/return_value?deserialize=true")["value"]

    def states(self) -> dict[str, str]:
        """Return the state of every task, for a failure's message."""
        return {f"{task['task_id']}[{task['map_index']}]": task["state"] for task in self.tasks()}

    def _request(self, path: str) -> Any:
        run = quote(self.run_id, safe="")
        return self.cluster.web.request(f"/api/v2/dags/{self.dag_id}/dagRuns/{run}{path}")
