"""``DeleteObjectsOperator``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.operators.base import CONNECTION_FIELDS, S3OpsOperator
from airflow_s3ops.operators.coerce import as_bool, as_count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airflow.sdk import Context

    from airflow_s3ops.s3.results import DeleteObjectsResult


class DeleteObjectsOperator(S3OpsOperator):
    """Delete the objects of a list, under a prefix, or all objects of a bucket.

    Give exactly one of ``keys``, ``prefix`` and ``everything=True``. An empty prefix or list is refused, also
    if a template rendered it: to empty a bucket, set ``everything=True``.

    :param bucket: the bucket's name; None if ``prefix`` is an ``s3://`` URI.
    :param keys: a list of keys.
    :param prefix: selects the keys that begin with it.
    :param everything: True selects every key of the bucket.
    :param all_versions: True permanently deletes versions and delete markers too.
    :param modified_before: an aware datetime, or an ISO 8601 text with its offset; only older objects are
        selected.
    :param max_objects: an upper bound: if more objects are selected, nothing is deleted.
    :param dry_run: True counts the objects, logs the first few, and deletes nothing.
    :raises InvalidInput: there is no selection, more than one, or an empty one.
    :raises TooManyObjects: more than ``max_objects`` are selected.
    :raises PartialDelete: some keys failed; the error has all of them. All others were deleted.
    """

    template_fields: Sequence[str] = (
        "bucket",
        "keys",
        "prefix",
        "everything",
        "all_versions",
        "modified_before",
        "max_objects",
        "dry_run",
        *CONNECTION_FIELDS,
    )
    ui_color = "#f6e3e0"

    def __init__(
        self,
        *,
        bucket: str | None = None,
        keys: Sequence[str] | None = None,
        prefix: str | None = None,
        everything: bool = False,
        all_versions: bool = False,
        modified_before: datetime | str | None = None,
        max_objects: int | None = None,
        dry_run: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self.keys = keys
        self.prefix = prefix
        self.everything = everything
        self.all_versions = all_versions
        self.modified_before = modified_before
        self.max_objects = max_objects
        # Hides BaseOperator.dry_run(), which Airflow 3 never calls; other S3 tools use this name, too.
        self.dry_run = dry_run  # type: ignore[method-assign, assignment]

    def target(self) -> tuple[str | None, str | None]:
        """Return the bucket and the prefix."""
        return self.bucket, self.prefix

    def operate(self, context: Context) -> DeleteObjectsResult:  # noqa: ARG002 - the base's signature
        """Delete the selected objects."""
        return self.hook.delete_objects(
            self.bucket,
            keys=self.keys,
            prefix=self.prefix,
            everything=as_bool("everything", self.everything),
            all_versions=as_bool("all_versions", self.all_versions),
            modified_before=self.modified_before,
            max_objects=as_count("max_objects", self.max_objects),
            dry_run=as_bool("dry_run", self.dry_run),
        )
