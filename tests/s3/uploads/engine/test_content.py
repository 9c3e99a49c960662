from __future__ import annotations

import gzip
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_s3ops.s3.files.source import opened_source
from airflow_s3ops.s3.uploads.engine import plan
from airflow_s3ops.s3.uploads.engine.content import FileContent, GzipContent, Windows

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_s3ops.s3.uploads.engine.content import Content

SMALL = 1000


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow parts of 1,000 bytes, so that a test has many."""
    monkeypatch.setattr(plan, "MIN_PART_SIZE", SMALL)


def no_check() -> None:
    pass


def pieces_of(content: Content) -> list[bytes]:
    windows = Windows()
    pieces: list[bytes] = []
    bodies = list(content.bodies(windows, no_check))
    assert [body.part.number for body in bodies] == list(range(1, len(bodies) + 1))
    assert [body.part.is_last for body in bodies] == [False] * (len(bodies) - 1) + [True]
    for body in bodies:
        assert body.part.offset == sum(map(len, pieces))
        pieces.append(b"".join(bytes(block) for block in body.blocks()))
        assert len(pieces[-1]) == len(body)
    assert sum(body.source_bytes for body in bodies) == content.source.identity.size
    assert all(len(piece) == content.part_size for piece in pieces[:-1])
    return pieces


@pytest.mark.parametrize("size", [0, 1, SMALL, SMALL + 1, 5 * SMALL, 5 * SMALL + 17])
def test_a_file_is_split_into_its_unchanged_bytes(tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    (tmp_path / "file").write_bytes(data)
    with opened_source(tmp_path / "file") as source:
        content = FileContent(source, SMALL)
        pieces = pieces_of(content)
    assert b"".join(pieces) == data
    assert content.size == size
    assert len(pieces) == max(1, -(-size // SMALL))


@pytest.mark.parametrize("size", [0, 1, 5 * SMALL, 300_000])
@pytest.mark.parametrize("compressible", [True, False])
def test_gzip_output_can_be_decompressed(tmp_path: Path, *, size: int, compressible: bool) -> None:
    data = b"x" * size if compressible else random.Random(size).randbytes(size)
    (tmp_path / "file").write_bytes(data)
    with opened_source(tmp_path / "file") as source:
        pieces = pieces_of(GzipContent(source, SMALL))
    assert gzip.decompress(b"".join(pieces)) == data


def test_gzip_output_does_not_depend_on_the_name_and_time_of_the_file(tmp_path: Path) -> None:
    stored = []
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_bytes(b"a,b,c\n" * 5000)
        with opened_source(tmp_path / name) as source:
            stored.append(b"".join(pieces_of(GzipContent(source, SMALL))))
    assert stored[0] == stored[1]
    assert stored[0][4:8] == bytes(4), "a time stamp"
    assert b"one.csv" not in stored[0]


@given(size=st.integers(0, 10_000))
def test_gzip_output_is_never_larger_than_planned(
    tmp_path_factory: pytest.TempPathFactory, size: int
) -> None:
    path = tmp_path_factory.mktemp("gzip") / "file"
    path.write_bytes(random.Random(size).randbytes(size))
    with opened_source(path) as source:
        content = GzipContent(source, None)
        assert sum(map(len, pieces_of(content))) <= size + size // 2048 + 64


def test_buffers_are_reused() -> None:
    windows = Windows()
    first = windows.take(10)
    windows.give_back(first)
    assert windows.take(10) is first
    assert windows.take(10) is not first
