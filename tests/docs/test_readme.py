"""The README's first screen, and the links, test names and file names on all pages."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.docs.markdown import DOCS, PAGES, README, ROOT, blocks, code, headings, prose, section, tables

if TYPE_CHECKING:
    from pathlib import Path

EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
FIRST_SCREEN = README.read_text(encoding="utf-8").partition("\n## ")[0]


@cache
def names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings(page))
    return {heading.replace(" ", "-") for heading in plain}


@EACH_PAGE
def test_every_link_has_a_target(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(page)):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@EACH_PAGE
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    for name in code(prose(page)):
        file, separator, test = name.partition("::")
        if separator and file.startswith("tests/"):
            assert test in names_in(ROOT / file), name


@EACH_PAGE
def test_every_file_of_the_repository_that_a_page_names_exists(page: Path) -> None:
    top = {path.name for path in ROOT.iterdir()}
    for name in code(prose(page)):
        first = name.partition("/")[0]
        if re.fullmatch(r"[\w./-]+/[\w./-]*", name) and first in top - {".venv", ".bin"}:
            assert (ROOT / name).exists(), name


def test_every_promise_names_tests_that_prove_it() -> None:
    promises = headings(DOCS / "promises.md", 2)
    assert [promise.partition(". ")[0] for promise in promises] == [str(number) for number in range(1, 8)]
    for promise in promises:
        assert section(DOCS / "promises.md", promise).count("- `tests/") >= 3, promise


def test_the_readme_names_the_promises_as_the_page_does() -> None:
    in_readme = re.findall(r"^\d\. \*\*(.+?)\.\*\*", section(README, "What it promises"), re.MULTILINE)
    on_page = [heading.partition(". ")[2] for heading in headings(DOCS / "promises.md", 2)]
    assert in_readme == on_page


def test_every_difference_to_the_provider_names_the_test_that_proves_it() -> None:
    (rows,) = tables(section(DOCS / "from-the-amazon-provider.md", "What behaves differently"))
    assert all("::" in row[2] for row in rows)


def test_the_first_screen_has_the_two_commands_with_their_output_and_a_dag() -> None:
    order = [(block.language, block.text) for block in blocks(README) if block.text in FIRST_SCREEN]
    assert [language for language, _ in order] == ["bash", "text", "bash", "text", "python"]
    assert [text for language, text in order if language == "bash"] == ["make demo\n", "make test\n"]


def test_the_readme_shows_an_example_of_every_operator() -> None:
    from airflow_s3ops import operators

    examples = "\n".join(block.text for block in blocks(README, "python"))
    for name in operators.__all__:
        assert f"{name}(" in examples


def test_every_page_in_docs_is_linked_from_the_readme() -> None:
    linked = {target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", prose(README))}
    assert {f"docs/{page.name}" for page in DOCS.glob("*.md")} <= linked


def test_the_changelog_is_about_this_version() -> None:
    from airflow_s3ops import __version__

    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(__version__)}\]|\b{re.escape(__version__)}\b", text, re.MULTILINE)


def test_the_license_is_the_one_that_the_package_names() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_versions_on_the_compatibility_page_are_those_of_the_package() -> None:
    (rows,) = tables(section(DOCS / "compatibility.md", "Now"))
    page = {row[0].strip("`"): row[1] for row in rows}
    package = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    names = {"Apache Airflow": "apache-airflow", "boto3": "boto3", "awscrt": "awscrt"}
    names["apache-airflow-providers-amazon"] = "apache-airflow-providers-amazon"
    for shown, name in names.items():
        (bound,) = re.findall(rf'"{name}>=([\d.]+)', package)
        assert page[shown].startswith(f"{bound} and newer"), shown
    (python,) = re.findall(r'requires-python = ">=([\d.]+)"', package)
    assert page["Python"].startswith(f"{python} and newer")
