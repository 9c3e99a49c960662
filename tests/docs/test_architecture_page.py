"""docs/architecture.md names folders, modules and functions that exist, and draws the layers of lint."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, ROOT, blocks, section, tables

if TYPE_CHECKING:
    from pathlib import Path

PAGE = DOCS / "architecture.md"
PACKAGE = ROOT / "airflow_s3ops"
TEXT = PAGE.read_text(encoding="utf-8")
# `name` in `path.py`, and `one` and `other` in `path.py`
NAMED = re.findall(r"((?:`\w+` and )*`\w+`) in `([\w/]+\.py)`", TEXT)
PAIRS = sorted({(name, path) for names, path in NAMED for name in re.findall(r"\w+", names) if name != "and"})
PATHS = sorted(set(re.findall(r"`((?:[\w.]+/)+[\w.]*)`", TEXT)))
DRAWING = blocks(PAGE, "text")[0].text


def place(path: str) -> Path:
    """Return where a path of the page lies: in the package, or in the repository."""
    inside = PACKAGE / path
    return inside if inside.exists() else ROOT / path


@cache
def defined_in(path: Path) -> set[str]:
    """Return the names of a module's functions, classes and constants."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(ast.unparse(node.target))
        elif isinstance(node, ast.Assign):
            names.update(ast.unparse(target) for target in node.targets)
    return names


def layers_of_s3() -> list[str]:
    """Return the layers that import-linter checks, top first, each as its names."""
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[[tool.importlinter.contracts]]")
    (contract,) = [one for one in contracts if 'containers = ["airflow_s3ops.s3"]' in one]
    found = re.findall(r'^    "(.+)",$', contract, flags=re.MULTILINE)
    return [name for layer in found for name in layer.split(" | ")]


def drawn_in_s3() -> list[str]:
    """Return what the drawing has below s3/, top first."""
    lines = DRAWING.partition("  s3/")[2].splitlines()[1:]
    inside = [line for line in lines if re.match(r" {4}\w", line)]
    return [
        name.removesuffix(".py").rstrip("/")
        for line in inside
        for name in re.findall(r"\w+\.py|\w+/", line.split("  ")[2] if "/" in line else line)
    ]


@pytest.mark.parametrize(("name", "path"), PAIRS, ids=str)
def test_a_named_function_or_class_is_defined_in_the_named_module(name: str, path: str) -> None:
    assert name in defined_in(place(path))


def test_the_page_names_enough_to_be_worth_a_test() -> None:
    assert len(PAIRS) > 50


@pytest.mark.parametrize("path", PATHS)
def test_a_named_path_exists(path: str) -> None:
    assert place(path).exists()


def test_the_drawing_has_the_layers_that_lint_checks_in_their_order() -> None:
    assert drawn_in_s3() == layers_of_s3()


def test_each_folder_of_the_package_has_its_sentence() -> None:
    (rows,) = tables(section(PAGE, "Folders"))
    described = {row[0].strip("`/") for row in rows}
    folders = {
        str(path.parent.relative_to(PACKAGE))
        for path in PACKAGE.rglob("__init__.py")
        if path.parent != PACKAGE
    }
    assert described == folders - {"s3"}


def test_the_tests_have_the_folders_of_the_package() -> None:
    folders = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("__init__.py")}
    assert [str(folder) for folder in sorted(folders) if not (ROOT / "tests" / folder).is_dir()] == []
