"""What a template made of booleans, numbers and texts is taken back, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_s3ops.operators.coerce import as_bool, as_count, as_verify, require_rendered, require_text
from airflow_s3ops.s3.errors import InvalidInput


@pytest.mark.parametrize(
    ("value", "meant"),
    [(True, True), (False, False), ("True", True), ("False", False), (" true\n", True), ("FALSE", False)],
)
def test_a_boolean_may_come_as_text(value: Any, meant: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert as_bool("force", value) is meant


@pytest.mark.parametrize("value", [None, "", "None", "yes", "0", 0, 1, [], {}])
def test_nothing_else_is_a_boolean(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"force=.* is neither true nor false"):
        as_bool("force", value)


@pytest.mark.parametrize(
    ("value", "meant"), [(7, 7), ("7", 7), (" 7 ", 7), (0, 0), ("-1", -1), (None, None), ("None", None)]
)
def test_a_number_may_come_as_text(value: Any, meant: int | None) -> None:
    assert as_count("max_objects", value) == meant


@pytest.mark.parametrize("value", ["", "many", "1.5", 1.5, True, []])
def test_nothing_else_is_a_number(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"max_objects=.* is no whole number"):
        as_count("max_objects", value)


@pytest.mark.parametrize(
    ("value", "meant"),
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
def test_verify_may_come_as_text(value: Any, meant: Any) -> None:
    assert as_verify(value) == meant


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_verify_is_refused_because_botocore_would_trust_anybody(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"verify=.* is neither true nor false"):
        as_verify(value)


@pytest.mark.parametrize("value", [None, "", "text", "[abc]*.csv", "[0]", "a/None", "(1).csv", "{}"])
def test_texts_are_texts(value: Any) -> None:
    require_text("key", value)


@pytest.mark.parametrize("value", [20260101, 1.5, ["a"], {"a": 1}, True, Path("a/b")])
def test_what_a_native_template_made_of_a_text_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"is no text but .*render_template_as_native_obj"):
        require_text("key", value)


WRITTEN = [
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


@pytest.mark.parametrize("value", WRITTEN)
def test_the_text_of_none_or_of_a_list_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="which a template makes of a list or of None"):
        require_rendered("exclude", value)
    with pytest.raises(InvalidInput, match="exclude has the text"):
        require_rendered("exclude", ["*.tmp", value])
    with pytest.raises(InvalidInput, match="key has the text"):
        require_text("key", value)


@pytest.mark.parametrize("value", [None, "*.csv", ["*.csv"], (), Path("/a"), {"source": "/a"}, 5], ids=repr)
def test_lists_themselves_and_their_texts_pass(value: Any) -> None:
    require_rendered("exclude", value)
