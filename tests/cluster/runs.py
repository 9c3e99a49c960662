"""A DAG run of the cluster, asked about as the web UI asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.cluster.airflow import Cluster

ENDED = ("success", "failed")
# A worker's death costs a minute, a slow machine many.
END_WITHIN = 900.0


@dataclass(frozen=True)
class DagRun:
    """A run that was triggered."""

    cluster: Cluster
    dag_id: str
    run_id: str

    @classmethod
    def triggered(cls, cluster: Cluster, dag_id: str, form: Mapping[str, Any]) -> DagRun:
        """Fill in the form, as soon as the DAG is known."""
        dag = f"/api/v2/dags/{dag_id}"
        cluster.wait_for(f"DAG {dag_id}", lambda: cluster.web.ask(dag))
        run = cluster.web.ask(f"{dag}/dagRuns", {"logical_date": None, "conf": dict(form)})
        return cls(cluster, dag_id, run["dag_run_id"])

    def end(self) -> str:
        """Wait for the end; return the state."""

        def state() -> str | None:
            now = self._ask("")["state"]
            return now if now in ENDED else None

        return str(self.cluster.wait_for("end of the run", state, END_WITHIN))

    def tasks(self) -> list[dict[str, Any]]:
        """Return the last try of every task."""
        tasks: list[dict[str, Any]] = self._ask("/taskInstances?limit=100")["task_instances"]
        return tasks

    def task(self, task_id: str, map_index: int) -> dict[str, Any]:
        """Return the last try of one mapped task."""
        task: dict[str, Any] = self._ask(f"/taskInstances/{task_id}/{map_index}")
        return task

    def result(self, task_id: str) -> Any:
        """Return what a task returned."""
        return self._ask(f"/taskInstances/{task_id}/xcomEntries/return_value?deserialize=true")["value"]

    def states(self) -> dict[str, str]:
        """Return the state of every task, for a failure's message."""
        return {f"{task['task_id']}[{task['map_index']}]": task["state"] for task in self.tasks()}

    def _ask(self, what: str) -> Any:
        run = quote(self.run_id, safe="")
        return self.cluster.web.ask(f"/api/v2/dags/{self.dag_id}/dagRuns/{run}{what}")
