"""PlanShardsOperator as a task."""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, Any, cast

import pytest
from airflow.sdk import DAG

from airflow_s3ops.operators import PlanShardsOperator
from airflow_s3ops.s3.errors import InvalidInput, SourceNotFound, Stopped
from tests.compat import AirflowFailException, DagSerialization
from tests.operators.samples import SAMPLES_WITHOUT_S3

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.sdk import Context

SAMPLE = SAMPLES_WITHOUT_S3[PlanShardsOperator]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).write_text(name)
    return tmp_path


def plan(**parameters: Any) -> list[Any]:
    operator = PlanShardsOperator(task_id="t", **parameters)
    context = cast("Context", {"params": {"shards": 2}})
    operator.render_template_fields(context)
    return operator.execute(context)


def test_a_template_sets_the_number_of_shards(folder: Path) -> None:
    shards = plan(source=str(folder), shards="{{ params.shards }}")
    assert shards == [
        {"source": str(folder), "from": "", "to": "c"},
        {"source": str(folder), "from": "c", "to": ""},
    ]


def test_patterns_select_files(folder: Path) -> None:
    assert len(plan(source=str(folder), shards=9, include=["a", "b"], exclude=["b"])) == 1


def test_a_source_without_files_is_an_error_unless_allow_empty_is_set(tmp_path: Path) -> None:
    with pytest.raises(AirflowFailException, match="allow_empty=True") as caught:
        plan(source=str(tmp_path), shards=2)
    assert isinstance(caught.value.__cause__, SourceNotFound)
    assert plan(source=str(tmp_path), shards=2, allow_empty="True") == []


@pytest.mark.parametrize("shards", [0, "none", None], ids=repr)
def test_a_wrong_number_ends_the_task_at_once(folder: Path, shards: Any) -> None:
    with pytest.raises(AirflowFailException, match="shards=") as caught:
        plan(source=str(folder), shards=shards)
    assert isinstance(caught.value.__cause__, InvalidInput)


def test_a_killed_task_stops_planning_and_keeps_its_retries(folder: Path) -> None:
    operator = PlanShardsOperator(task_id="t", source=str(folder), shards=2, include=["nothing"])
    operator.on_kill()
    with pytest.raises(Stopped):
        operator.execute(cast("Context", {}))
    assert copy.deepcopy(operator).shards == 2


def test_it_stores_its_parameters_and_all_are_template_fields() -> None:
    parameters = list(inspect.signature(PlanShardsOperator.__init__).parameters.values())[1:-1]
    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    assert [parameter.name for parameter in parameters] == list(PlanShardsOperator.template_fields)
    made = PlanShardsOperator(task_id="t", **SAMPLE)
    for one in (made, copy.deepcopy(made)):
        assert {name: getattr(one, name) for name in SAMPLE} == SAMPLE


def test_it_survives_serialisation() -> None:
    with DAG("planned", schedule=None) as dag:
        PlanShardsOperator(task_id="t", **SAMPLE)
    back = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    assert list(back.get_task("t").template_fields) == list(PlanShardsOperator.template_fields)
