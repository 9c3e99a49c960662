"""Tests for every example DAG."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.dags.conftest import DAGS

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.dag_processing.dagbag import BundleDagBag

FILES = sorted(DAGS.glob("*.py"))
PARSE = """
import runpy, sys
import airflow.sdk
before = set(sys.modules)
runpy.run_path(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""
HEAVY = {"boto3", "botocore", "awscrt", "moto", "s3transfer"}


def test_every_file_defines_its_dag_without_errors_or_warnings(dag_bag: BundleDagBag) -> None:
    assert dag_bag.import_errors == {}
    assert dag_bag.captured_warnings == {}
    assert sorted(dag_bag.dags) == [path.stem for path in FILES]


@pytest.mark.parametrize("dag_id", [path.stem for path in FILES])
class TestEachDag:
    def test_the_dag_and_its_tasks_have_descriptions(self, dag_bag: BundleDagBag, dag_id: str) -> None:
        dag = dag_bag.dags[dag_id]
        assert dag.doc_md
        assert dag.description
        assert [task.task_id for task in dag.tasks if not task.doc_md] == []

    def test_every_field_of_the_form_has_a_title_a_type_and_a_help_text(
        self, dag_bag: BundleDagBag, dag_id: str
    ) -> None:
        params = {name: dag_bag.dags[dag_id].params.get_param(name) for name in dag_bag.dags[dag_id].params}
        assert params
        lacking = [
            name
            for name, param in params.items()
            if not (param.description and {"title", "type"} <= param.schema.keys())
        ]
        assert lacking == []

    def test_it_does_not_catch_up_past_runs(self, dag_bag: BundleDagBag, dag_id: str) -> None:
        assert dag_bag.dags[dag_id].catchup is False


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_parsing_loads_no_s3_client(path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", PARSE, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert HEAVY.isdisjoint(done.stdout.split())
