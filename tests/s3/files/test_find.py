"""Which files a source has, and in which order."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_s3ops.s3.errors import InvalidInput, SourceNotFound, SourceUnreadable, Stopped
from airflow_s3ops.s3.files.find import find_files
from tests.examples import EXAMPLES_SHARE_A_FIXTURE

if TYPE_CHECKING:
    from collections.abc import Iterable


def write(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def relative_paths(source: Any, **patterns: Any) -> list[str]:
    return [file.relative for file in find_files(source, **patterns)]


class TestFolder:
    def test_all_folders_in_it_are_read(self, tmp_path: Path) -> None:
        write(tmp_path, ["b.csv", "a/c.csv", "a/b/d.csv"])
        assert relative_paths(tmp_path) == ["a/b/d.csv", "a/c.csv", "b.csv"]

    def test_a_file_is_yielded_with_its_path_size_and_time(self, tmp_path: Path) -> None:
        write(tmp_path, ["a/b.csv"])
        (file,) = find_files(str(tmp_path))
        status = (tmp_path / "a/b.csv").stat()
        assert file.path == str(tmp_path / "a/b.csv")
        assert (file.size, file.mtime_ns) == (status.st_size, status.st_mtime_ns)

    def test_the_order_is_that_of_s3_keys_not_folder_by_folder(self, tmp_path: Path) -> None:
        write(tmp_path, ["a/b", "a.txt", "a0", "a-b/c", "a/b.d/e", "a/b-c"])
        assert relative_paths(tmp_path) == ["a-b/c", "a.txt", "a/b", "a/b-c", "a/b.d/e", "a0"]

    def test_the_order_is_that_of_utf_8_bytes_not_of_letters_or_utf_16(self, tmp_path: Path) -> None:
        names = ["z", "é", "Z", "\uffee", "\U0001f600", "a b"]
        write(tmp_path, names)
        assert relative_paths(tmp_path) == sorted(names, key=str.encode)

    @settings(max_examples=60, suppress_health_check=EXAMPLES_SHARE_A_FIXTURE)
    @given(
        st.lists(
            st.lists(st.text("aé.-/0!~", min_size=1, max_size=4), min_size=1, max_size=3).map("/".join),
            max_size=12,
        )
    )
    def test_the_order_is_that_of_the_bytes_of_the_paths_for_any_names(
        self, tmp_path_factory: pytest.TempPathFactory, names: list[str]
    ) -> None:
        folder = tmp_path_factory.mktemp("tree")
        for name in names:
            steps = [step for step in name.split("/") if step not in ("", ".", "..")]
            try:
                write(folder, ["/".join(steps)] if steps else [])
            except OSError:  # one name is used for a file and for a folder
                continue
        found = relative_paths(folder)
        expected = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
        assert found == sorted(expected, key=os.fsencode)

    def test_hidden_files_are_found(self, tmp_path: Path) -> None:
        write(tmp_path, [".hidden", ".git/config"])
        assert relative_paths(tmp_path) == [".git/config", ".hidden"]

    def test_an_empty_folder_has_no_files(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        assert relative_paths(tmp_path) == []

    @pytest.mark.parametrize("name", ["", "none", "none/*.csv", "file", "file/*"])
    def test_a_missing_folder_is_an_error(self, tmp_path: Path, name: str) -> None:
        write(tmp_path, ["file"])
        with pytest.raises((SourceNotFound, InvalidInput)):
            relative_paths(f"{tmp_path}/{name}" if name else "")

    def test_a_name_that_is_not_utf_8_is_found(self, tmp_path: Path) -> None:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv")).touch()
        assert [os.fsencode(path) for path in relative_paths(tmp_path)] == [b"\xff.csv"]

    def test_a_wildcard_character_in_the_name_of_a_folder_is_literal(self, tmp_path: Path) -> None:
        write(tmp_path, ["[a]/b", "a/c"])
        assert relative_paths(tmp_path / "[a]") == ["b"]

    def test_fifos_and_sockets_are_left_out_and_logged(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, ["a"])
        os.mkfifo(tmp_path / "fifo")
        monkeypatch.chdir(tmp_path)  # because the path of a socket must be short
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
            assert relative_paths(tmp_path) == ["a"]
        assert "'fifo' is not a regular file" in caplog.text
        assert "'socket' is not a regular file" in caplog.text

    def test_a_folder_that_cannot_be_read_is_an_error_after_all_other_files(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, ["a/1", "b/2", "c/3"])
        scandir = os.scandir

        def refusing(path: str) -> Any:  # tests may run as root, which can read everything
            if path.endswith("b/"):
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refusing)
        found: list[str] = []
        with pytest.raises(SourceUnreadable, match="b/': Permission denied"):
            found.extend(file.relative for file in find_files(tmp_path))
        assert found == ["a/1", "c/3"]
        assert relative_paths(tmp_path, exclude=["b/"]) == ["a/1", "c/3"]

    @pytest.mark.parametrize("below", ["in", "in/*.csv"], ids=["folder", "glob"])
    def test_a_source_whose_status_cannot_be_read_is_an_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
    ) -> None:
        def refusing(path: str) -> Any:  # tests may run as root, which can enter every folder
            raise PermissionError(13, "Permission denied", path)

        monkeypatch.setattr(os, "stat", refusing)
        with pytest.raises(SourceUnreadable, match=r"cannot be read: Permission denied.*enter all"):
            next(find_files(tmp_path / below))

    @pytest.mark.parametrize("source", ["n" * 300, f"{'n' * 300}/*.csv", "a\0b", "\ud800", "a\0/*"], ids=repr)
    def test_an_invalid_path_is_not_found(self, source: str) -> None:
        with pytest.raises(SourceNotFound, match="There is no folder"):
            next(find_files(source))

    def test_a_folder_that_is_removed_meanwhile_is_an_error(self, tmp_path: Path) -> None:
        write(tmp_path, ["a", "b/c"])
        files = find_files(tmp_path)
        assert next(files).relative == "a"
        (tmp_path / "b/c").unlink()
        (tmp_path / "b").rmdir()
        with pytest.raises(SourceUnreadable, match="No such file"):
            next(files)


class TestLinks:
    def test_a_link_out_of_the_folder_is_left_out_and_logged(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(tmp_path, ["in/a", "out/secret", "inner/b"])
        (tmp_path / "in/file").symlink_to(tmp_path / "out/secret")
        (tmp_path / "in/folder").symlink_to("../out")
        (tmp_path / "in/similar").symlink_to("../inner")
        assert relative_paths(tmp_path / "in") == ["a"]
        assert "'folder' is a link out of the folder" in caplog.text

    def test_a_link_to_a_target_inside_the_folder_is_followed(self, tmp_path: Path) -> None:
        write(tmp_path, ["a/b"])
        (tmp_path / "file").symlink_to("a/b")
        (tmp_path / "folder").symlink_to("a")
        assert relative_paths(tmp_path) == ["a/b", "file", "folder/b"]

    def test_a_link_to_a_parent_folder_does_not_cause_a_cycle(self, tmp_path: Path) -> None:
        write(tmp_path, ["a/b", "c/d"])
        (tmp_path / "a/up").symlink_to("..")
        (tmp_path / "a/c").symlink_to("../c")
        (tmp_path / "c/a").symlink_to("../a")
        assert relative_paths(tmp_path) == ["a/b", "a/c/d", "c/a/b", "c/d"]

    def test_a_broken_link_is_yielded(self, tmp_path: Path) -> None:
        (tmp_path / "gone").symlink_to("nowhere")
        assert [(file.relative, file.size) for file in find_files(tmp_path)] == [("gone", 0)]

    def test_a_broken_link_out_of_the_folder_is_left_out_and_logged(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        write(tmp_path, ["in/a"])
        (tmp_path / "in/gone").symlink_to("../nowhere")
        assert relative_paths(tmp_path / "in") == relative_paths(f"{tmp_path}/in/*") == ["a"]
        assert "'gone' is a link out of the folder" in caplog.text

    def test_a_link_in_a_list_may_have_any_target(self, tmp_path: Path) -> None:
        write(tmp_path, ["in/a", "out/b"])
        (tmp_path / "in/file").symlink_to("../out/b")
        (tmp_path / "in/gone").symlink_to("../nowhere")
        found = [
            (file.relative, file.size) for file in find_files([tmp_path / "in/file", tmp_path / "in/gone"])
        ]
        assert found == [("file", len("out/b")), ("gone", 0)]

    def test_the_source_itself_may_be_a_link(self, tmp_path: Path) -> None:
        write(tmp_path, ["a/b"])
        (tmp_path / "current").symlink_to("a")
        assert relative_paths(tmp_path / "current") == ["b"]


class TestGlob:
    @pytest.mark.parametrize(
        ("glob", "expected"),
        [
            ("*.csv", ["a.csv"]),
            ("**/*.csv", ["a.csv", "x/b.csv", "x/y/c.csv"]),
            ("x/**/*.csv", ["b.csv", "y/c.csv"]),
            ("x/*/*.csv", ["y/c.csv"]),
            ("*/y/**", ["x/y/c.csv", "x/y/d.txt"]),
            ("?.csv", ["a.csv"]),
            ("[!b]*/**/[cd].*", ["x/y/c.csv", "x/y/d.txt"]),
            ("**", ["a.csv", "x/b.csv", "x/y/c.csv", "x/y/d.txt"]),
            ("*.none", []),
        ],
    )
    def test_relative_paths_begin_at_the_first_wildcard(
        self, tmp_path: Path, glob: str, expected: list[str]
    ) -> None:
        write(tmp_path, ["a.csv", "x/b.csv", "x/y/c.csv", "x/y/d.txt"])
        assert relative_paths(f"{tmp_path}/{glob}") == expected

    def test_a_glob_may_be_relative_to_the_current_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, ["x/b.csv"])
        monkeypatch.chdir(tmp_path)
        assert relative_paths("x/*.csv") == ["b.csv"]
        assert relative_paths("**/*.csv") == ["x/b.csv"]

    @settings(max_examples=60, suppress_health_check=EXAMPLES_SHARE_A_FIXTURE)
    @given(
        st.sampled_from(["*", "**", "[ab]*"]),
        st.lists(st.sampled_from(["*", "**", "a", "a*", "?b", "[ab]"]), max_size=3),
    )
    def test_it_finds_the_same_files_as_the_glob_of_python(
        self, tmp_path_factory: pytest.TempPathFactory, first: str, more: list[str]
    ) -> None:
        folder = tmp_path_factory.getbasetemp() / "globbed"
        if not folder.exists():
            write(folder, ["a", "b", "ab/a", "ab/b/a", "ab/ab/ab", "bb/a/b/a", "bb/bb", "x/a/y"])
        steps = [first, *more]
        # Up to Python 3.12 a final ** means folders only.
        theirs = "/".join([*steps, "*"] if steps[-1] == "**" else steps)
        files = {path.relative_to(folder).as_posix() for path in folder.glob(theirs) if path.is_file()}
        assert relative_paths(f"{folder}/{'/'.join(steps)}") == sorted(files)


class TestList:
    def test_absolute_paths_become_their_file_name_and_relative_paths_stay(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, ["x/b.csv", "x/y/a.csv", "c.csv"])
        monkeypatch.chdir(tmp_path / "x")
        given = [str(tmp_path / "x/b.csv"), Path("y/a.csv"), "../c.csv"]
        assert relative_paths(given) == ["b.csv", "c.csv", "y/a.csv"]

    def test_two_files_with_one_relative_path_are_refused_before_any_is_yielded(self, tmp_path: Path) -> None:
        write(tmp_path, ["0.csv", "x/a.csv", "y/a.csv"])
        files = find_files([tmp_path / name for name in ("0.csv", "x/a.csv", "y/a.csv")])
        with pytest.raises(InvalidInput, match=r"x/a.csv' and .*y/a.csv' would both become 'a.csv'"):
            next(files)

    def test_a_missing_file_is_yielded(self, tmp_path: Path) -> None:
        assert relative_paths([tmp_path / "none"]) == ["none"]

    @pytest.mark.parametrize(
        "source", [None, 5, b"/data", [""], [None], [["a"]], "", [b"a"], ["a\0b"], ["\ud800"]]
    )
    def test_an_invalid_source_is_refused(self, source: Any) -> None:
        with pytest.raises(InvalidInput):
            relative_paths(source)


class TestShard:
    def test_it_has_the_paths_from_its_lower_to_its_upper_bound(self, tmp_path: Path) -> None:
        write(tmp_path, ["a/1", "a/2", "b/1", "b/2", "c"])

        def shard(first: str, end: str) -> list[str]:
            return relative_paths({"source": str(tmp_path), "from": first, "to": end})

        assert shard("", "a/2") == ["a/1"]
        assert shard("a/2", "b/2") == ["a/2", "b/1"]
        assert shard("b/2", "") == ["b/2", "c"]
        assert shard("", "") == ["a/1", "a/2", "b/1", "b/2", "c"]

    @settings(max_examples=60, suppress_health_check=EXAMPLES_SHARE_A_FIXTURE)
    @given(st.lists(st.text("ab/.é", max_size=4), max_size=4))
    def test_each_file_is_in_one_shard_for_any_bounds(
        self, tmp_path_factory: pytest.TempPathFactory, cuts: list[str]
    ) -> None:
        folder = tmp_path_factory.getbasetemp() / "cut"
        if not folder.exists():
            write(folder, ["a", "a.b/a", "aé/b", "b.a", "b/a/b", "b/a.b", "é/é"])
        bounds = ["", *sorted({cut for cut in cuts if cut}, key=str.encode), ""]
        shards = [{"source": str(folder), "from": first, "to": end} for first, end in pairwise(bounds)]
        assert [path for shard in shards for path in relative_paths(shard)] == relative_paths(folder)

    def test_folders_outside_the_bounds_are_not_opened(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, ["a/1", "b/1", "c/1"])
        opened: list[str] = []
        scandir = os.scandir

        def noting(path: str) -> Any:
            opened.append(path)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", noting)
        assert relative_paths({"source": str(tmp_path), "from": "b", "to": "c"}) == ["b/1"]
        assert opened == [f"{tmp_path}/", f"{tmp_path}/b/"]

    @pytest.mark.parametrize(
        "shard",
        [
            {},
            {"source": "/tmp", "from": ""},
            {"source": "/tmp", "from": "", "to": 5},
            {"source": "/tmp", "from": "", "to": "\ud800"},
            {"source": ["/tmp/a"], "from": "", "to": ""},
            {"source": "/tmp", "from": "", "to": "", "more": 1},
        ],
    )
    def test_an_invalid_shard_is_refused(self, shard: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput):
            relative_paths(shard)


class TestPatterns:
    NAMES = ("a.csv", "b.txt", "x/a.csv", "x/_SUCCESS", "x/y/c.csv", "tmp/d.csv")

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write(tmp_path, self.NAMES)
        return tmp_path

    @pytest.mark.parametrize(
        ("include", "exclude", "expected"),
        [
            (["*.csv"], None, ["a.csv", "tmp/d.csv", "x/a.csv", "x/y/c.csv"]),
            ("*.csv", ["tmp/"], ["a.csv", "x/a.csv", "x/y/c.csv"]),
            (["x/*.csv"], None, ["x/a.csv"]),
            (["x/**"], ["x/*/*"], ["x/_SUCCESS", "x/a.csv"]),
            (["_SUCCESS", "b.*"], None, ["b.txt", "x/_SUCCESS"]),
            (None, ["*.csv"], ["b.txt", "x/_SUCCESS"]),
            (["A.CSV"], None, []),
            ([], [], sorted(NAMES)),
        ],
    )
    def test_one_matching_pattern_is_enough_and_excluded_files_are_left_out(
        self, folder: Path, include: Any, exclude: Any, expected: list[str]
    ) -> None:
        assert relative_paths(folder, include=include, exclude=exclude) == expected

    @pytest.mark.parametrize("wrong", ["", "/", "../*", [5], 2026, {"*.csv": 1}, True])
    def test_an_invalid_pattern_is_refused(self, folder: Path, wrong: Any) -> None:
        with pytest.raises(InvalidInput):
            relative_paths(folder, include=[wrong] if isinstance(wrong, str) else wrong)


class StopAfter(threading.Event):
    """Is set after a number of checks."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self.checks = checks

    def is_set(self) -> bool:
        self.checks -= 1
        return self.checks < 0


