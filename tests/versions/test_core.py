"""The core is what its table says; a path in the table that does not exist ends the run."""

from __future__ import annotations

import pytest

from tests.versions import core
from tests.versions.core import CORE, TESTS, is_in_core
from tests.versions.plugin import OnlyCore


@pytest.mark.parametrize(
    ("path", "forms"),
    [
        ("hooks/test_client.py", {"whole", "short"}),
        ("operators/test_kill_and_resume.py", {"whole"}),
        ("docs/test_readme.py", set()),
    ],
)
def test_the_longest_matching_path_decides(path: str, forms: set[str]) -> None:
    assert {form for form in core.FORMS if is_in_core(TESTS / path, form)} == forms


def test_other_files_are_not_imported() -> None:
    only = OnlyCore("short")
    assert only.pytest_ignore_collect(TESTS / "docs" / "test_readme.py") is True
    assert only.pytest_ignore_collect(TESTS / "docs") is None
    assert only.pytest_ignore_collect(TESTS / "hooks" / "test_client.py") is None


def test_a_path_that_does_not_exist_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    OnlyCore("whole").pytest_configure()
    monkeypatch.setitem(CORE, "s3/test_moved.py", True)
    with pytest.raises(pytest.UsageError, match=r"names paths that do not exist: s3/test_moved\.py"):
        OnlyCore("whole").pytest_configure()
