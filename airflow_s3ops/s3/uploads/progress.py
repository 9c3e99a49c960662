"""How far a transfer is: told to a subscriber, and written to a log now and then."""

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
    """How far a transfer is, in bytes of the source.

    :param done: bytes that S3 has, those of an earlier attempt included.
    :param total: bytes in all.
    :param resumed: bytes that an earlier attempt had sent.
    """

    done: int
    total: int
    resumed: int = 0


class ProgressSubscriber(Protocol):
    """Anything that can be called with a :class:`Progress`."""

    def __call__(self, progress: Progress, /) -> object:
        """Take note. It is called in the thread that called the upload; what it raises ends the upload."""


class LogNowAndThen:
    """A log that is written to every ten seconds at most.

    :param log: where to.
    :param what: what is transferred, for the line.
    :param clock: seconds, monotonic.
    """

    def __init__(self, log: logging.Logger, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._what = what
        self._clock = clock
        self._begun = self._logged = clock()

    def _due(self) -> float | None:
        """Return the seconds since the beginning if a line is due; it counts as written then."""
        now = self._clock()
        if now - self._logged < LOG_EVERY:
            return None
        self._logged = now
        return now - self._begun


class ProgressLog(LogNowAndThen):
    """A subscriber that logs a line every ten seconds at most: percentage, rate and time left."""

    def __call__(self, progress: Progress, /) -> None:
        """Log, unless the last line is too young or there is nothing left to wait for."""
        if progress.done < progress.total and (seconds := self._due()):
            self._log.info("%s: %s", self._what, described(progress, seconds))


@dataclass(frozen=True)
class FilesProgress:
    """How far an upload of many files is.

    :param files: that are uploaded, skipped or failed.
    :param bytes: of those that are uploaded.
    :param failed: how many of the files failed.
    """

    files: int
    bytes: int
    failed: int = 0


class FilesProgressSubscriber(Protocol):
    """Anything that can be called with a :class:`FilesProgress`."""

    def __call__(self, progress: FilesProgress, /) -> object:
        """Take note, after each file, in the calling thread. What it raises ends the upload."""


class FilesProgressLog(LogNowAndThen):
    """A subscriber that logs a line every ten seconds at most: files, bytes and their rates."""

    def __call__(self, progress: FilesProgress, /) -> None:
        """Log, unless the last line is too young."""
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
    """Return one phrase: ``42 % of 1.0 GiB, 105.0 MiB/s, 0:00:06 left``, and what was resumed.

    :param seconds: since this attempt began; the rate is this attempt's own.
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
