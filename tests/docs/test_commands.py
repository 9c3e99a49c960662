"""A test runs every command on a page: here, or in the file that the table names."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name

from tests.docs.commands import NOT_RUN, RUN_BY, RUN_ELSEWHERE, Command, commands, make_targets
from tests.docs.credentials import CREDENTIALS, with_keys
from tests.docs.markdown import PAGES, README, ROOT, blocks, code, prose
from tests.servers import environment
from tests.servers.supervisor import stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.docs.identities import Account
    from tests.servers import S3Server

BIN = Path(sys.executable).parent
WITHIN = 240


def named(command: Command) -> str:
    return re.sub(r"\s+", " ", command.text)[:60]


def run(script: str, folder: Path, more: Mapping[str, str]) -> str:
    """Run a script in bash, and return what it printed."""
    environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", **more}
    done = subprocess.run(
        ["bash", "-euc", script],
        check=False,
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("command", commands(), ids=named)
def test_every_command_is_run_by_a_test(command: Command) -> None:
    runners = [runner for beginning, runner in RUN_BY.items() if command.text.startswith(beginning)]
    elsewhere = [
        place
        for beginning, place in RUN_ELSEWHERE.items()
        if command.text == beginning or (beginning.endswith("-") and command.text.startswith(beginning))
    ]
    known = [reason for beginning, reason in NOT_RUN.items() if command.text.startswith(beginning)]
    assert len(runners) + len(elsewhere) + len(known) == 1, "no test runs it: see tests/docs/commands.py"
    assert all(runner in globals() for runner in runners)
    for file, words in elsewhere:
        # As a command: alone on its line, or with its output redirected.
        pattern = rf"{re.escape(words.rstrip())}(\n| >)" if words.endswith("\n") else re.escape(words)
        assert re.search(pattern, (ROOT / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_names_is_one(page: Path) -> None:
    text = "\n".join([*code(prose(page)), *(block.text for block in blocks(page, "bash"))])
    assert set(re.findall(r"\bmake ([a-z](?:[a-z0-9.-]*[a-z0-9])?)", text)) <= make_targets()


@pytest.mark.parametrize("command", commands("pip install "), ids=named)
def test_the_wheel_that_a_page_installs_has_the_name_that_is_built(command: Command) -> None:
    from airflow_s3ops import __version__

    assert command.words[-1] == f"dist/airflow_s3ops-{__version__}-py3-none-any.whl"


@pytest.mark.slow
@pytest.mark.parametrize("command", commands(".venv/bin/python -m pytest "), ids=named)
def test_a_command_that_runs_tests_finds_some(command: Command) -> None:
    done = subprocess.run(
        [sys.executable, *command.words[1:], "--collect-only", "-q"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def recipe(target: str) -> str:
    """Return the first command of a make target."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return makefile.partition(f"\n{target}:")[2].splitlines()[1].strip()


def test_each_test_is_in_make_test_or_in_make_test_slow() -> None:
    assert recipe("test") == '$(PYTEST) -m "not slow"'
    assert recipe("test-slow") == "$(PYTEST) --dist loadfile -m slow"


@pytest.mark.slow
def test_make_test_quick_finds_most_of_the_tests() -> None:
    _, *options = recipe("test-quick").split()
    command = [sys.executable, "-m", "pytest", *options, "--collect-only", "-q"]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True, timeout=WITHIN)
    found = re.search(r"^(\d+)/(\d+) tests collected", done.stdout, re.MULTILINE)
    assert found, done.stdout[-1000:]
    assert int(found[1]) > int(found[2]) / 2


def test_a_block_of_exports_sets_what_the_tests_read(tmp_path: Path) -> None:
    (block,) = {command.block for command in commands("export S3OPS")}
    exports = "\n".join(command.text for command in commands("export S3OPS"))
    read = f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    seen = json.loads(run(f"{exports}\n{read}", tmp_path, {}))
    assert all(seen.get(name) for name in environment.NEEDED)
    assert "--server other" in block.text


