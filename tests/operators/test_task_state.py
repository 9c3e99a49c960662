"""What a task instance remembers from one try to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from airflow_s3ops.operators.task_state import task_checkpoint

if TYPE_CHECKING:
    from airflow.sdk import Context


class Store:
    """Airflow's task state store, as far as its interface goes."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {"somebody else's": 1}

    def get(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        assert retention is None
        self.kept[key] = value

    def delete(self, key: str) -> None:
        del self.kept[key]


def context_of(**entries: Any) -> Context:
    return cast("Context", entries)


def test_an_airflow_without_a_store_keeps_nothing() -> None:
    assert task_checkpoint(context_of()) is None
    assert task_checkpoint(context_of(task_state_store=None)) is None


def test_what_is_set_is_found_again_until_it_is_cleared() -> None:
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


def test_what_others_keep_is_left_alone() -> None:
    store = Store()
    checkpoint = task_checkpoint(context_of(task_state_store=store))
    assert checkpoint is not None
    checkpoint.set({"upload_id": "u1"})
    checkpoint.clear()
    assert store.kept == {"somebody else's": 1}
