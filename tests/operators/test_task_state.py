"""Checkpoints that are kept from one try of a task instance to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from airflow_s3ops.operators.task_state import task_checkpoint

if TYPE_CHECKING:
    from airflow.sdk import Context


class Store:
    """A fake with the interface of Airflow's task state store."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {"another entry": 1}

    def get(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        assert retention is None
        self.kept[key] = value

    def delete(self, key: str) -> None:
        del self.kept[key]


def context_of(**entries: Any) -> Context:
    return cast("Context", entries)


def test_without_a_store_there_is_no_checkpoint() -> None:
    assert task_checkpoint(context_of()) is None
    assert task_checkpoint(context_of(task_state_store=None)) is None


def test_a_state_is_stored_until_it_is_cleared() -> None:
    store = Store()
    checkpoint = task_checkpoint(context_of(task_state_store=store))
    assert checkpoint is not None
    assert checkpoint.get() is None
    checkpoint.set({"upload_id": "u1"})
    again = task_checkpoint(context_of(task_state_store=store))
    assert again is not None
    assert again.get() == {"upload_id": "u1"}
    again.clear()
    assert again.get() is None


def test_other_entries_of_the_store_are_not_changed() -> None:
    store = Store()
    checkpoint = task_checkpoint(context_of(task_state_store=store))
    assert checkpoint is not None
    checkpoint.set({"upload_id": "u1"})
    checkpoint.clear()
    assert store.kept == {"another entry": 1}
