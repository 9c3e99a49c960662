"""`make env`: write secrets for docker-compose.yaml once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml  # type: ignore[import-untyped]  # it has no annotations
from cryptography.fernet import Fernet

from scripts import compose_env
from scripts.compose_rules import references
from scripts.local_airflow import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def make_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    monkeypatch.setattr("sys.argv", ["compose_env", "--to", str(tmp_path / ".env")])
    return compose_env.main


def settings(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", path.read_text(), re.MULTILINE))


def test_every_required_variable_is_set_to_a_text_that_fits_into_a_url(
    make_env: Callable[[], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_env() == 0
    written = settings(tmp_path / ".env")
    needed = references(yaml.safe_load((ROOT / "docker-compose.yaml").read_text()))
    assert written.keys() == needed.keys()
    secrets = [written[name] for name, is_needed in needed.items() if is_needed]
    assert all(re.fullmatch(r"[\w=-]{40,}", secret) for secret in secrets)
    assert len(set(secrets)) == len(secrets)
    Fernet(written["AIRFLOW_FERNET_KEY"])  # raises if Airflow could not use it
    assert not any(secret in capsys.readouterr().out for secret in secrets)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_an_existing_file_is_not_changed(make_env: Callable[[], int], tmp_path: Path) -> None:
    assert make_env() == 0
    before = (tmp_path / ".env").read_bytes()
    assert make_env() == 1
    assert (tmp_path / ".env").read_bytes() == before
