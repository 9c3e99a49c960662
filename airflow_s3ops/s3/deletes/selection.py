"""Which keys to delete; checked before any request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

# botocore depends on it. datetime.fromisoformat of Python 3.10 supports neither "Z" nor "+0200".
from dateutil.parser import isoparse

from airflow_s3ops.s3.errors import InvalidInput
from airflow_s3ops.s3.names import bucket_and_prefix, checked_bucket, checked_key, s3_uri


@dataclass(frozen=True)
class Selection:
    """Which keys of a bucket are selected: those in ``keys``, or all that begin with ``prefix``.

    :param keys: None for a prefix.
    :param prefix: empty for the whole bucket.
    :param all_versions: all versions and delete markers, not only the current objects.
    :param modified_before: in UTC; only what is strictly older.
    :param max_objects: the highest number that may be deleted.
    """

    bucket: str
    keys: tuple[str, ...] | None = None
    prefix: str = ""
    all_versions: bool = False
    modified_before: datetime | None = None
    max_objects: int | None = None

    def __str__(self) -> str:
        """Return a description of the selection, for messages."""
        if self.keys is not None:
            return f"{len(self.keys):,} given keys of {s3_uri(self.bucket)}"
        return f"{s3_uri(self.bucket)}/{self.prefix}*"

    def includes(self, last_modified: datetime) -> bool:
        """Whether an object that was last modified at this time is selected."""
        return self.modified_before is None or last_modified < self.modified_before


def checked_selection(
    bucket: str,
    *,
    keys: Iterable[str] | None = None,
    prefix: str | None = None,
    everything: bool = False,
    all_versions: bool = False,
    modified_before: datetime | str | None = None,
    max_objects: int | None = None,
) -> Selection:
    """Check the parameters of a deletion; see :func:`airflow_s3ops.s3.deletes.objects.delete_objects`.

    :raises InvalidInput: with the advice what to write instead.
    """
    bucket = checked_bucket(bucket)
    require_booleans(bucket, everything=everything, all_versions=all_versions)
    given = [name for name, is_given in _parameters(keys, prefix, everything=everything) if is_given]
    if len(given) != 1:
        raise _ambiguous(bucket, given)
    return Selection(
        bucket=bucket,
        keys=None if keys is None else _checked_keys(keys, bucket),
        prefix="" if prefix is None else _checked_prefix(prefix, bucket),
        all_versions=all_versions,
        modified_before=None if modified_before is None else _parsed_time(modified_before, bucket),
        max_objects=_checked_limit(max_objects, bucket),
    )


def _parameters(
    keys: Iterable[str] | None, prefix: str | None, *, everything: bool
) -> tuple[tuple[str, bool], ...]:
    return ("keys", keys is not None), ("prefix", prefix is not None), ("everything", everything)


def require_booleans(bucket: str, **flags: object) -> None:
    """Check that each value is True or False.

    :raises InvalidInput: naming the parameter.
    """
    for name, value in flags.items():
        if not isinstance(value, bool):  # the string "False", rendered from a template, would count as True
            raise InvalidInput(f"{name}={value!r} is neither True nor False", bucket=bucket)


def _ambiguous(bucket: str, given: list[str]) -> InvalidInput:
    problem = (
        " and ".join(given) + " are given together"
        if given
        else "nothing is selected (keys and prefix are None)"
    )
    return InvalidInput(
        f"It is not clear which objects of {s3_uri(bucket)} to delete: {problem}",
        bucket=bucket,
        advice="Give exactly one of keys, prefix and everything=True, and check the template that the value "
        "comes from. To empty the whole bucket, write everything=True. Nothing was sent.",
    )


def _checked_prefix(prefix: str, bucket: str) -> str:
    if isinstance(prefix, str) and prefix:
        return bucket_and_prefix(bucket, prefix)[1]
    raise InvalidInput(
        f"The prefix is empty ({prefix!r}): it would select every object in {s3_uri(bucket)}",
        bucket=bucket,
        advice="Check the template that the prefix comes from. To empty the whole bucket, write "
        "everything=True. Nothing was sent.",
    )


def _checked_keys(keys: Iterable[str], bucket: str) -> tuple[str, ...]:
    if isinstance(keys, (str, bytes)):
        raise InvalidInput(
            f"keys is one string ({keys[:60]!r}); each of its characters would be used as a key",
            bucket=bucket,
            advice="Write a list: keys=[key]. If a template renders to a list, the DAG needs "
            "render_template_as_native_obj=True. Nothing was sent.",
        )
    if not isinstance(keys, Iterable):
        raise InvalidInput(
            f"keys={keys!r} is not a list of keys",
            bucket=bucket,
            advice="Write a list, and check the template that keys comes from. Nothing was sent.",
        )
    unique = tuple(dict.fromkeys(checked_key(key, bucket) for key in keys))
    if unique:
        return unique
    raise InvalidInput(
        "The list of keys is empty",
        bucket=bucket,
        advice="Skip the task if there is nothing to delete, or check the template that keys comes from. To "
        "empty the whole bucket, write everything=True. Nothing was sent.",
    )


def _parsed_time(value: datetime | str, bucket: str) -> datetime:
    try:
        parsed = isoparse(value) if isinstance(value, str) else value
    except (OverflowError, ValueError) as error:
        raise _time_error(value, "not an ISO 8601 time", bucket) from error
    if not isinstance(parsed, datetime):
        raise _time_error(value, "not a time", bucket)
    if parsed.utcoffset() is None:
        raise _time_error(value, "a time without an offset, so its time zone is not known", bucket)
    try:
        return parsed.astimezone(timezone.utc)
    except OverflowError as error:
        raise _time_error(value, "outside the years 1 to 9999 in UTC", bucket) from error


def _time_error(value: object, reason: str, bucket: str) -> InvalidInput:
    return InvalidInput(
        f"modified_before={value!r} is {reason}",
        bucket=bucket,
        advice='Write an aware datetime, or a string such as "2026-01-31T00:00:00Z" or '
        '"2026-01-31T09:00:00+09:00". Nothing was sent.',
    )


def _checked_limit(max_objects: int | None, bucket: str) -> int | None:
    if max_objects is None:
        return None
    if isinstance(max_objects, bool) or not isinstance(max_objects, int) or max_objects < 0:
        raise InvalidInput(f"max_objects={max_objects!r} is not a number of objects", bucket=bucket)
    return max_objects
