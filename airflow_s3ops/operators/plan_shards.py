"""``PlanShardsOperator``."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_s3ops.operators.base import permanent_errors_end_the_task
from airflow_s3ops.operators.coerce import as_bool, as_count, refuse_python_repr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import PurePath

    from airflow.sdk import Context


class PlanShardsOperator(BaseOperator):
    """Split a source into shards with about the same work, for a mapped ``UploadFilesOperator``.

    It reads names and sizes on the worker and sends no request to S3. XCom holds one range of paths for each
    shard, however many files there are. If the source is a list, XCom holds the lists.

    :param source: a folder, a glob, a list of files, or a shard; every worker must see it.
    :param shards: the number of shards, at least 1; with fewer files, there is one shard for each file.
    :param include: patterns of the relative paths to include; None means all. Give the upload the same.
    :param exclude: patterns of the relative paths to exclude. Give the upload the same.
    :param allow_empty: True returns no shards for a source without files, and Airflow skips the mapped tasks;
        False fails.
    :raises SourceNotFound: there is no such folder, or no file in it.
    """

    template_fields: Sequence[str] = ("source", "shards", "include", "exclude", "allow_empty")
    template_fields_renderers: ClassVar[dict[str, str]] = {}
    ui_color = "#e7f3ea"
    # An event holds a lock, which cannot be deep-copied.
    shallow_copy_attrs: Sequence[str] = ("_stop",)

    def __init__(
        self,
        *,
        source: str | PurePath | Sequence[str | PurePath] | Mapping[str, str],
        shards: int,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        allow_empty: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.shards = shards
        self.include = include
        self.exclude = exclude
        self.allow_empty = allow_empty

    def execute(self, context: Context) -> list[Any]:  # noqa: ARG002 - the base's signature
        """Plan the shards, and return them for XCom."""
        from airflow_s3ops.s3.errors import SourceNotFound
        from airflow_s3ops.s3.files.shards import plan_shards

        with permanent_errors_end_the_task():
            for name in ("source", "include", "exclude"):
                refuse_python_repr(name, getattr(self, name))
            shards = as_count("shards", self.shards)
            found = plan_shards(
                self.source, shards, include=self.include, exclude=self.exclude, stop=self._stop
            )
            if not found and not as_bool("allow_empty", self.allow_empty):
                raise SourceNotFound(
                    f"There is no file in {str(self.source)[:200]!r}",
                    advice="Check the folder and the patterns, or set allow_empty=True.",
                )
        self.log.info("%d shards", len(found))
        return found

    def on_kill(self) -> None:
        """Cancel the walk through the source."""
        self._stop.set()

    @cached_property
    def _stop(self) -> threading.Event:
        return threading.Event()
