"""Each file is in exactly one shard, also a file that appears later, and the work is divided evenly."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_s3ops.s3.errors import InvalidInput, SourceNotFound, Stopped
from airflow_s3ops.s3.files.find import find_files
from airflow_s3ops.s3.files.shards import COST_OF_A_FILE, plan_shards, separator
from tests.examples import EXAMPLES_SHARE_A_FIXTURE

if TYPE_CHECKING:
    from collections.abc import Mapping

# Characters of one to four bytes, and those that sort directly before and after "/": "-", ".", "0".
LETTERS = "ab-.0 é\u2028\uffee\U0001f600"
NAMES = st.text(LETTERS, min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
SIZES = st.sampled_from([0, 1, 1000, COST_OF_A_FILE, 5 * COST_OF_A_FILE])
FILES = st.dictionaries(PATHS, SIZES, min_size=1, max_size=25)
a_folder_each = settings(suppress_health_check=EXAMPLES_SHARE_A_FIXTURE)


def write(folder: Path, files: Mapping[str, int]) -> Path:
    """Write files of these sizes; skip a file whose name is already used for a folder, or the reverse."""
    for name, size in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.truncate(size)  # sparse: only the size counts
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    return folder


def names(source: Any, **patterns: Any) -> list[str]:
    return [file.relative for file in find_files(source, **patterns)]


def work(source: Any) -> int:
    return sum(file.size + COST_OF_A_FILE for file in find_files(source))


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function that creates an empty folder: hypothesis runs a test many times."""
    return lambda: tmp_path_factory.mktemp("source")


@a_folder_each
@given(files=FILES, shards=st.integers(1, 12))
def test_every_file_is_in_exactly_one_shard_in_order(fresh: Any, files: dict[str, int], shards: int) -> None:
    folder = write(fresh(), files)
    plan = plan_shards(folder, shards)
    assert [name for shard in plan for name in names(shard)] == names(folder)
    assert len(plan) == min(shards, len(names(folder)))
    assert all(names(shard) for shard in plan)


@a_folder_each
@given(files=FILES, later=FILES, shards=st.integers(1, 12))
def test_a_file_that_appears_later_is_in_exactly_one_shard(
    fresh: Any, files: dict[str, int], later: dict[str, int], shards: int
) -> None:
    folder = write(fresh(), files)
    plan = plan_shards(folder, shards)
    write(folder, later)
    assert [name for shard in plan for name in names(shard)] == names(folder)


@a_folder_each
@given(files=FILES, shards=st.integers(1, 12))
def test_no_shard_has_more_work_than_the_average_plus_the_largest_file(
    fresh: Any, files: dict[str, int], shards: int
) -> None:
    folder = write(fresh(), files)
    plan = plan_shards(folder, shards)
    largest = max(file.size + COST_OF_A_FILE for file in find_files(folder))
    assert max(map(work, plan)) <= work(folder) / min(shards, len(names(folder))) + largest


@a_folder_each
@given(files=FILES, first=st.integers(1, 5), second=st.integers(1, 5))
def test_a_shard_can_be_divided_further(fresh: Any, files: dict[str, int], first: int, second: int) -> None:
    folder = write(fresh(), files)
    finer = [part for shard in plan_shards(folder, first) for part in plan_shards(shard, second)]
    assert [name for part in finer for name in names(part)] == names(folder)


@given(low=PATHS, high=PATHS)
def test_a_separator_is_as_short_as_possible(low: str, high: str) -> None:
    low, high = sorted((low, high), key=os.fsencode)
    if low == high:
        return
    found = separator(low, high)
    assert found is not None
    assert os.fsencode(low) < os.fsencode(found) <= os.fsencode(high)
    # A shorter prefix of the upper name would not sort after the lower name.
    assert high.startswith(found)
    assert os.fsencode(found[:-1]) <= os.fsencode(low)


@pytest.mark.parametrize(
    ("low", "high", "between"),
    [
        (b"a\xff", b"b\xff", "b"),
        (b"caf\xe8", b"caf\xe9", None),
        (b"caf\xe8/a", b"caf\xe8/b", None),
        (b"\xc3\xa9", b"\xc3\xff", None),
    ],
)
def test_names_that_are_not_utf_8_are_separated_by_text_or_not_at_all(
    low: bytes, high: bytes, between: str | None
) -> None:
    assert separator(os.fsdecode(low), os.fsdecode(high)) == between


def test_names_of_another_encoding_stay_in_one_shard(tmp_path: Path) -> None:
    for name in (b"caf\xe8", b"caf\xe9", b"caf\xea", b"d"):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).touch()  # noqa: PTH118 - of bytes
    first, second = plan_shards(tmp_path, 4)
    assert (first["to"], second["from"]) == ("d", "d")


