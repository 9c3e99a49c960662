"""What the workers of one run share, and what they would keep to themselves (pytest-xdist)."""

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
    """Give the run's own folder, the same one in each worker."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if xdist.is_xdist_worker(request) else own


def made_once(shared: Path, own: Path, make: Callable[[], None]) -> None:
    """Make the file ``own`` once for all workers: the first one makes it, the others get a copy.

    :param shared: where the copy is kept, in a folder that all workers see.
    """
    with _alone(shared.with_suffix(".lock")):
        if shared.exists():
            shutil.copy(shared, own)
            return
        make()
        part = shared.with_suffix(".part")
        shutil.copy(own, part)
        part.rename(shared)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class WorkerReports:
    """A pytest plugin: shows what workers know alone, and pytest-xdist does not pass on.

    That is how many tests were deselected, for the closing line, and the words of a usage error.
    """

    def __init__(self) -> None:
        self.number = 0
        self.told = False

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, session: pytest.Session) -> Iterator[None]:
        """Let a worker fail by an error of the kind that is shown."""
        try:
            yield
        except pytest.UsageError as error:
            if xdist.is_xdist_worker(session):
                raise RuntimeError(str(error)) from error
            raise

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count them."""
        self.number += len(items)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let a worker tell how many there were."""
        if xdist.is_xdist_worker(session):
            output: dict[str, Any] = session.config.workeroutput  # type: ignore[attr-defined]
            output[DESELECTED] = self.number

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Pass on what the first worker tells: they all deselect the same."""
        number = getattr(node, "workeroutput", {}).get(DESELECTED, 0)
        if number and not self.told:
            self.told = True
            node.config.hook.pytest_deselected(items=[SimpleNamespace()] * number)