class TestCancellation:
    @pytest.mark.parametrize("patterns", [{"include": "*.csv"}, {"exclude": "*"}], ids=str)
    @pytest.mark.parametrize("checks", [0, 1, 30, 70, 110])
    def test_it_ends_the_walk_even_if_no_file_matches(
        self, tmp_path: Path, patterns: dict[str, str], checks: int
    ) -> None:
        write(tmp_path, [f"{number:02}.txt" for number in range(60)])
        with pytest.raises(Stopped):
            relative_paths(tmp_path, **patterns, stop=StopAfter(checks))

    def test_it_ends_the_walk_within_a_folder_of_many_entries(self, tmp_path: Path) -> None:
        write(tmp_path, [f"{number:03}" for number in range(200)])
        read: list[str] = []

        class Counting(StopAfter):
            def is_set(self) -> bool:
                read.append("entry")
                return super().is_set()

        with pytest.raises(Stopped):
            next(find_files(tmp_path, stop=Counting(50)))
        assert len(read) == 51

    def test_it_ends_the_reading_of_a_list(self) -> None:
        with pytest.raises(Stopped):
            relative_paths([f"{number}.txt" for number in range(60)], stop=StopAfter(30))

    def test_it_ends_the_walk_of_an_empty_source(self, tmp_path: Path) -> None:
        with pytest.raises(Stopped):
            relative_paths(tmp_path, stop=StopAfter(0))


PEAK = """
import sys, tracemalloc
from airflow_s3ops.s3.files.find import find_files
tracemalloc.start()
assert sum(1 for _ in find_files(sys.argv[1])) == int(sys.argv[2])
print(tracemalloc.get_traced_memory()[1])
"""


def test_ten_times_as_many_folders_take_no_more_memory(tmp_path: Path) -> None:
    def peak(folders: int) -> int:
        folder = tmp_path / str(folders)
        write(folder, [f"{number // 20}/{number}/{name}" for number in range(folders) for name in "abcde"])
        command = [sys.executable, "-c", PEAK, str(folder), str(folders * 5)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert peak(300) - peak(30) < 20_000
