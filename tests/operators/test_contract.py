"""What all operators have in common."""

from __future__ import annotations

import copy
import inspect
import socket
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import pytest
from airflow.sdk import DAG, BaseOperator

from airflow_s3ops import operators
from airflow_s3ops.hooks import S3OpsHook
from airflow_s3ops.operators.base import CONNECTION_FIELDS
from airflow_s3ops.operators.links import S3ConsoleLink
from tests.compat import DagSerialization
from tests.operators.samples import CONNECTION, SAMPLES, SAMPLES_WITHOUT_S3, sample

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_s3ops.operators.base import S3OpsOperator

every_operator = pytest.mark.parametrize("operator", SAMPLES, ids=lambda operator: operator.__name__)


def own_parameters(operator: type[S3OpsOperator]) -> list[inspect.Parameter]:
    parameters = list(inspect.signature(operator.__init__).parameters.values())[1:]
    return [parameter for parameter in parameters if parameter.kind != parameter.VAR_KEYWORD]


def test_there_is_a_sample_of_every_operator() -> None:
    assert {name for name in operators.__all__ if name.endswith("Operator")} == {
        operator.__name__ for operator in (*SAMPLES, *SAMPLES_WITHOUT_S3)
    }


@every_operator
def test_a_sample_gives_every_parameter(operator: type[S3OpsOperator]) -> None:
    assert set(SAMPLES[operator]) == {parameter.name for parameter in own_parameters(operator)}


@every_operator
def test_all_parameters_are_keyword_only(operator: type[S3OpsOperator]) -> None:
    assert {parameter.kind for parameter in own_parameters(operator)} == {inspect.Parameter.KEYWORD_ONLY}


@every_operator
def test_making_one_sends_no_request_and_stores_its_parameters(
    operator: type[S3OpsOperator], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise AssertionError("parsing a DAG file must not use the network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    given = {**SAMPLES[operator], **CONNECTION}
    made = sample(operator)
    assert [name for name, value in given.items() if getattr(made, name) is not value] == []


@every_operator
def test_every_parameter_reaches_the_hook(operator: type[S3OpsOperator]) -> None:
    hook = mock.MagicMock()
    made = sample(operator)
    vars(made)["hook"] = hook
    made.operate(cast("Context", {}))
    ((name, positional, named),) = hook.method_calls
    bound = inspect.signature(getattr(S3OpsHook, name)).bind(hook, *positional, **named)
    given = SAMPLES[operator]
    assert {name: bound.arguments[name] for name in given} == given


@every_operator
def test_the_connections_parameters_reach_the_hook(operator: type[S3OpsOperator], connection: str) -> None:
    made = sample(operator)
    made.aws_conn_id = connection
    config: Any = made.hook.config
    assert (made.hook.aws_conn_id, made.hook.region_name, made.hook.verify) == (
        connection,
        "eu-west-3",
        False,
    )
    assert config.read_timeout == 7


@every_operator
def test_every_parameter_is_a_template_field(operator: type[S3OpsOperator]) -> None:
    expected = [*(parameter.name for parameter in own_parameters(operator)), *CONNECTION_FIELDS]
    assert list(operator.template_fields) == expected


@every_operator
def test_no_text_is_read_as_the_path_of_a_template(operator: type[S3OpsOperator]) -> None:
    assert list(operator.template_ext) == []


@every_operator
def test_every_mapping_has_a_renderer(operator: type[S3OpsOperator]) -> None:
    mappings = {"settings", "extra_args", "botocore_config"} & set(operator.template_fields)
    assert operator.template_fields_renderers == dict.fromkeys(mappings, "json")


@every_operator
def test_the_connections_defaults_are_the_same_everywhere(operator: type[S3OpsOperator]) -> None:
    made = operator(task_id="t", **SAMPLES[operator])
    values = [getattr(made, name) for name in CONNECTION_FIELDS]
    assert values == ["aws_default", None, None, None]


@every_operator
def test_it_has_the_console_link(operator: type[S3OpsOperator]) -> None:
    assert [type(link) for link in operator.operator_extra_links] == [S3ConsoleLink]


@every_operator
def test_a_deep_copy_equals_its_original(operator: type[S3OpsOperator]) -> None:
    original = sample(operator)
    copied = copy.deepcopy(original)
    fields = operator.template_fields
    assert [getattr(copied, name) for name in fields] == [getattr(original, name) for name in fields]


@every_operator
def test_a_used_operator_can_be_copied(operator: type[S3OpsOperator], connection: str) -> None:
    original = sample(operator)
    original.aws_conn_id = connection
    assert original.hook.client
    copied = copy.deepcopy(original)
    assert copied.hook.client is original.hook.client


def test_a_dag_of_all_operators_survives_serialisation() -> None:
    with DAG("all_operators", schedule=None) as dag:
        for operator in SAMPLES:
            sample(operator)
    back = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    assert {task.task_type for task in back.tasks} == {operator.__name__ for operator in SAMPLES}
    upload = back.get_task("UploadFileOperator")
    assert list(upload.template_fields) == list(dag.get_task("UploadFileOperator").template_fields)
    assert dict(upload.template_fields_renderers) == {"extra_args": "json", "botocore_config": "json"}
    assert [link.name for link in upload.operator_extra_links] == ["S3 console"]


def test_only_the_parameter_dry_run_hides_an_attribute_of_airflow() -> None:
    # Airflow 3 never calls the method of that name; any other hidden attribute would be a mistake.
    hidden = {
        (operator.__name__, name)
        for operator, given in SAMPLES.items()
        for name in {**given, **CONNECTION}
        if hasattr(BaseOperator, name)
    }
    assert hidden == {("DeleteObjectsOperator", "dry_run")}
