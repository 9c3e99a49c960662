from __future__ import annotations

import logging

import pytest

from airflow_s3ops.s3.uploads.progress import (
    FilesProgress,
    FilesProgressLog,
    Progress,
    ProgressLog,
    described,
)

MIB = 1 << 20


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("progress", "seconds", "phrase"),
    [
        (Progress(42 * MIB, 100 * MIB), 6.0, "42 % of 100.0 MiB, 7.0 MiB/s, 0:00:08 left"),
        (
            Progress(50 * MIB, 100 * MIB, resumed=40 * MIB),
            10.0,
            "50 % of 100.0 MiB, 1.0 MiB/s, 0:00:50 left, 40.0 MiB of it from an earlier attempt",
        ),
        (Progress(5 * 10**12, 50 * 10**12), 3600.0, "10 % of 45.5 TiB, 1.3 GiB/s, 9:00:00 left"),
        (Progress(0, 500), 10.0, "0 % of 500 B, 0 B/s"),
        (Progress(0, 0), 0.0, "100 % of 0 B, 0 B/s"),
    ],
)
def test_the_progress_is_described(progress: Progress, seconds: float, phrase: str) -> None:
    assert described(progress, seconds) == phrase


def test_at_most_one_line_is_logged_every_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    log = ProgressLog(logging.getLogger("test"), "s3://b/k", clock)
    with caplog.at_level(logging.INFO, "test"):
        for second in range(36):
            clock.now = 1000.0 + second
            log(Progress(second * MIB, 40 * MIB))
    assert [record.getMessage() for record in caplog.records] == [
        "s3://b/k: 25 % of 40.0 MiB, 1.0 MiB/s, 0:00:30 left",
        "s3://b/k: 50 % of 40.0 MiB, 1.0 MiB/s, 0:00:20 left",
        "s3://b/k: 75 % of 40.0 MiB, 1.0 MiB/s, 0:00:10 left",
    ]


def test_short_transfers_and_completed_transfers_log_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    log = ProgressLog(logging.getLogger("test"), "s3://b/k", clock)
    with caplog.at_level(logging.INFO, "test"):
        log(Progress(1, 2))
        clock.now += 100
        log(Progress(2, 2))
    assert caplog.records == []


def test_for_many_files_at_most_one_line_is_logged_every_ten_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seconds = iter([0.0, 4.0, 12.0, 13.0, 22.5])
    log = FilesProgressLog(logging.getLogger(__name__), "Upload of many", clock=lambda: next(seconds))
    with caplog.at_level("INFO"):
        for files in (100, 1200, 1300, 2250):
            log(FilesProgress(files, files * 1024, failed=files // 2000))
    assert caplog.messages == [
        "Upload of many: 1,200 files, 1.2 MiB, 100 files/s, 100.0 KiB/s",
        "Upload of many: 2,250 files, 2.2 MiB, 100 files/s, 100.0 KiB/s, 1 failed",
    ]
