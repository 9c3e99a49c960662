"""What the workers of one run share, and what they report to the main process (pytest-xdist)."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import xdist  # type: ignore[import-untyped]  # it has no annotations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

DESELECTED = "s3ops_deselected"


def shared_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of this run; it is the same in each worker."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if xdist.is_xdist_worker(request) else own


def make_once(shared: Path, own: Path, make: Callable[[], None]) -> None:
    """Make a file once for all workers: the first worker makes it, the others get a copy.

    :param shared: where the copy for the others is kept, in a folder that all workers share.
    :param own: the file of this worker.
    :param make: makes the file ``own``.
    """
    with _locked(shared.with_suffix(".lock")):
        if shared.exists():
            shutil.copy(shared, own)
            return
        make()
        part = shared.with_suffix(".part")
        shutil.copy(own, part)
        part.rename(shared)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class WorkerReports:
    """A pytest plugin: reports the number of deselected tests, for the last line of a run.

    The workers know it, and pytest-xdist does not report it.
    """

    def __init__(self) -> None:
        self.deselected = 0
        self.is_reported = False

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count the deselected tests."""
        self.deselected += len(items)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send the number from a worker to the main process."""
        if xdist.is_xdist_worker(session):
            output: dict[str, Any] = session.config.workeroutput  # type: ignore[attr-defined]
            output[DESELECTED] = self.deselected

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Report the number of the first worker: all workers deselect the same tests."""
        number = getattr(node, "workeroutput", {}).get(DESELECTED, 0)
        if number and not self.is_reported:
            self.is_reported = True
            node.config.hook.pytest_deselected(items=[SimpleNamespace()] * number)
