"""docs/errors.md lists every error, in the order of the class tree, with the codes that raise it."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.translate import BOTOCORE, CODES
from tests.docs.markdown import DOCS, code, headings, section

PAGE = DOCS / "errors.md"
TREE = re.findall(r"── (\w+)", errors.__doc__ or "")
EACH_ERROR = pytest.mark.parametrize("name", TREE)


def codes_for(name: str, table: dict[str, type[errors.S3OpsError]]) -> list[str]:
    return [code for code, error in table.items() if error is getattr(errors, name)]


def codes_on_page(name: str, kind: str) -> list[str]:
    lines = re.findall(rf"^- {kind}: (.+)$", section(PAGE, name), re.MULTILINE)
    return [found for line in lines for found in code(line)]


def test_the_page_has_every_error_of_the_tree_in_its_order() -> None:
    assert headings(PAGE)[1:] == TREE


def test_the_page_nests_errors_as_the_tree_does() -> None:
    branches = headings(PAGE, 2)
    for above, below in pairwise([*branches, "S3OpsError"]):
        leaves = TREE[TREE.index(above) + 1 : TREE.index(below) if below in TREE else None]
        assert all(issubclass(getattr(errors, leaf), getattr(errors, above)) for leaf in leaves)


@EACH_ERROR
def test_an_error_has_the_s3_codes_that_raise_it(name: str) -> None:
    assert codes_on_page(name, "S3") == codes_for(name, CODES)


@EACH_ERROR
def test_an_error_has_the_botocore_exceptions_that_raise_it(name: str) -> None:
    assert codes_on_page(name, "botocore") == codes_for(name, BOTOCORE)


@pytest.mark.parametrize("name", [name for name in TREE if name not in ("PermanentError", "TransientError")])
def test_an_error_says_what_it_means_and_what_to_do(name: str) -> None:
    meaning, _, steps = section(PAGE, name).partition("- Do: ")
    assert len(meaning.strip()) > 20
    assert len(steps.splitlines()[0]) > 20


def test_a_code_that_is_not_on_the_page_is_translated_as_it_says() -> None:
    from airflow_s3ops.s3.requests.translate import error_class

    assert error_class("UnknownCode", 500) is errors.ServerError
    assert error_class("UnknownCode", 499) is errors.RequestRejected


def test_the_attributes_on_the_page_are_those_of_every_error() -> None:
    lead = PAGE.read_text(encoding="utf-8").partition("## ")[0]
    (sentence,) = re.findall(r"with the attributes (.+?)\.\s", lead, re.DOTALL)
    assert set(code(sentence)) <= set(vars(errors.S3OpsError("what")))
