"""The wheel that users install is complete, and works without the source tree."""

from __future__ import annotations

import os
import site
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_s3ops import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

REPOSITORY = Path(__file__).parents[1]
IMPORT_ALL = """
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import airflow_s3ops
from airflow_s3ops import hooks, operators

for package in (hooks, operators):
    for name in package.__all__:
        assert getattr(package, name).__module__.startswith("airflow_s3ops."), name
(point,) = [p for p in entry_points(group="apache_airflow_provider") if p.value.startswith("airflow_s3ops.")]
assert point.load()()["package-name"] == "airflow-s3ops"
assert version("airflow-s3ops") == airflow_s3ops.__version__
print(Path(airflow_s3ops.__file__).resolve())
"""


def run(command: Sequence[str | Path]) -> str:
    """Run a command outside the source tree, and return its output; if it fails, the test shows it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    done = subprocess.run(
        command,
        cwd=Path(sys.prefix),
        env={**kept, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", folder, REPOSITORY])
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with the wheel, which can import our package's dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "venv", "--without-pip", folder])
    run([sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--no-deps", wheel])
    # A folder named in a .pth file is searched after the environment's own packages. The .pth files in that
    # folder are not read; one of them names our source tree.
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    return folder / "bin" / "python"


def test_it_contains_the_package_its_types_and_its_license_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tree = {
        str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "airflow_s3ops").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    metadata = f"airflow_s3ops-{__version__}.dist-info"
    assert "airflow_s3ops/py.typed" in names
    assert {name for name in names if not name.startswith(metadata)} == tree
    assert f"{metadata}/licenses/LICENSE" in names


def test_its_metadata_agrees_with_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folder = f"airflow_s3ops-{__version__}.dist-info"
        metadata = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
        entry_points = archive.read(f"{folder}/entry_points.txt").decode()
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.10"
    assert "Framework :: Apache Airflow :: Provider" in metadata.get_all("Classifier", [])
    assert "[apache_airflow_provider]" in entry_points
    assert "airflow_s3ops.provider_info:get_provider_info" in entry_points


def test_installed_without_the_source_tree_it_exports_every_public_name(installed: Path) -> None:
    found = Path(run([installed, "-c", IMPORT_ALL]).splitlines()[-1])
    assert installed.parents[1].resolve() in found.parents
    assert REPOSITORY not in found.parents