# Names as bytes: as on a disk that was written with another encoding, together with valid UTF-8.
RAW = st.lists(st.sampled_from([b"a", b"b", b"-", b"\xe8", b"\xe9", b"\xff", "é".encode()]), min_size=1)
RAW_NAMES = RAW.map(b"".join).filter(lambda name: len(name) < 20)


@a_folder_each
@given(raw=st.sets(RAW_NAMES, min_size=1, max_size=12), shards=st.integers(1, 8))
def test_for_any_names_every_file_is_in_one_shard_and_the_plan_is_text(
    fresh: Any, raw: set[bytes], shards: int
) -> None:
    folder = fresh()
    for name in raw:
        Path(folder, os.fsdecode(name)).touch()
    plan = plan_shards(folder, shards)
    assert json.dumps(plan, ensure_ascii=False).encode()
    assert [name for shard in plan for name in names(shard)] == names(folder)
    assert all(names(shard) for shard in plan)


def test_files_of_one_size_are_divided_evenly(tmp_path: Path) -> None:
    folder = write(tmp_path, {f"{number % 7}/{number:03}": 1000 for number in range(100)})
    assert [len(names(shard)) for shard in plan_shards(folder, 4)] == [25, 25, 25, 25]


def test_both_bytes_and_the_number_of_files_count(tmp_path: Path) -> None:
    many = {f"a/{number:03}": 0 for number in range(160)}
    folder = write(tmp_path, {**many, "b": 160 * COST_OF_A_FILE})
    small, large = plan_shards(folder, 2)
    assert len(names(small)) == 160
    assert names(large) == ["b"]


def test_a_huge_file_leaves_no_other_shard_empty(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a": 0, "b": 1 << 40, "c": 0, "d": 0})
    assert [names(shard) for shard in plan_shards(folder, 4)] == [["a"], ["b"], ["c"], ["d"]]


def test_fewer_files_than_shards_give_fewer_shards(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a": 1, "b": 1})
    assert [names(shard) for shard in plan_shards(folder, 9)] == [["a"], ["b"]]


def test_the_plan_is_small_for_any_number_of_files(tmp_path: Path) -> None:
    folder = write(tmp_path, {f"{'long' * 20}/{number:05}-{'name' * 20}": 0 for number in range(2000)})
    plan = plan_shards(folder, 16)
    assert [set(shard) for shard in plan] == [{"source", "from", "to"}] * 16
    assert len(json.dumps(plan)) < 16 * 2 * (len(str(folder)) + 100)
    # The common prefix and two to four digits: as short as possible.
    assert {len(shard["to"]) for shard in plan[:-1]} <= set(range(82, 87))


def test_patterns_select_the_files_of_the_plan(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.csv": 1, "b.csv": 1, "c.tmp": 1 << 30, "d.csv": 1})
    plan = plan_shards(folder, 2, include=["*.csv"], exclude=["d*"])
    assert [names(shard, include=["*.csv"], exclude=["d*"]) for shard in plan] == [["a.csv"], ["b.csv"]]


def test_a_glob_gives_ranges_of_the_glob(tmp_path: Path) -> None:
    write(tmp_path, {"x/a.csv": 1, "x/b.txt": 1, "y/c.csv": 1})
    plan = plan_shards(f"{tmp_path}/**/*.csv", 2)
    assert [names(shard) for shard in plan] == [["x/a.csv"], ["y/c.csv"]]
    assert {shard["source"] for shard in plan} == {f"{tmp_path}/**/*.csv"}


@pytest.mark.parametrize("kind", [list, tuple, iter], ids=["list", "tuple", "iterator"])
def test_a_list_gives_lists(tmp_path: Path, kind: Any) -> None:
    write(tmp_path, {"a": 1, "b": 1, "c": 1})
    paths = [str(tmp_path / name) for name in "cab"]
    assert plan_shards(kind(paths), 2) == [sorted(paths)[:1], sorted(paths)[1:]]


def test_no_files_give_no_shards(tmp_path: Path) -> None:
    assert plan_shards(tmp_path, 4) == []
    assert plan_shards([], 4) == []


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        plan_shards(tmp_path / "nowhere", 4)


@pytest.mark.parametrize("source", [None, 5, b"/data"], ids=repr)
def test_an_invalid_source_is_refused(source: Any) -> None:
    with pytest.raises(InvalidInput):
        plan_shards(source, 2)


@pytest.mark.parametrize("shards", [0, -1, True, 2.0, None, "4"], ids=repr)
def test_an_invalid_number_of_shards_is_refused(tmp_path: Path, shards: Any) -> None:
    with pytest.raises(InvalidInput, match="shards="):
        plan_shards(tmp_path, shards)


@pytest.mark.parametrize("as_list", [False, True], ids=["a folder", "a list"])
def test_cancellation_ends_the_planning(tmp_path: Path, *, as_list: bool) -> None:
    folder = write(tmp_path, {"a": 1})
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        plan_shards([folder / "a"] if as_list else folder, 2, stop=stop)
