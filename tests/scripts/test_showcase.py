"""The demo's check: compare the bucket's objects with what is expected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.showcase import StoredObject, checksum_of, problems_of, table

FILE = b"content"
PUBLIC = StoredObject("p/f", len(FILE), "text/plain", checksum_of(FILE), "everyone", "link", 200, FILE)
PRIVATE = replace(PUBLIC, key="f", readers="owner", status=403, received=b"<Error/>")
FILES = {"p/f": FILE, "f": FILE}


def test_there_are_no_problems_if_all_is_as_expected() -> None:
    assert problems_of([PUBLIC, PRIVATE], FILES, public="p/") == []


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        (replace(PUBLIC, status=403), "p/f: without credentials the status is 403, not 200"),
        (replace(PUBLIC, received=b"other"), "p/f: without credentials the content differs from the file"),
        (replace(PUBLIC, readers="owner"), "p/f: its ACL lets owner read, not everyone"),
        (replace(PUBLIC, checksum=None), "p/f: 7 bytes with checksum None differ from the file"),
        (replace(PUBLIC, size=6), f"p/f: 6 bytes with checksum {PUBLIC.checksum} differ from the file"),
        (replace(PUBLIC, key="other"), "p/f is missing"),
        (replace(PUBLIC, key="other"), "other should not exist"),
        (replace(PRIVATE, received=FILE), "f: without credentials the content can be read"),
        (replace(PRIVATE, readers="everyone"), "f: its ACL lets everyone read, not owner"),
    ],
)
def test_every_problem_is_reported(stored: StoredObject, problem: str) -> None:
    others = [other for other in (PUBLIC, PRIVATE) if (other.readers == "owner") != (problem[0] == "f")]
    assert problem in problems_of([stored, *others], FILES, public="p/")


def test_a_checksum_is_written_as_s3_writes_it() -> None:
    assert (
        checksum_of(b"123456789") == "rosUhgp5mIg="
    )  # the published check value of CRC-64/NVME, 0xae8b14860a799888


def test_columns_are_as_wide_as_their_widest_text_and_numbers_are_right_aligned() -> None:
    assert table(("key", "size"), [("a/b", 5), ("c", 1000)]) == "  key  size\n  a/b     5\n  c    1000"
