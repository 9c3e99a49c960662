"""The progress of a transfer: passed to a subscriber, and logged periodically."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

LOG_EVERY = 10.0
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True)
class Progress:
    """The progress of a transfer, in bytes of the source.

    :param done: bytes that S3 has, including those that an earlier attempt sent.
    :param total: all bytes.
    :param resumed: bytes that an earlier attempt sent.
    """

    done: int
    total: int
    resumed: int = 0


class ProgressSubscriber(Protocol):
    """A callable that takes a :class:`Progress`."""

    def __call__(self, progress: Progress, /) -> object:
        """Receive the progress, in the thread that called the upload. An exception here ends the upload."""


class PeriodicLog:
    """Log at most one line every ten seconds.

    :param log: the logger.
    :param what: the name of the transfer, for the line.
    :param clock: returns monotonic seconds.
    """

    def __init__(self, log: logging.Logger, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._what = what
        self._clock = clock
        self._started = self._logged = clock()

    def _due(self) -> float | None:
        """Return the seconds since the start if a line is due, and count it as logged; else None."""
        now = self._clock()
        if now - self._logged < LOG_EVERY:
            return None
        self._logged = now
        return now - self._started


class ProgressLog(PeriodicLog):
    """A subscriber that logs at most one line every ten seconds: percentage, rate and time left."""

    def __call__(self, progress: Progress, /) -> None:
        """Log a line if one is due and the transfer is not complete."""
        if progress.done < progress.total and (seconds := self._due()):
            self._log.info("%s: %s", self._what, described(progress, seconds))


@dataclass(frozen=True)
class FilesProgress:
    """The progress of an upload of many files.

    :param files: the number of files that were uploaded, were skipped or failed.
    :param bytes: the bytes of the uploaded files.
    :param failed: the number of files that failed.
    """

    files: int
    bytes: int
    failed: int = 0


class FilesProgressSubscriber(Protocol):
    """A callable that takes a :class:`FilesProgress`."""

    def __call__(self, progress: FilesProgress, /) -> object:
        """Receive the progress after each file, in the calling thread. An exception here ends the upload."""


class FilesProgressLog(PeriodicLog):
    """A subscriber that logs at most one line every ten seconds: files, bytes and their rates."""

    def __call__(self, progress: FilesProgress, /) -> None:
        """Log a line if one is due."""
        seconds = self._due()
        if seconds is None:
            return
        self._log.info(
            "%s: %s files, %s, %.0f files/s, %s/s%s",
            self._what,
            f"{progress.files:,}",
            _size(progress.bytes),
            progress.files / seconds,
            _size(progress.bytes / seconds),
            f", {progress.failed:,} failed" if progress.failed else "",
        )


def described(progress: Progress, seconds: float) -> str:
    """Return a phrase such as ``42 % of 1.0 GiB, 105.0 MiB/s, 0:00:06 left``, and the resumed bytes.

    :param seconds: the seconds since this attempt started; the rate is that of this attempt only.
    """
    rate = (progress.done - progress.resumed) / seconds if seconds > 0 else 0.0
    parts = [f"{_percentage(progress)} % of {_size(progress.total)}", f"{_size(rate)}/s"]
    if rate:
        parts.append(f"{_span((progress.total - progress.done) / rate)} left")
    if progress.resumed:
        parts.append(f"{_size(progress.resumed)} of it from an earlier attempt")
    return ", ".join(parts)


def _percentage(progress: Progress) -> int:
    return 100 * progress.done // progress.total if progress.total else 100


def _size(count: float) -> str:
    for unit in _UNITS[:-1]:
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} {_UNITS[-1]}"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
