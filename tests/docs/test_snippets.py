"""Every Python snippet on a page runs: DAGs and operators through Airflow, the others as scripts."""

from __future__ import annotations

import hashlib
import json
import os
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.markdown import DOCS, PAGES, README, Block, blocks
from tests.servers import Ability, lacks_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from tests.conftest import MakeBucket
    from tests.servers import S3Server

# Running a DAG in this process imports a module that raises this warning.
pytestmark = pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`")

BUCKET = "acme-reports"
FILE = "/data/report.csv"
FOLDER = "/data/reports"
CONTENT = "day,visits\n2026-01-01,7\n"
# What a server must support for a snippet that contains a text.
NEEDS = {
    "block_public_access": "block_public_access",
    "encryption=": "bucket_encryption",
    "abort_incomplete_uploads_days": "lifecycle",
    "versioning=": "versioning",
    "tags=": "bucket_tagging",
    "Tagging": "object_tagging",
}
IN_A_DAG = """
from airflow.sdk import DAG
from airflow_s3ops.operators import *

with DAG("snippet"):
"""


def as_case(block: Block) -> Any:
    needed = [ability for words, ability in NEEDS.items() if words in block.text]
    return pytest.param(block, id=block.name, marks=[pytest.mark.needs(*needed)] if needed else [])


SNIPPETS = [block for page in PAGES for block in blocks(page, "python")]
# A project, and not scripts: tests/docs/test_testing_page.py runs it.
OF_A_PROJECT = [block for block in SNIPPETS if block.page.name == "testing-your-dags.md"]
TASKS = [block for block in SNIPPETS if re.search(r"^\w+Operator\(", block.text)]
DAGS = [block for block in SNIPPETS if "DAG(" in block.text and block not in OF_A_PROJECT]
SCRIPTS = [block for block in SNIPPETS if block not in TASKS + DAGS + OF_A_PROJECT]
RESULTS = {
    block.heading: json.loads(block.text)
    for block in reversed(blocks(DOCS / "operators.md", "json"))  # the first one under a heading
}


@pytest.fixture
def prepared(
    server: S3Server, s3: S3Client, make_bucket: MakeBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], str]:
    """Prepare what snippets use: connection, bucket with objects, files; return how to put their names in."""
    bucket = make_bucket()
    file = tmp_path / "report.csv"
    file.write_text(CONTENT)
    folder = tmp_path / "reports"
    folder.mkdir()
    for name in ("report.csv", "more.csv", "_SUCCESS"):
        (folder / name).write_text(CONTENT)
    for key in ("daily/2026-01-01.csv", "other"):
        s3.put_object(Bucket=bucket, Key=key, Body=CONTENT.encode())
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", server.connection_json())

    for number in range(2):
        row = json.dumps({"key": f"daily/{number}.csv", "size": 25}).encode()
        s3.put_object(Bucket=bucket, Key=f"manifests/shard-{number}.jsonl", Body=row + b"\n")

    def fill(text: str) -> str:
        assert FILE in text or FOLDER in text or "/data/" not in text
        return text.replace(FOLDER, str(folder)).replace(FILE, str(file)).replace(BUCKET, bucket)

    return fill


def fields_of(result: Any) -> set[str]:
    """Return the fields of a result, or of all results in a list."""
    return {field for one in (result if isinstance(result, list) else [result]) for field in one}


def run_dag(text: str) -> dict[str, Any]:
    """Run a DAG file through Airflow; return what each task returned."""
    from tests.compat import dag_bag

    name = f"snippet_{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    # In Airflow's DAG folder, where `dag.test()` reads it; the id is unique because the database keeps DAGs.
    path = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"], f"{name}.py")
    path.write_text(text.replace('DAG("', f'DAG("{name}_'))
    try:
        bag = dag_bag(path)
        assert not bag.import_errors
        assert not bag.captured_warnings
        (dag,) = bag.dags.values()
        run = dag.test()
    finally:
        path.unlink()
    states = {task.task_id: str(task.state) for task in run.get_task_instances()}
    assert set(states.values()) == {"success"}, states
    return {task.task_id: task.xcom_pull(task_ids=task.task_id) for task in run.get_task_instances()}


@pytest.mark.parametrize("block", [as_case(block) for block in DAGS])
def test_a_dag_on_a_page_runs(block: Block, prepared: Callable[[str], str], airflow_db: None) -> None:  # noqa: ARG001
    assert run_dag(prepared(block.text))


@pytest.mark.parametrize("block", [as_case(block) for block in TASKS])
def test_an_operator_on_a_page_does_and_returns_what_it_says(
    block: Block,
    prepared: Callable[[str], str],
    server: S3Server,
    airflow_db: None,  # noqa: ARG001
) -> None:
    (result,) = run_dag(IN_A_DAG + textwrap.indent(prepared(block.text), "    ")).values()
    if block.page.name == "operators.md" and block.heading in RESULTS:
        optional = {"region"} if Ability.REGION_OF_BUCKET in lacks_of(server.name) else set()
        assert fields_of(result) | optional == fields_of(RESULTS[block.heading]) | optional


@pytest.mark.parametrize("block", [as_case(block) for block in SCRIPTS])
def test_a_script_on_a_page_runs(block: Block, prepared: Callable[[str], str]) -> None:
    exec(compile(prepared(block.text), block.name, "exec"), {})


@pytest.mark.parametrize("block", SNIPPETS, ids=lambda block: block.name)
def test_every_name_that_a_snippet_imports_is_public(block: Block) -> None:
    import airflow_s3ops.hooks
    import airflow_s3ops.operators

    for package in (airflow_s3ops.hooks, airflow_s3ops.operators):
        for names in re.findall(rf"from {package.__name__} import (.+)", block.text):
            assert set(names.split(", ")) <= set(package.__all__)


def test_json_on_the_pages_is_json() -> None:
    for page in PAGES:
        for block in blocks(page, "json"):
            json.loads(block.text)


def test_every_block_of_a_page_is_tested() -> None:
    known = {"python", "bash", "json", "ini", "text"}
    for page in PAGES:
        fences = re.findall(r"^\s*```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(fences[::2]) <= known, page.name
        assert len(fences) == 2 * len(blocks(page)), page.name


def test_the_first_dag_of_the_readme_has_ten_lines() -> None:
    first = blocks(README, "python")[0]
    assert "DAG(" in first.text
    assert len(first.text.splitlines()) == 10
