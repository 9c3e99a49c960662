"""docs/from-the-amazon-provider.md and the README name only operators and parameters that exist."""

from __future__ import annotations

import importlib
import inspect
import re
import warnings
from typing import Any

import pytest

from airflow_s3ops import hooks, operators
from tests.docs.markdown import DOCS, README, code, section, tables

PAGE = DOCS / "from-the-amazon-provider.md"
MODULES = ("hooks.s3", "operators.s3", "sensors.s3", "transfers.local_to_s3")
OURS = {name: getattr(operators, name) for name in operators.__all__} | {
    name: getattr(hooks, name) for name in hooks.__all__
}


def rows(heading: str) -> list[list[str]]:
    (table,) = tables(section(PAGE, heading))
    return table


@pytest.fixture(scope="module")
def provider() -> dict[str, Any]:
    """The names of the Amazon provider's S3 modules."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the provider's own
        modules = [importlib.import_module(f"airflow.providers.amazon.aws.{name}") for name in MODULES]
    return {name: member for module in modules for name, member in vars(module).items()}


def names_in(text: str) -> set[str]:
    return set(re.findall(r"`(\w+(?:Operator|Hook|Sensor))\b", text))


def test_every_operator_of_the_provider_that_the_page_names_is_one(provider: dict[str, Any]) -> None:
    named = names_in(section(PAGE, "Which operator")) - set(OURS)
    assert named
    assert named <= set(provider)


def test_no_s3_operator_of_the_provider_is_left_out(provider: dict[str, Any]) -> None:
    there = {
        name
        for name, member in provider.items()
        if re.fullmatch(r"(S3\w+|LocalFilesystemToS3)(Operator|Sensor)", name) and inspect.isclass(member)
    }
    assert there == names_in(section(PAGE, "Which operator")) - set(OURS) - {"S3Hook"}


def test_every_operator_of_ours_has_its_counterpart_on_the_page() -> None:
    named = {name for row in rows("Which operator") for name in names_in(row[1])}
    assert named == {name for name in OURS if name.endswith(("Operator", "Hook"))}


def test_every_parameter_on_the_page_is_one_of_the_operator(provider: dict[str, Any]) -> None:
    ours = {code(row[0])[0]: names_in(row[1]) - {"BucketSettings"} for row in rows("Which operator")}
    for row in rows("Which parameter"):
        operator, _, parameter = code(row[0])[0].partition(".")
        assert parameter in inspect.signature(provider[operator].__init__).parameters, row
        for name in code(row[1]):
            new = [inspect.signature(OURS[candidate].__init__).parameters for candidate in ours[operator]]
            assert any(name in parameters for parameters in new), row


def test_the_table_in_the_readme_is_that_of_the_page() -> None:
    (table,) = tables(section(README, "If you use the Amazon provider today"))
    assert table == rows("Which operator")[: len(table)]
