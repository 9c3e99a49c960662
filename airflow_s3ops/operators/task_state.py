"""What a task instance remembers from one try to the next: Airflow's task state store, as a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from airflow.sdk import Context

_KEY = "airflow_s3ops.upload"


class TaskCheckpoint:
    """A checkpoint that survives retries of the same task instance.

    :param store: ``context["task_state_store"]`` of Airflow 3.3 and newer.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self) -> dict[str, Any] | None:
        """Return what was kept, or None."""
        return cast("dict[str, Any] | None", self._store.get(_KEY))

    def set(self, state: dict[str, Any]) -> None:
        """Keep plain JSON of well under 64 KB."""
        self._store.set(_KEY, state)

    def clear(self) -> None:
        """Forget it."""
        self._store.delete(_KEY)


def task_checkpoint(context: Context) -> TaskCheckpoint | None:
    """Return the task's checkpoint; None on Airflow 3.1 and 3.2, which keep nothing between tries."""
    store = context.get("task_state_store")
    return None if store is None else TaskCheckpoint(store)
