"""Checkpoints in Airflow's task state store, which keeps data between the tries of a task instance."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Context

_KEY = "airflow_s3ops.upload"
_HASH_DIGITS = 32


class TaskCheckpoint:
    """A checkpoint that survives retries of the same task instance.

    :param store: ``context["task_state_store"]`` of Airflow 3.3 and newer.
    :param key: the key in the store.
    """

    def __init__(self, store: Any, key: str = _KEY) -> None:
        self._store = store
        self._key = key

    def get(self) -> dict[str, Any] | None:
        """Return the stored state, or None."""
        return cast("dict[str, Any] | None", self._store.get(self._key))

    def set(self, state: dict[str, Any]) -> None:
        """Store a state: plain JSON of well under 64 KB."""
        self._store.set(self._key, state)

    def clear(self) -> None:
        """Delete the stored state."""
        self._store.delete(self._key)


def task_checkpoint(context: Context) -> TaskCheckpoint | None:
    """Return the task's checkpoint; None on Airflow 3.1 and 3.2, which store nothing between tries."""
    store = context.get("task_state_store")
    return None if store is None else TaskCheckpoint(store)


def task_checkpoints(context: Context) -> Callable[[str], TaskCheckpoint] | None:
    """Return a function that returns a checkpoint for each key of an upload; None on Airflow 3.1 and 3.2."""
    store = context.get("task_state_store")
    if store is None:
        return None

    def checkpoint_for(key: str) -> TaskCheckpoint:
        # A key may have 1,024 bytes, and characters with which the store's own requests would fail.
        digits = hashlib.sha256(key.encode()).hexdigest()[:_HASH_DIGITS]
        return TaskCheckpoint(store, f"{_KEY}.{digits}")

    return checkpoint_for
