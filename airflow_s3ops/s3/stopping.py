"""Stopping between two requests, when the task is told to end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from airflow_s3ops.s3.errors import Stopped
from airflow_s3ops.s3.names import s3_uri

if TYPE_CHECKING:
    import threading


def raise_if_stopped(stop: threading.Event | None, bucket: str) -> None:
    """Look at the flag; called before each request of a long operation.

    :param stop: set by ``on_kill``; None for an operation that nobody stops.
    :raises Stopped: the flag is set.
    """
    if stop is not None and stop.is_set():
        raise Stopped(f"The work on {s3_uri(bucket)} was stopped on request", bucket=bucket)


def pause(seconds: float, stop: threading.Event | None) -> None:
    """Wait, but no longer than until the flag is set."""
    if stop is None:
        time.sleep(seconds)
    else:
        stop.wait(seconds)
