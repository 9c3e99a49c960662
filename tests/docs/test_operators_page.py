"""docs/operators.md lists every operator, every parameter and every default of the code."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops import operators
from airflow_s3ops.hooks import S3OpsHook
from airflow_s3ops.operators.base import S3OpsOperator
from airflow_s3ops.s3 import results
from airflow_s3ops.s3.buckets.setting_values import CHECKS
from tests.docs.markdown import DOCS, blocks, code, headings, section, tables

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = DOCS / "operators.md"
OPERATORS = {name: getattr(operators, name) for name in operators.__all__ if name.endswith("Operator")}
EACH_OPERATOR = pytest.mark.parametrize("name", OPERATORS)
HOOK_METHODS = [
    name for name, member in vars(S3OpsHook).items() if name[0] != "_" and inspect.isfunction(member)
]


def own_parameters(function: Callable[..., Any]) -> dict[str, Any]:
    found = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in found if p.kind is p.KEYWORD_ONLY}


def as_documented(default: object) -> str:
    if default is inspect.Parameter.empty:
        return "required"
    return f"`{json.dumps(default)}`" if isinstance(default, str) else f"`{default!r}`"


def rows(heading: str) -> list[list[str]]:
    (table,) = tables(section(PAGE, heading))
    return table


def test_the_page_has_every_operator() -> None:
    assert {name for name in headings(PAGE, 2) if name.endswith("Operator")} == set(OPERATORS)


@EACH_OPERATOR
def test_the_table_of_an_operator_has_its_parameters_and_defaults(name: str) -> None:
    expected = own_parameters(OPERATORS[name].__init__)
    found = {code(row[0])[0]: row[1] for row in rows(name)}
    assert found == {parameter: as_documented(default) for parameter, default in expected.items()}
    assert list(found) == list(expected)


def test_the_table_of_all_operators_has_their_common_parameters() -> None:
    found = {code(row[0])[0]: row[1] for row in rows("Parameters of all operators")}
    expected = own_parameters(S3OpsOperator.__init__)
    assert found == {parameter: as_documented(default) for parameter, default in expected.items()}


@EACH_OPERATOR
def test_every_parameter_may_be_a_template_as_the_page_says(name: str) -> None:
    operator = OPERATORS[name]
    shared = own_parameters(S3OpsOperator.__init__) if issubclass(operator, S3OpsOperator) else {}
    assert {*own_parameters(operator.__init__), *shared} == set(operator.template_fields)


@pytest.mark.parametrize("name", [name for name in OPERATORS if issubclass(OPERATORS[name], S3OpsOperator)])
def test_the_example_result_of_an_operator_has_only_existing_fields(name: str) -> None:
    result = getattr(results, f"{name.removesuffix('Operator')}Result")
    examples = [json.loads(block.text) for block in blocks(PAGE, "json") if block.heading == name]
    assert examples
    for example in examples:
        assert set(example) <= set(result.__dataclass_fields__)


def test_the_table_of_settings_has_every_setting_in_the_order_of_application() -> None:
    assert [code(row[0])[0] for row in rows("BucketSettings")] == list(CHECKS)


def test_every_value_on_the_page_is_valid_for_its_setting() -> None:
    for row in rows("BucketSettings"):
        (setting, *_), values = code(row[0]), code(row[1])
        for value in (json.loads(value) for value in values if value.startswith('"')):
            CHECKS[setting](value)


def test_the_table_of_the_hook_has_its_methods() -> None:
    assert {code(row[0])[0] for row in rows("The hook")} == set(HOOK_METHODS) - {"stop"}
