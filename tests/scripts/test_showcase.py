"""The demo's judgement: what is stored, held against what must be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.showcase import StoredObject, checksum_of, complaints, table

FILE = b"content"
PUBLIC = StoredObject("p/f", len(FILE), "text/plain", checksum_of(FILE), "everyone", "link", 200, FILE)
PRIVATE = replace(PUBLIC, key="f", readers="owner", status=403, given=b"<Error/>")
FILES = {"p/f": FILE, "f": FILE}


def test_nothing_is_said_if_all_is_well() -> None:
    assert complaints([PUBLIC, PRIVATE], FILES, public="p/") == []


@pytest.mark.parametrize(
    ("stored", "complaint"),
    [
        (replace(PUBLIC, status=403), "p/f: a stranger gets 403, not 200"),
        (replace(PUBLIC, given=b"other"), "p/f: a stranger gets other bytes than the file's"),
        (replace(PUBLIC, readers="owner"), "p/f: its ACL lets owner read, not everyone"),
        (replace(PUBLIC, checksum=None), "p/f: 7 bytes with checksum None are not those of the file"),
        (replace(PUBLIC, size=6), f"p/f: 6 bytes with checksum {PUBLIC.checksum} are not those of the file"),
        (replace(PUBLIC, key="other"), "p/f is not there"),
        (replace(PUBLIC, key="other"), "other should not be there"),
        (replace(PRIVATE, given=FILE), "f: a stranger gets the content"),
        (replace(PRIVATE, readers="everyone"), "f: its ACL lets everyone read, not owner"),
    ],
)
def test_whatever_is_wrong_is_said(stored: StoredObject, complaint: str) -> None:
    others = [other for other in (PUBLIC, PRIVATE) if (other.readers == "owner") != (complaint[0] == "f")]
    assert complaint in complaints([stored, *others], FILES, public="p/")


def test_a_checksum_is_written_as_s3_writes_it() -> None:
    assert (
        checksum_of(b"123456789") == "rosUhgp5mIg="
    )  # the catalogued check value of CRC-64/NVME, 0xae8b14860a799888


def test_columns_are_as_wide_as_their_widest_text_and_numbers_stand_right() -> None:
    assert table(("key", "size"), [("a/b", 5), ("c", 1000)]) == "  key  size\n  a/b     5\n  c    1000"
