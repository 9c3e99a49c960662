"""The error tree is what its drawing says, and an error can be read, caught and sent to another process."""

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

# Indentation and branches of the drawing: four characters a level.
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
    "reason": "S3 said so",
}


def drawn_tree() -> dict[str, str]:
    """Read the drawing: each class with the one above it."""
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


class TestTheTree:
    def test_is_what_the_drawing_says(self) -> None:
        assert drawn_tree() == {cls.__name__: cls.__bases__[0].__name__ for cls in CLASSES}

    @pytest.mark.parametrize("name", ["S3OpsError", "AccessDenied", "PartialDelete", "PartialUpload"])
    def test_has_the_attributes_that_the_drawing_names(self, name: str) -> None:
        attributes = drawn_attributes(name)

        assert attributes
        assert all(hasattr(getattr(errors, name)("What failed"), attribute) for attribute in attributes)

    def test_every_leaf_but_the_partial_ones_says_what_a_retry_is_worth(self) -> None:
        others = {cls for cls in LEAVES if not issubclass(cls, PermanentError | TransientError)}
        assert others == {PartialDelete, PartialUpload}

    def test_nothing_is_both_worth_a_retry_and_not(self) -> None:
        assert not any(issubclass(cls, PermanentError) and issubclass(cls, TransientError) for cls in CLASSES)

    @pytest.mark.parametrize("cls", CLASSES)
    def test_retryable_is_what_the_branch_says(self, cls: type[S3OpsError]) -> None:
        assert cls("What failed").retryable is not issubclass(cls, PermanentError)

    def test_wrong_input_is_a_value_error_too(self) -> None:
        assert issubclass(InvalidInput, ValueError)


class TestAnError:
    @pytest.mark.parametrize("cls", LEAVES)
    def test_says_what_failed_what_s3_said_and_the_next_step(self, cls: type[S3OpsError]) -> None:
        assert str(cls("What failed", **DETAILS)) == "What failed. S3 said so. Do this."

    @pytest.mark.parametrize("cls", LEAVES)
    def test_has_a_next_step_of_its_own_and_a_docstring(self, cls: type[S3OpsError]) -> None:
        error = cls("What failed")

        assert error.advice
        assert str(error) == f"What failed. {error.advice.rstrip('.')}."
        assert getdoc(cls) != getdoc(cls.__bases__[0])

    @pytest.mark.parametrize("cls", CLASSES)
    def test_keeps_its_attributes_on_the_way_to_another_process(self, cls: type[S3OpsError]) -> None:
        error = cls("What failed", **DETAILS)

        copy = pickle.loads(pickle.dumps(error))

        assert type(copy) is cls
        assert str(copy) == str(error)
        assert vars(copy) == vars(error)
        assert {name: getattr(copy, name) for name in DETAILS} == DETAILS

    def test_the_missing_right_is_pickled_too(self) -> None:
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
