"""The state of the bucket before and after the work of each verb."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from benchmarks.sources import Seen, link_files, make_file, make_files, relative_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.bucket import Bucket
    from benchmarks.scenarios import Scenario, Verb

PREFIX = "folder/"
# In S3's order they come directly before and after the prefix; the prefix without its slash includes them.
NEIGHBOURS = ("folder-kept/", "folder0/")
NEIGHBOURS_EACH = 10


class Work(ABC):
    """The work of one verb, with files or keys that are created once for a scenario.

    :param folder: an empty folder for files.
    """

    versions = 1

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self._scenario = scenario
        self._folder = folder
        self._folder.mkdir()

    @abstractmethod
    def begin(self, bucket: Bucket, count: int) -> tuple[str, str]:
        """Bring the bucket into the state before the work.

        :param count: the number of files or keys.
        :return: the path of the file or folder to upload ("" for deletions), and the key or prefix.
        """

    @abstractmethod
    def left(self, count: int) -> Mapping[str, Seen]:
        """Return the expected objects after the work, each key with :attr:`versions` versions."""


class UploadFile(Work):
    """One file."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        super().__init__(scenario, folder)
        self._path = folder / "source.bin"
        make_file(self._path, scenario.size, sparse=scenario.sparse)

    def begin(self, bucket: Bucket, count: int) -> tuple[str, str]:  # noqa: ARG002 - there is one
        """Empty the bucket."""
        bucket.empty()
        return str(self._path), PREFIX + self._path.name

    def left(self, count: int) -> Mapping[str, Seen]:  # noqa: ARG002
        """Return the object."""
        return {PREFIX + self._path.name: Seen(self._scenario.size)}


class UploadFiles(Work):
    """Many files of a folder; a sample is a folder with the first files."""

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        super().__init__(scenario, folder)
        self._made = make_files(self._source(scenario.count), scenario.count, scenario.size)

    def begin(self, bucket: Bucket, count: int) -> tuple[str, str]:
        """Empty the bucket."""
        bucket.empty()
        source = self._source(count)
        if not source.is_dir():
            link_files(self._source(self._scenario.count), source, self._first(count))
        return str(source), PREFIX

    def left(self, count: int) -> Mapping[str, Seen]:
        """Return an object for each file, with the MD5 of its content: no file is sent in parts."""
        return {PREFIX + relative: seen for relative, seen in self._first(count).items()}

    def _source(self, count: int) -> Path:
        return self._folder / str(count)

    def _first(self, count: int) -> Mapping[str, Seen]:
        return dict(list(self._made.items())[:count])


class DeletePrefix(Work):
    """All keys under a prefix, and no others."""

    def begin(self, bucket: Bucket, count: int) -> tuple[str, str]:
        """Fill the bucket."""
        keys = [PREFIX + relative for relative in relative_paths(count)]
        bucket.fill(keys + self._neighbours(), self._body(), versions=self.versions)
        return "", PREFIX

    def left(self, count: int) -> Mapping[str, Seen]:  # noqa: ARG002
        """Return the objects with other prefixes."""
        return dict.fromkeys(self._neighbours(), Seen(self._scenario.size))

    def _body(self) -> bytes:
        return b"." * self._scenario.size

    def _neighbours(self) -> list[str]:
        return [prefix + relative for prefix in NEIGHBOURS for relative in relative_paths(NEIGHBOURS_EACH)]


class DeleteVersions(DeletePrefix):
    """The same, in a bucket with versions."""

    versions = 4


WORKS: dict[Verb, Callable[[Scenario, Path], Work]] = {
    "upload_file": UploadFile,
    "upload_files": UploadFiles,
    "delete_prefix": DeletePrefix,
    "delete_versions": DeleteVersions,
}
