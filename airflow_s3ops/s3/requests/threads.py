"""Threads that do not delay the end of the process.

Not ``ThreadPoolExecutor``: at its exit the interpreter waits for that class's threads, whatever ``shutdown``
was called with. A thread with a dead connection would delay the end of an interrupted script until the
connection's time-out.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_s3ops.s3.errors import OutOfThreads

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

Done = TypeVar("Done")


class Threads:
    """A pool of threads; a submission starts one more thread when none is idle.

    :param most: the highest number of threads.
    :param name: the name of each thread.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._threads: list[threading.Thread] = []
        self._has_warned = False
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)

    def submit(self, work: Callable[..., Done], *arguments: Any) -> Future[Done]:
        """Run ``work`` in a thread, and return the future of its result.

        :raises OutOfThreads: there is no thread, and none can be started.
        """
        future: Future[Done] = Future()
        self._waiting.put(partial(fulfil, future, partial(work, *arguments)))
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
            self._start_one_more(future)
        return future

    def close(self, *, wait: bool) -> None:
        """Let the threads end when all submitted work is done or cancelled.

        :param wait: whether to wait until they have ended.
        """
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _start_one_more(self, future: Future[Done]) -> None:
        try:
            self._threads.append(thread_for(self._run_queue, self._name))
        except OutOfThreads as error:
            if not self._threads:
                future.cancel()  # it is in the queue already: a later thread must not run it
                raise
            if not self._has_warned:
                log.warning("%s: the work continues with %s", error.what, len(self._threads))
            self._has_warned = True

    def _run_queue(self) -> None:
        while (call := self._next()) is not None:
            call()

    def _next(self) -> Callable[[], None] | None:
        with suppress(Empty):
            return self._waiting.get_nowait()
        self._idle.release()
        return self._waiting.get()


def thread_for(work: Callable[[], object], name: str) -> threading.Thread:
    """Start a thread with the context variables of the current one.

    :raises OutOfThreads: the system refuses to start a thread.
    """
    thread = threading.Thread(target=copy_context().run, args=(work,), name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise OutOfThreads(
            f"No further thread could be started ({error})",
            advice="Let Airflow retry when less runs here; raise the limit of threads (ulimit -u, the "
            "container's pids limit), or lower max_concurrency and the number of tasks that run at once.",
        ) from error
    return thread


def fulfil(future: Future[Done], work: Callable[[], Done]) -> None:
    """Call ``work``, unless the future was cancelled, and set the future's result or exception."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - future.result() raises it
        future.set_exception(error)
