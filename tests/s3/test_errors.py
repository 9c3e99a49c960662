"""The classes match the drawing of the tree, and an error can be read, caught and pickled."""

from __future__ import annotations

import pickle
import re
from inspect import getdoc
from typing import Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.errors import (
    AccessDenied,
    InvalidInput,
    PartialDelete,
    PartialUpload,
    PermanentError,
    S3OpsError,
    TransientError,
)
from airflow_s3ops.s3.results import FailedKey

# Indentation and branches of the drawing: four characters per level.
DRAWN = re.compile(r"^    ((?:[│├└ ][─ ]{2} )*)(\w+)", re.MULTILINE)

CLASSES = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, S3OpsError)
]
LEAVES = [cls for cls in CLASSES if not cls.__subclasses__()]
DETAILS: dict[str, Any] = {
    "bucket": "reports",
    "key": "a.csv",
    "code": "SomeCode",
    "request_id": "4442587FB7D0A2F9",
    "advice": "Do this",
    "reason": "S3 returned SomeCode",
}


def drawn_tree() -> dict[str, str]:
    """Read the drawing: return each class with its base class."""
    tree: dict[str, str] = {}
    path: list[str] = []
    drawing = (errors.__doc__ or "").partition("::\n")[2].partition("\nA leaf")[0]
    for branches, name in DRAWN.findall(drawing):
        path = [*path[: len(branches) // 4], name]
        tree[name] = path[-2] if len(path) > 1 else "Exception"
    return tree


def drawn_attributes(name: str) -> list[str]:
    line = re.search(rf" {name} +(.+)", errors.__doc__ or "")
    assert line is not None
    return [word for word in line[1].partition(";")[0].split(", ") if word.isidentifier()]


class TestTree:
    def test_is_the_one_of_the_drawing(self) -> None:
        assert drawn_tree() == {cls.__name__: cls.__bases__[0].__name__ for cls in CLASSES}

    @pytest.mark.parametrize("name", ["S3OpsError", "AccessDenied", "PartialDelete", "PartialUpload"])
    def test_has_the_attributes_that_the_drawing_names(self, name: str) -> None:
        attributes = drawn_attributes(name)

        assert attributes
        assert all(hasattr(getattr(errors, name)("What failed"), attribute) for attribute in attributes)

    def test_every_leaf_except_the_partial_ones_is_permanent_or_transient(self) -> None:
        others = {cls for cls in LEAVES if not issubclass(cls, PermanentError | TransientError)}
        assert others == {PartialDelete, PartialUpload}

    def test_no_class_is_both_permanent_and_transient(self) -> None:
        assert not any(issubclass(cls, PermanentError) and issubclass(cls, TransientError) for cls in CLASSES)

    @pytest.mark.parametrize("cls", CLASSES)
    def test_retryable_matches_the_branch(self, cls: type[S3OpsError]) -> None:
        assert cls("What failed").retryable is not issubclass(cls, PermanentError)

    def test_invalid_input_is_also_a_value_error(self) -> None:
        assert issubclass(InvalidInput, ValueError)


class TestError:
    @pytest.mark.parametrize("cls", LEAVES)
    def test_has_what_failed_the_reason_and_the_next_step(self, cls: type[S3OpsError]) -> None:
        assert str(cls("What failed", **DETAILS)) == "What failed. S3 returned SomeCode. Do this."

    @pytest.mark.parametrize("cls", LEAVES)
    def test_has_its_own_next_step_and_docstring(self, cls: type[S3OpsError]) -> None:
        error = cls("What failed")

        assert error.advice
        assert str(error) == f"What failed. {error.advice.rstrip('.')}."
        assert getdoc(cls) != getdoc(cls.__bases__[0])

    @pytest.mark.parametrize("cls", CLASSES)
    def test_keeps_its_attributes_when_pickled(self, cls: type[S3OpsError]) -> None:
        error = cls("What failed", **DETAILS)

        copy = pickle.loads(pickle.dumps(error))

        assert type(copy) is cls
        assert str(copy) == str(error)
        assert vars(copy) == vars(error)
        assert {name: getattr(copy, name) for name in DETAILS} == DETAILS

    def test_the_missing_permission_is_pickled_too(self) -> None:
        copy = pickle.loads(pickle.dumps(AccessDenied("Refused", action="s3:PutObject", bucket="reports")))

        assert (copy.action, copy.bucket) == ("s3:PutObject", "reports")

    def test_the_failed_keys_are_pickled_too(self) -> None:
        failed = FailedKey("a.csv", None, "AccessDenied", "Access Denied")

        copy = pickle.loads(
            pickle.dumps(PartialDelete("1 of 3 is left", failures=[failed], deleted=2, retryable=False))
        )

        assert (copy.failures, copy.deleted, copy.retryable) == ((failed,), 2, False)

    def test_the_failed_files_are_pickled_too(self) -> None:
        failed = FailedKey("a.csv", None, "SourceNotFound", "There is no file 'a.csv'")
        error = PartialUpload("1 of 3 failed", failures=[failed], counts={"failed": 1}, retryable=False)

        copy = pickle.loads(pickle.dumps(error))

        assert (copy.failures, copy.counts, copy.retryable) == ((failed,), {"failed": 1}, False)
