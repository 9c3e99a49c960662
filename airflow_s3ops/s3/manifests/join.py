"""Join the manifests of many uploads into one: rows are streamed, and no key may occur twice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from airflow_s3ops.s3.errors import InvalidInput, InvalidManifest, ObjectNotFound
from airflow_s3ops.s3.extra_args import args_for, checked_extra_args
from airflow_s3ops.s3.manifest_rows import CONTENT_TYPE, JsonLines
from airflow_s3ops.s3.manifests.keys_seen import KeysSeen
from airflow_s3ops.s3.names import bucket_and_key, s3_uri
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.requests.prefetch import fetched_ahead
from airflow_s3ops.s3.requests.translate import translated
from airflow_s3ops.s3.results import JoinManifestsResult
from airflow_s3ops.s3.uploads.file import upload_file

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    Location = tuple[str, str]

# Lines that are read ahead at once. Cancellation is checked after each chunk.
LINES_PER_CHUNK = 1000


@dataclass(frozen=True)
class Join:
    """The checked parameters of a join.

    :param target: bucket and key of the joined manifest.
    :param extra_args: checked; each request gets those that it supports.
    """

    client: S3Client
    target: Location
    extra_args: Mapping[str, Any]
    cancellation: Cancellation


def join_manifests(
    client: S3Client,
    bucket: str | None,
    manifests: Any,
    manifest_key: str,
    *,
    extra_args: Mapping[str, Any] | None = None,
    stop: threading.Event | None = None,
) -> JoinManifestsResult:
    """Write one manifest with the rows of all manifests, in the given order; delete nothing.

    Memory is flat: the rows are written to a temporary file without a name, so nothing can remain on disk.
    The keys are stored on disk in the same way, to find duplicates. A million rows took 6 s of CPU, and their
    keys 56 MB on disk.

    :param bucket: the bucket of the joined manifest, and of manifests that are given as a key; None if
        ``manifest_key`` is an ``s3://`` URI.
    :param manifests: ``s3://`` URIs or keys; or the results of the uploads, each with its ``manifest``.
    :param manifest_key: the key of the joined manifest; an existing object is replaced in one step.
    :param extra_args: any parameters of PutObject, for the joined manifest. Those that GetObject supports as
        well (``SSECustomerKey``, ``ExpectedBucketOwner``, ``RequestPayer``) are also sent to read each
        manifest.
    :param stop: cancels the call within 2 seconds, with ``Stopped``, when it is set.
    :raises InvalidInput: there is no manifest, an upload returned none, or ``extra_args`` are wrong; nothing
        was written.
    :raises ObjectNotFound: a manifest does not exist; nothing was written.
    :raises InvalidManifest: a row is invalid, a key or a manifest occurs twice, or a listed object has the
        key of the joined manifest; nothing was written.
    :raises S3OpsError: any other error of S3.
    """
    started = time.monotonic()
    bucket, manifest_key = bucket_and_key(bucket, manifest_key)
    locations = _locations(bucket, manifests)
    if (bucket, manifest_key) in locations:
        raise InvalidInput(
            f"{s3_uri(bucket, manifest_key)} is one of the manifests to join, and also the joined manifest"
        )
    cancellation = Cancellation(stop, s3_uri(bucket, manifest_key))
    join = Join(client, (bucket, manifest_key), checked_extra_args(client, extra_args), cancellation)
    with JsonLines() as joined, KeysSeen() as seen:
        objects = size = 0
        for location in locations:
            for line, row in _rows(join, location):
                seen.add(row["key"], s3_uri(*location))
                joined.add_line(line)
                objects += 1
                size += row["size"]
        seen.require_unique()
        _upload(join, joined, stop)
    return JoinManifestsResult(
        bucket=bucket,
        manifest=s3_uri(bucket, manifest_key),
        objects=objects,
        bytes=size,
        seconds=round(time.monotonic() - started, 3),
    )


def _locations(bucket: str, manifests: Any) -> list[Location]:
    """Return bucket and key of each manifest.

    For one mapped task Airflow passes its result without a list, for no mapped task None.
    """
    if manifests is not None and not isinstance(manifests, Iterable):
        raise InvalidInput(
            f"manifests={manifests!r} is not a list of manifests",
            bucket=bucket,
            advice="Give keys, URIs, or the results of uploads; nothing was written.",
        )
    given: Iterable[Any] = [manifests] if isinstance(manifests, (str, Mapping)) else manifests or ()
    locations = [_location(bucket, number, manifest) for number, manifest in enumerate(given)]
    if not locations:
        raise InvalidInput(
            "There is no manifest to join",
            bucket=bucket,
            advice="Check that the upload tasks ran and had a manifest_key; nothing was written.",
        )
    _require_unique(locations)
    return locations


def _require_unique(locations: Iterable[Location]) -> None:
    seen: set[Location] = set()
    for location in locations:
        if location in seen:
            raise InvalidManifest(
                f"The manifest {s3_uri(*location)} is given twice",
                bucket=location[0],
                key=location[1],
                advice="Give each upload a manifest_key of its own; nothing was written.",
            )
        seen.add(location)


def _location(bucket: str, number: int, manifest: Any) -> Location:
    if isinstance(manifest, Mapping):
        manifest = manifest.get("manifest")
    if not isinstance(manifest, str) or not manifest:
        raise InvalidInput(
            f"manifests[{number}] is not a manifest: {str(manifest)[:60]!r}",
            bucket=bucket,
            advice="Give each upload a manifest_key of its own; nothing was written.",
        )
    return bucket_and_key(None if manifest.startswith("s3://") else bucket, manifest)


def _rows(join: Join, location: Location) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield each line of a manifest, with its parsed row."""
    uri = s3_uri(*location)
    # An upload writes its manifest into the bucket of its objects.
    own_key = join.target[1] if location[0] == join.target[0] else None
    for number, line in enumerate(_lines(join, *location), start=1):
        row = _row(line, f"{uri}, line {number}")
        if row["key"] == own_key:
            raise InvalidManifest(
                f"{uri}, line {number}: the joined manifest would replace the object {own_key!r}",
                bucket=location[0],
                key=own_key,
                advice="Choose another manifest_key; nothing was written.",
            )
        yield line, row


