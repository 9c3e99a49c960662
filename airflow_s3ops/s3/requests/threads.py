"""Threads that do not outlast the process.

``ThreadPoolExecutor`` would do, but the interpreter waits for its threads at the end, whatever ``shutdown``
was told: one with a dead connection would hold up an interrupted script until the connection's time-out.
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
    """Threads that work off what is submitted; one more is begun when none is idle.

    :param most: how many there may be.
    :param name: what each is called.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._threads: list[threading.Thread] = []
        self._is_short = False
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)

    def submit(self, work: Callable[..., Done], *arguments: Any) -> Future[Done]:
        """Have ``work`` done, and return what will have its result.

        :raises OutOfThreads: there is no thread, and none can be begun.
        """
        future: Future[Done] = Future()
        self._waiting.put(partial(fulfil, future, partial(work, *arguments)))
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
            self._begin_one_more(future)
        return future

    def close(self, *, wait: bool) -> None:
        """Let the threads end once what was submitted is done or cancelled.

        :param wait: until they have ended.
        """
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _begin_one_more(self, future: Future[Done]) -> None:
        try:
            self._threads.append(thread_for(self._work_off, self._name))
        except OutOfThreads as error:
            if not self._threads:
                future.cancel()  # it is queued already, for whichever thread may come
                raise
            if not self._is_short:
                log.warning("%s: going on with %s", error.what, len(self._threads))
            self._is_short = True

    def _work_off(self) -> None:
        while (call := self._next()) is not None:
            call()

    def _next(self) -> Callable[[], None] | None:
        with suppress(Empty):
            return self._waiting.get_nowait()
        self._idle.release()
        return self._waiting.get()


def thread_for(work: Callable[[], object], name: str) -> threading.Thread:
    """Begin a thread, with the context variables of this one.

    :raises OutOfThreads: the system lets none begin.
    """
    thread = threading.Thread(target=copy_context().run, args=(work,), name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise OutOfThreads(
            f"No further thread could be begun ({error})",
            advice="Let Airflow retry when less runs here; raise the limit of threads (ulimit -u, the "
            "container's pids limit), or lower max_concurrency and how many tasks run here at once.",
        ) from error
    return thread


def fulfil(future: Future[Done], work: Callable[[], Done]) -> None:
    """Do the work, unless it was cancelled, and have the future say what came of it."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
        future.set_exception(error)
