"""The provider's description for Airflow is correct."""

from __future__ import annotations

import importlib
import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import airflow
import jsonschema  # type: ignore[import-untyped]
import pytest

from airflow_s3ops import __version__, hooks, operators
from airflow_s3ops.provider_info import get_provider_info

SCHEMA = Path(airflow.__file__).with_name("provider_info.schema.json")


def modules_of(kind: str) -> list[str]:
    return [module for entry in get_provider_info()[kind] for module in entry["python-modules"]]


def test_the_entry_point_is_the_function() -> None:
    (found,) = [
        point
        for point in entry_points(group="apache_airflow_provider")
        if point.value.startswith("airflow_s3ops.")
    ]
    assert found.load() is get_provider_info
    assert found.dist is not None
    assert found.dist.name == get_provider_info()["package-name"]


def test_it_is_valid_for_airflows_schema() -> None:
    schema: dict[str, Any] = json.loads(SCHEMA.read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_airflow_lists_the_provider_with_its_version() -> None:
    from airflow.providers_manager import ProvidersManager

    provider = ProvidersManager().providers["airflow-s3ops"]  # type: ignore[no-untyped-call]
    assert provider.version == __version__
    assert provider.data["name"] == "S3Ops"


@pytest.mark.parametrize("module", [*modules_of("operators"), *modules_of("hooks")])
def test_every_named_module_exists(module: str) -> None:
    importlib.import_module(module)


@pytest.mark.parametrize(
    ("kind", "package"), [("operators", operators), ("hooks", hooks)], ids=["operators", "hooks"]
)
def test_every_operator_and_hook_is_in_a_named_module(kind: str, package: Any) -> None:
    classes = [getattr(package, name) for name in package.__all__ if name.endswith(("Operator", "Hook"))]
    assert {found.__module__ for found in classes} == set(modules_of(kind))


def test_every_named_integration_is_described() -> None:
    info = get_provider_info()
    described = {entry["integration-name"] for entry in info["integrations"]}
    assert {entry["integration-name"] for kind in ("operators", "hooks") for entry in info[kind]} == described


def test_the_named_extra_link_is_that_of_the_operators() -> None:
    links = {f"{type(link).__module__}.{type(link).__name__}" for link in _links()}
    assert links == set(get_provider_info()["extra-links"])


def _links() -> list[Any]:
    names = [name for name in operators.__all__ if name.endswith("Operator")]
    return [link for name in names for link in getattr(operators, name).operator_extra_links]
