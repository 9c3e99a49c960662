from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from airflow_s3ops.s3.errors import InvalidInput, SourceChanged, SourceNotFound, SourceUnreadable
from airflow_s3ops.s3.files.source import CLOCK_TICK_NS, opened_source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "data.bin"
    path.write_bytes(b"0123456789")
    return path


def test_bytes_are_read_by_position(path: Path) -> None:
    buffer = memoryview(bytearray(4))
    with opened_source(path) as source:
        source.read_into(buffer, 3)
        assert bytes(buffer) == b"3456"
        source.read_into(buffer, 0)
        assert bytes(buffer) == b"0123"


def test_an_untouched_file_passes(path: Path) -> None:
    with opened_source(path) as source:
        source.check()


def test_a_link_is_followed_to_its_file(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    with opened_source(link) as source:
        source.check()
        assert source.identity.size == 10


def _rewrite(path: Path) -> None:
    path.write_bytes(b"9876543210")


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def _truncate(path: Path) -> None:
    os.truncate(path, 5)


def _replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"0123456789")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


def _remove(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_rewrite, "written to"),
        (_append, "it had 10 bytes and has 11"),
        (_truncate, "it had 10 bytes and has 5"),
        (_replace, "another file has its name now"),
        (_remove, "the file no longer exists"),
    ],
)
def test_a_change_is_detected(path: Path, change: object, reason: str) -> None:
    assert callable(change)
    with opened_source(path) as source:
        change(path)
        with pytest.raises(SourceChanged, match=reason):
            source.check()


def test_a_write_right_after_opening_is_detected_although_mtime_is_coarse(path: Path) -> None:
    for _ in range(50):
        path.write_bytes(b"before-now")
        with opened_source(path) as source:
            path.write_bytes(b"after-that")
            with pytest.raises(SourceChanged):
                source.check()


def test_an_old_file_is_opened_without_waiting(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(path, ns=(0, time.time_ns() - 10 * CLOCK_TICK_NS))
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    with opened_source(path):
        pass


def test_a_truncated_file_is_a_changed_file(path: Path) -> None:
    with opened_source(path) as source:
        os.truncate(path, 5)
        with pytest.raises(SourceChanged, match="ends at byte 5"):
            source.read_into(memoryview(bytearray(10)), 0)


def test_an_empty_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with opened_source(tmp_path / "empty") as source:
        assert source.identity.size == 0


@pytest.mark.parametrize("name", ["missing", "data.bin/below", "no/such/folder"])
def test_a_missing_file_is_not_found(path: Path, name: str) -> None:
    with pytest.raises(SourceNotFound, match="There is no file"), opened_source(path.parent / name):
        pass


@pytest.mark.parametrize("filename", [None, 5, b"data.bin", ["data.bin"]], ids=repr)
def test_an_invalid_path_is_refused(filename: Any) -> None:
    with pytest.raises(InvalidInput, match="is not a path"), opened_source(filename):
        pass


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="is a folder"), opened_source(tmp_path):
        pass


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(SourceUnreadable, match="is a fifo"), opened_source(tmp_path / "fifo"):
        pass


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has 107 characters at most
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(SourceUnreadable), opened_source("socket"):
            pass


def test_a_device_is_refused() -> None:
    with pytest.raises(SourceUnreadable, match="is a character device"), opened_source("/dev/null"):
        pass


def test_a_file_without_read_permission_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")  # tests may run as root, which may read all

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SourceUnreadable, match="is not allowed to read the file"), opened_source(path):
        pass


def test_a_disk_error_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    with opened_source(path) as source:
        monkeypatch.setattr(os, "preadv", fail)
        with pytest.raises(SourceUnreadable, match="Input/output error"):
            source.read_into(memoryview(bytearray(1)), 0)


def test_the_file_is_closed_at_the_end(path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with opened_source(path):
            pass
        with pytest.raises(SourceUnreadable), opened_source(path.parent):
            pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_file_that_is_written_to_continuously_is_refused_soon(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The writer writes during each of our waits.
    monkeypatch.setattr("airflow_s3ops.s3.files.source.time.sleep", lambda _: os.utime(path))
    os.utime(path)
    with pytest.raises(SourceChanged, match="is being written to"), opened_source(path):
        pass


def test_a_file_is_read_when_its_writer_pauses(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        ns = time.time_ns() - 10 * CLOCK_TICK_NS if len(waited) == 3 else time.time_ns()
        os.utime(path, ns=(ns, ns))

    monkeypatch.setattr("airflow_s3ops.s3.files.source.time.sleep", sleep)
    os.utime(path)
    with opened_source(path) as source:
        assert source.identity.size == path.stat().st_size
    assert len(waited) == 3


def test_a_file_whose_size_the_system_does_not_report_is_refused() -> None:
    with pytest.raises(SourceUnreadable, match="does not report the size"), opened_source("/proc/version"):
        pass


def test_no_free_descriptor_is_a_transient_error(path: Path) -> None:
    script = f"""
import resource
from airflow_s3ops.s3.errors import TransientError
from airflow_s3ops.s3.files.source import opened_source
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
try:
    opened_source({str(path)!r}).__enter__()
except TransientError as error:
    assert "ulimit -n" in str(error), error
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", script], check=True)