def _lines(join: Join, bucket: str, key: str) -> Iterator[bytes]:
    try:
        # A separate thread reads, so that a dead connection does not delay the cancellation, not even while
        # the body is read.
        for lines in fetched_ahead(_chunks(join, bucket, key), join.cancellation.check):
            join.cancellation.check()
            yield from lines
    except ObjectNotFound as error:
        raise ObjectNotFound(
            f"The manifest {s3_uri(bucket, key)} does not exist",
            bucket=bucket,
            key=key,
            code=error.code,
            request_id=error.request_id,
            reason=error.reason,
            advice="An upload writes its manifest last, after all its files: check the task of its upload. "
            "Nothing was joined.",
        ) from error


def _chunks(join: Join, bucket: str, key: str) -> Iterator[list[bytes]]:
    args = args_for(join.client, "GetObject", join.extra_args)
    with translated(join.client, bucket, key):
        # With ChecksumMode botocore verifies the checksum at the end of the body.
        response = join.client.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **args)
        lines = response["Body"].iter_lines(chunk_size=1 << 20)
        while chunk := list(islice(lines, LINES_PER_CHUNK)):
            yield chunk


def _row(line: bytes, line_name: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
        row["key"].encode()  # half of a surrogate pair is valid JSON, but not a valid key
        well_formed = isinstance(row["key"], str) and type(row["size"]) is int and row["size"] >= 0
    except (AttributeError, ValueError, TypeError, KeyError, RecursionError):
        well_formed = False
    if not well_formed:
        raise InvalidManifest(f"{line_name} is not a row with a key and a size: {line[:60]!r}")
    return cast("dict[str, Any]", row)


def _upload(join: Join, joined: JsonLines, stop: threading.Event | None) -> None:
    upload_file(
        join.client,
        joined.flushed_path(),
        *join.target,
        extra_args={"ContentType": CONTENT_TYPE, **join.extra_args},
        stop=stop,
    )
