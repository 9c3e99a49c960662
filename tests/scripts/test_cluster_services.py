"""What `make test-cluster` does if servers are not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts import cluster_services

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH and has none of the programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cluster_services, "DEBIAN_POSTGRESQL", tmp_path / "lib")
    return tmp_path


def make_program(path: Path, script: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)
    return path


def test_missing_packages_that_cannot_be_installed_are_named(
    empty_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_program(empty_path / "apt-get", "exit 1\n")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert cluster_services.main() == 1
    reason = capsys.readouterr().err
    assert reason.startswith("Missing: postgresql, redis-server, util-linux. Install them")


def test_root_installs_missing_packages_without_starting_services(
    empty_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    for name in ("initdb", "postgres", "pg_isready"):
        make_program(empty_path / "lib" / "15" / "bin" / name)
    make_program(empty_path / "setpriv")
    make_program(empty_path / "apt-get", f'echo "$RUNLEVEL $*" >> {empty_path}/called\n')
    assert cluster_services.main() == 0
    calls = (empty_path / "called").read_text().splitlines()
    assert calls == ["1 update -q", "1 install -y -q --no-install-recommends redis-server"]


def test_the_newest_of_several_postgresql_versions_is_used(empty_path: Path) -> None:
    for version in ("9.6", "15", "17"):
        make_program(empty_path / "lib" / version / "bin" / "postgres")
    make_program(empty_path / "postgres")
    assert cluster_services.program("postgres") == empty_path / "lib" / "17" / "bin" / "postgres"


def test_nothing_is_installed_if_all_programs_exist(empty_path: Path) -> None:
    for name in cluster_services.PACKAGES:
        make_program(empty_path / name)
    assert cluster_services.main() == 0
