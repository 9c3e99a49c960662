"""Threads that do not outlast the process.

``ThreadPoolExecutor`` would do, but the interpreter waits for its threads at the end, whatever ``shutdown``
was told: one with a dead connection would hold up an interrupted script until the connection's time-out.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

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
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)

    def submit(self, work: Callable[..., Done], *arguments: Any) -> Future[Done]:
        """Have ``work`` done, and return what will have its result."""
        future: Future[Done] = Future()
        self._waiting.put(partial(fulfil, future, partial(work, *arguments)))
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
            self._threads.append(thread_for(self._work_off, self._name))
        return future

    def close(self, *, wait: bool) -> None:
        """Let the threads end once what was submitted is done or cancelled.

        :param wait: until they have ended.
        """
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _work_off(self) -> None:
        while (call := self._next()) is not None:
            call()

    def _next(self) -> Callable[[], None] | None:
        with suppress(Empty):
            return self._waiting.get_nowait()
        self._idle.release()
        return self._waiting.get()


def thread_for(work: Callable[[], object], name: str) -> threading.Thread:
    """Begin a thread, with the context variables of this one."""
    thread = threading.Thread(target=copy_context().run, args=(work,), name=name, daemon=True)
    thread.start()
    return thread


def fulfil(future: Future[Done], work: Callable[[], Done]) -> None:
    """Do the work, unless it was cancelled, and have the future say what came of it."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
        future.set_exception(error)
