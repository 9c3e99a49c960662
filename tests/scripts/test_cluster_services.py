"""What `make test-cluster` does about servers that are not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts import cluster_services

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any of them; the folder is its whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cluster_services, "DEBIANS", tmp_path / "lib")
    return tmp_path


def make_program(path: Path, script: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)
    return path


def test_what_is_missing_is_named_where_it_cannot_be_installed(
    bare: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_program(bare / "apt-get", "exit 1\n")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert cluster_services.main() == 1
    reason = capsys.readouterr().err
    assert reason.startswith("Missing: postgresql, redis-server, util-linux. Install them")


def test_root_installs_what_is_missing_and_starts_none_of_it(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    for name in ("initdb", "postgres", "pg_isready"):
        make_program(bare / "lib" / "15" / "bin" / name)
    make_program(bare / "setpriv")
    make_program(bare / "apt-get", f'echo "$RUNLEVEL $*" >> {bare}/asked\n')
    assert cluster_services.main() == 0
    asked = (bare / "asked").read_text().splitlines()
    assert asked == ["1 update -q", "1 install -y -q --no-install-recommends redis-server"]


def test_of_several_postgresqls_the_newest_is_taken(bare: Path) -> None:
    for version in ("9.6", "15", "17"):
        make_program(bare / "lib" / version / "bin" / "postgres")
    make_program(bare / "postgres")
    assert cluster_services.program("postgres") == bare / "lib" / "17" / "bin" / "postgres"


def test_nothing_is_asked_for_where_all_is_there(bare: Path) -> None:
    for name in cluster_services.PACKAGES:
        make_program(bare / name)
    assert cluster_services.main() == 0
