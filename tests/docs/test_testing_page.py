"""docs/testing-your-dags.md: its project passes, in its own folder and run as a user runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, blocks, code, section, tables
from tests.servers.isolation import FOREIGN

if TYPE_CHECKING:
    from pathlib import Path

PAGE = DOCS / "testing-your-dags.md"
FILES = {"dags/daily_report.py", "conftest.py", "tests/test_operators.py", "tests/test_daily_report.py"}
WITHIN = 280


def project_in(folder: Path) -> int:
    """Write each block into the file that its first line names; return the number of tests."""
    tests = 0
    for block in blocks(PAGE, "python"):
        name, _, text = block.text.removeprefix("# ").partition("\n")
        assert name in FILES, f"{block.name} does not name its file"
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        tests += len(re.findall(r"^def test_", text, re.MULTILINE))
    assert {str(file.relative_to(folder)) for file in folder.rglob("*.py")} == FILES
    return tests


@pytest.mark.slow
def test_the_project_of_the_page_passes_its_tests(tmp_path: Path) -> None:
    tests = project_in(tmp_path)
    foreign = (*FOREIGN, "PYTHONPATH", "PYTEST_")
    environment = {name: text for name, text in os.environ.items() if not name.upper().startswith(foreign)}
    # Not on the page, because most machines need neither.
    environment |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, "-m", "pytest"],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"=+ {tests} passed(, \d+ warnings?)? in ", done.stdout), done.stdout


def test_the_page_describes_every_fixture() -> None:
    from airflow_s3ops.testing import fixtures

    (table,) = tables(section(PAGE, "On a server: the fixtures"))
    described = {name for row in table for name in code(row[0])}
    assert described == {name for name in vars(fixtures) if name.startswith("s3ops_")}
