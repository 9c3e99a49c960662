"""Rendered booleans, numbers and texts are converted back, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_s3ops.operators.coerce import as_bool, as_count, as_verify, refuse_python_repr, require_text
from airflow_s3ops.s3.errors import InvalidInput


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), ("True", True), ("False", False), (" true\n", True), ("FALSE", False)],
)
def test_a_boolean_may_be_a_text(value: Any, expected: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert as_bool("force", value) is expected


@pytest.mark.parametrize("value", [None, "", "None", "yes", "0", 0, 1, [], {}])
def test_nothing_else_is_a_boolean(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"force=.* is neither true nor false"):
        as_bool("force", value)


@pytest.mark.parametrize(
    ("value", "expected"), [(7, 7), ("7", 7), (" 7 ", 7), (0, 0), ("-1", -1), (None, None), ("None", None)]
)
def test_a_number_may_be_a_text(value: Any, expected: int | None) -> None:
    assert as_count("max_objects", value) == expected


@pytest.mark.parametrize("value", ["", "many", "1.5", 1.5, True, []])
def test_nothing_else_is_a_number(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"max_objects=.* is not a whole number"):
        as_count("max_objects", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("None", None),
        (True, True),
        (False, False),
        ("False", False),
        ("true", True),
        ("/etc/ca.pem", "/etc/ca.pem"),
    ],
)
def test_verify_may_be_a_text(value: Any, expected: Any) -> None:
    assert as_verify(value) == expected


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_verify_is_refused_because_botocore_would_verify_nothing(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"verify=.* is neither true nor false"):
        as_verify(value)


@pytest.mark.parametrize("value", [None, "", "text", "[abc]*.csv", "[0]", "a/None", "(1).csv", "{}"])
def test_a_text_is_accepted(value: Any) -> None:
    require_text("key", value)


@pytest.mark.parametrize("value", [20260101, 1.5, ["a"], {"a": 1}, True, Path("a/b")])
def test_a_value_that_a_native_template_converted_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"is not a text but .*render_template_as_native_obj"):
        require_text("key", value)


PYTHON_REPRS = [
    "None",
    " None\n",
    "[]",
    str(["*.csv", "*.part"]),
    str([Path("/a")]),
    str(("*.csv",)),
    str({"*.csv"}),
    str({"source": "/a", "from": "", "to": ""}),
    '["*.csv"]',
]


@pytest.mark.parametrize("value", PYTHON_REPRS)
def test_the_text_of_none_or_of_a_list_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="a template rendered a list or None as text"):
        refuse_python_repr("exclude", value)
    with pytest.raises(InvalidInput, match="exclude has the text"):
        refuse_python_repr("exclude", ["*.tmp", value])
    with pytest.raises(InvalidInput, match="key has the text"):
        require_text("key", value)


@pytest.mark.parametrize("value", [None, "*.csv", ["*.csv"], (), Path("/a"), {"source": "/a"}, 5], ids=repr)
def test_lists_and_ordinary_texts_are_accepted(value: Any) -> None:
    refuse_python_repr("exclude", value)