def outline(text: str) -> list[str]:
    """Return a text's lines without what differs between runs: numbers, checksums, widths of columns."""
    plain = re.sub(r"\S+=(?=\s)", "=", re.sub(r"\d+", "0", text))
    return [" ".join(line.split()) for line in plain.splitlines()]


@pytest.mark.slow
def test_make_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    assert recipe("demo") == "$(BIN)/python -m scripts.demo"
    printed = iter(
        outline(run(f"cd {ROOT}\n{sys.executable} -m scripts.demo --home {tmp_path}", tmp_path, {}))
    )
    shown = outline(next(block.text for block in blocks(README, "text")))
    assert shown[-1] in "All 0 objects are as expected, byte for byte."
    for line in shown:
        assert line in ("", "…") or line in printed, line  # also checks the order: `in` consumes the iterator


def test_the_embedded_server_starts_as_the_page_says() -> None:
    (command,) = commands("python -m airflow_s3ops.testing.serve ")
    words = ["0" if word.isdigit() else word for word in command.words[1:]]  # any free port
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        assert process.stdout.readline().startswith(b"http://127.0.0.1:")
    finally:
        stop(process)
        process.communicate()


@pytest.fixture
def airflow(tmp_path: Path, airflow_db: None, server: S3Server) -> dict[str, str]:  # noqa: ARG001 - copied
    """The environment of a separate Airflow, with the page's DAG that tests a connection."""
    (tmp_path / "dags").mkdir()
    (dag,) = [block for block in blocks(CREDENTIALS, "python") if "DAG(" in block.text]
    (tmp_path / "dags" / "check.py").write_text(dag.text)
    shutil.copy(Path(os.environ["AIRFLOW_HOME"]) / "airflow.db", tmp_path / "airflow.db")
    return {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'airflow.db'}",
        "AWS_ENDPOINT_URL_S3": server.endpoint_url,  # the page uses AWS's own endpoint
    }


def test_a_connection_that_was_added_by_command_works(
    airflow: dict[str, str], tmp_path: Path, server: S3Server
) -> None:
    (add,) = {command.text for command in commands("airflow connections add ")}
    (check,) = {command.text for command in commands("airflow dags test ")}
    keys = {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key}
    out = run(f"{add}\nunset {' '.join(keys)}\n{check}", tmp_path, airflow | keys)
    assert f"region ap-northeast-2, endpoint {server.endpoint_url}" in out


def test_a_connection_in_an_environment_variable_works(
    airflow: dict[str, str], tmp_path: Path, server: S3Server
) -> None:
    (export,) = commands("export AIRFLOW_CONN_")
    (check,) = {command.text for command in commands("airflow dags test ")}
    out = run(f"{with_keys(export.text, server)}\n{check}", tmp_path, airflow)
    assert f"region ap-northeast-2, endpoint {server.endpoint_url}" in out


@pytest.mark.needs("user_policies")
def test_the_users_and_roles_of_the_page_can_be_made(account: Account) -> None:
    documents = {block.heading: block.text for block in blocks(CREDENTIALS, "json")}
    files = {
        "file://trust.json": documents["A role"].replace("111122223333", "000000000000"),
        "file://policy.json": documents["UploadFileOperator"],
    }
    iam = account.iam
    responses: dict[str, Any] = {}
    for command in commands("aws iam "):
        _, _, operation, *options = command.words
        # The AWS command line writes the API's names with hyphens.
        method = operation.replace("-", "_")
        shape = iam.meta.service_model.operation_model(iam.meta.method_to_api_mapping[method]).input_shape
        members = {f"--{xform_name(member, '-')}": member for member in shape.members}
        values = {
            members[name]: files.get(value, value)
            for name, value in zip(options[::2], options[1::2], strict=True)
        }
        responses[operation] = getattr(iam, method)(**values)
    assert {"AccessKeyId", "SecretAccessKey"} <= set(responses["create-access-key"]["AccessKey"])
    assert responses["create-role"]["Role"]["RoleName"] == "airflow-reports"
