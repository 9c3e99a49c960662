"""The shell commands on the pages, and the test that runs each kind of them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.docs.markdown import PAGES, ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docs.markdown import Block

# The beginning of a command: the test that runs it, a function of tests/docs/test_commands.py.
RUN_BY: dict[str, str] = {
    "airflow connections add ": "test_a_connection_that_was_added_by_command_works",
    "airflow dags test ": "test_a_connection_that_was_added_by_command_works",
    "aws iam ": "test_the_users_and_roles_of_the_page_can_be_made",
    "export ": "test_a_block_of_exports_sets_what_the_tests_read",
    ".venv/bin/python -m pytest ": "test_a_command_that_runs_tests_finds_some",
    "make test-quick": "test_make_test_quick_finds_most_of_the_tests",
    "make demo": "test_make_demo_prints_what_the_readme_shows",
    "python -m airflow_s3ops.testing.serve ": "test_the_embedded_server_starts_as_the_page_says",
}
# Commands that another file runs: the file, and a text in it that shows this.
RUN_ELSEWHERE: dict[str, tuple[str, str]] = {
    "make test": (".ci/run", "make test\n"),
    "make test-slow": (".ci/run", "make test-slow\n"),
    "make test-real": (".ci/run", "make test-real\n"),
    "make lint": (".ci/run", "make lint\n"),
    "make test-cluster": (".ci/run", "make test-cluster\n"),
    "make compose-check": (".ci/run", "make compose-check\n"),
    "make env": ("tests/scripts/test_compose_env.py", "compose_env.main"),
    ".venv/bin/python -m build --wheel": (
        "tests/test_wheel.py",
        '"-m", "build", "--no-isolation", "--wheel"',
    ),
    "python -m pytest": ("tests/docs/test_testing_page.py", '"-m", "pytest"'),
    "pip install dist/airflow_s3ops-": ("tests/test_wheel.py", '"install", "--no-deps", wheel'),
}
# The beginnings of commands that no test can run, with the reason.
NOT_RUN: dict[str, str] = {
    "docker compose ": "it needs Docker, and images from the internet; `make compose-check` checks its file",
}


@dataclass(frozen=True)
class Command:
    """One command of a page, with the lines that belong to it."""

    block: Block
    text: str

    @property
    def words(self) -> list[str]:
        """The command as a shell splits it."""
        return shlex.split(self.text)


def commands(*beginnings: str) -> list[Command]:
    """Return the commands of all pages, or those with these beginnings."""
    found = [
        Command(block, text)
        for page in PAGES
        for block in blocks(page, "bash")
        for text in _split(block.text)
    ]
    return [command for command in found if not beginnings or command.text.startswith(beginnings)]


def make_targets() -> set[str]:
    """Return the documented targets of the Makefile."""
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    return {line.partition(":")[0] for line in lines if "## " in line and line[0].isalpha()}


def _split(text: str) -> Iterator[str]:
    """Split a block into commands; lines joined by a backslash or an open quote stay together."""
    whole = ""
    for line in text.splitlines(keepends=True):
        whole += line
        try:
            shlex.split(whole)
        except ValueError:
            continue
        if not whole.endswith("\\\n"):
            yield whole.strip()
            whole = ""
    assert not whole, f"an open quote in {text!r}"
