"""Fixtures: a function that runs a DAG, and a connection through the fault proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from tests.operators.dag_runs import by_id, only_our_warnings, serialise

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance
    from airflow.sdk import DAG

    from tests.faults import FaultProxy


class RunDag(Protocol):
    """Runs a DAG and returns its task instances by id; those of a mapped task as `id[index]`."""

    def __call__(self, dag: DAG) -> dict[str, TaskInstance]: ...


@pytest.fixture
def run_dag(airflow_db: None) -> RunDag:  # noqa: ARG001 - the database must be there
    """A function that runs a DAG; a run takes seconds, so one run often proves several things."""

    def run(dag: DAG) -> dict[str, TaskInstance]:
        with only_our_warnings():
            serialise(dag)
            return by_id(dag.test())

    return run


@pytest.fixture
def through_faults(connection: str, faults: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a connection that goes through the proxy."""
    monkeypatch.setenv(f"AIRFLOW_CONN_{connection.upper()}", faults.server.connection_json())
    return connection
