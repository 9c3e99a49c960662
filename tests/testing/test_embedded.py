"""The embedded server starts, responds and ends; without moto the error says what to install."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil  # type: ignore[import-untyped]  # it has no annotations
import pytest

from airflow_s3ops.hooks import S3OpsHook
from airflow_s3ops.testing import EmbeddedServerError, embedded_server

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
STARTER = """
import signal
from airflow_s3ops.testing import embedded_server

with embedded_server() as server:
    print(server.endpoint_url, flush=True)
    signal.pause()
"""
WITHOUT_PYTEST = """
import sys

sys.modules["pytest"] = None
import airflow_s3ops.testing
assert not {"airflow", "boto3", "botocore", "moto"} & set(sys.modules)
"""


def responds(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as response:
            return int(response.status) == 200
    except OSError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_it_listens_on_loopback_and_ends_with_its_context() -> None:
    before = children()
    with embedded_server() as one, embedded_server() as other:
        assert urlsplit(one.endpoint_url).hostname == "127.0.0.1"
        assert one.endpoint_url != other.endpoint_url
        assert responds(one.endpoint_url)
        assert len(children() - before) == 2
    assert not responds(one.endpoint_url)
    assert children() == before


def test_it_ends_if_the_context_ends_with_an_error() -> None:
    with pytest.raises(KeyError), embedded_server() as server:
        raise KeyError
    assert not responds(server.endpoint_url)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=lambda end: end.name)
def test_it_ends_with_the_process_that_started_it(end: signal.Signals) -> None:
    command = [sys.executable, "-c", STARTER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        address = starter.stdout.readline().strip()
        assert responds(address)
        starter.send_signal(end)
    wait_until(lambda: not responds(address))


def test_its_connection_does_not_use_a_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with embedded_server() as server:
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", server.connection_json())
        assert S3OpsHook().create_bucket("a-bucket").region == server.region


def test_without_moto_the_error_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "moto.py").write_text("raise ImportError(\"No module named 'moto'\")")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with (
        pytest.raises(EmbeddedServerError, match=r"No module named 'moto'.*pip install 'moto\[server\]'"),
        embedded_server(environment=environment),
    ):
        pass


def test_errors_at_the_start_are_in_the_exception_and_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "moto.py").write_text("raise OSError('no room on the disk')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    log = tmp_path / "s3.log"
    log.write_text("an earlier line\n")
    with (
        pytest.raises(EmbeddedServerError, match="no room on the disk"),
        embedded_server(environment=environment, log=log),
    ):
        pass
    assert log.read_text().startswith("an earlier line\n")
    assert "no room on the disk" in log.read_text()


def test_importing_it_needs_neither_pytest_nor_a_large_package() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_PYTEST], cwd=ROOT, check=True, timeout=60)
