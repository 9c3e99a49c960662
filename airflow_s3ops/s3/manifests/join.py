"""The manifests of many uploads, joined into one: streamed, and no key in it twice."""

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

    Place = tuple[str, str]

# How many lines are read ahead at once, and copied between two looks at whether to stop.
LINES_A_CHUNK = 1000


@dataclass(frozen=True)
class Join:
    """What was asked for, checked.

    :param whole: bucket and key of the joined manifest.
    :param extra_args: checked ones; each request is sent those it knows.
    """

    client: S3Client
    whole: Place
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
    """Write one manifest with the rows of all, in the order in which they are given; delete nothing.

    Memory is flat: the rows go through a temporary file without a name, which nothing can leave behind. So do
    the keys, to find one that is there twice. A million rows took 6 s of CPU, and the keys 56 MB of the disk.

    :param bucket: of the joined manifest, and of those that are given as a key; None if ``manifest_key`` is
        an ``s3://`` URI.
    :param manifests: ``s3://`` URIs or keys; or what the uploads returned, each with its ``manifest``.
    :param manifest_key: of the joined manifest; what is there is replaced, at once and whole.
    :param extra_args: any of PutObject, for the joined manifest. Those that GetObject knows as well
        (``SSECustomerKey``, ``ExpectedBucketOwner``, ``RequestPayer``) go with the reading of each part, too.
    :param stop: ends the work within 2 seconds, with ``Stopped``, when it is set.
    :raises InvalidInput: there is no manifest, an upload returned none, or ``extra_args`` are wrong; nothing
        was written.
    :raises ObjectNotFound: a manifest is not there; nothing was written.
    :raises InvalidManifest: a row is none, a key or a manifest is there twice, or an object that is listed
        has the key of the joined manifest; nothing was written.
    :raises S3OpsError: S3's other refusals.
    """
    begun = time.monotonic()
    bucket, manifest_key = bucket_and_key(bucket, manifest_key)
    places = _places(bucket, manifests)
    if (bucket, manifest_key) in places:
        raise InvalidInput(f"{s3_uri(bucket, manifest_key)} is both a part and the whole")
    cancellation = Cancellation(stop, s3_uri(bucket, manifest_key))
    join = Join(client, (bucket, manifest_key), checked_extra_args(client, extra_args), cancellation)
    with JsonLines() as joined, KeysSeen() as seen:
        objects = size = 0
        for place in places:
            for line, row in _rows(join, place):
                seen.add(row["key"], s3_uri(*place))
                joined.add_line(line)
                objects += 1
                size += row["size"]
        seen.require_each_once()
        _store(join, joined, stop)
    return JoinManifestsResult(
        bucket=bucket,
        manifest=s3_uri(bucket, manifest_key),
        objects=objects,
        bytes=size,
        seconds=round(time.monotonic() - begun, 3),
    )


def _places(bucket: str, manifests: Any) -> list[Place]:
    """Return bucket and key of each; of one mapped task Airflow gives the bare result, of none None."""
    if manifests is not None and not isinstance(manifests, Iterable):
        raise InvalidInput(
            f"manifests={manifests!r} is no list of manifests",
            bucket=bucket,
            advice="Give keys, URIs, or what uploads returned; nothing was written.",
        )
    given: Iterable[Any] = [manifests] if isinstance(manifests, (str, Mapping)) else manifests or ()
    places = [_place(bucket, number, manifest) for number, manifest in enumerate(given)]
    if not places:
        raise InvalidInput(
            "There is no manifest to join",
            bucket=bucket,
            advice="Check that the uploads before ran and had a manifest_key; nothing was written.",
        )
    _require_each_once(places)
    return places


def _require_each_once(places: Iterable[Place]) -> None:
    seen: set[Place] = set()
    for place in places:
        if place in seen:
            raise InvalidManifest(
                f"The manifest {s3_uri(*place)} is given twice",
                bucket=place[0],
                key=place[1],
                advice="Give each upload a manifest_key of its own; nothing was written.",
            )
        seen.add(place)


def _place(bucket: str, number: int, manifest: Any) -> Place:
    if isinstance(manifest, Mapping):
        manifest = manifest.get("manifest")
    if not isinstance(manifest, str) or not manifest:
        raise InvalidInput(
            f"Number {number} of the manifests is none: {str(manifest)[:60]!r}",
            bucket=bucket,
            advice="Give each upload a manifest_key of its own; nothing was written.",
        )
    return bucket_and_key(None if manifest.startswith("s3://") else bucket, manifest)


def _rows(join: Join, place: Place) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield each line of a manifest with the row that it is."""
    uri = s3_uri(*place)
    # An upload writes its manifest into the bucket of its objects.
    own_key = join.whole[1] if place[0] == join.whole[0] else None
    for number, line in enumerate(_lines(join, *place), start=1):
        row = _row(line, f"{uri}, line {number}")
        if row["key"] == own_key:
            raise InvalidManifest(
                f"{uri}, line {number}: the joined manifest would replace the object {own_key!r}",
                bucket=place[0],
                key=own_key,
                advice="Choose another manifest_key; nothing was written.",
            )
        yield line, row


def _lines(join: Join, bucket: str, key: str) -> Iterator[bytes]:
    try:
        # A thread reads: a connection that dies, also within the body, does not hold up a stop.
        for lines in fetched_ahead(_chunks(join, bucket, key), join.cancellation.check):
            join.cancellation.check()
            yield from lines
    except ObjectNotFound as error:
        raise ObjectNotFound(
            f"The manifest {s3_uri(bucket, key)} is not there",
            bucket=bucket,
            key=key,
            code=error.code,
            request_id=error.request_id,
            reason=error.reason,
            advice="It is written last, when all files of its upload are there: look at that upload's task. "
            "Nothing was joined.",
        ) from error


def _chunks(join: Join, bucket: str, key: str) -> Iterator[list[bytes]]:
    args = args_for(join.client, "GetObject", join.extra_args)
    with translated(join.client, bucket, key):
        # With the checksum asked for, botocore compares it at the end of the body.
        response = join.client.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **args)
        lines = response["Body"].iter_lines(chunk_size=1 << 20)
        while chunk := list(islice(lines, LINES_A_CHUNK)):
            yield chunk


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
        row["key"].encode()  # half of a surrogate pair is JSON, and no key
        well_formed = isinstance(row["key"], str) and type(row["size"]) is int and row["size"] >= 0
    except (AttributeError, ValueError, TypeError, KeyError, RecursionError):
        well_formed = False
    if not well_formed:
        raise InvalidManifest(f"{where}: no row with a key and a size, but {line[:60]!r}")
    return cast("dict[str, Any]", row)


def _store(join: Join, joined: JsonLines, stop: threading.Event | None) -> None:
    upload_file(
        join.client,
        joined.flushed_path(),
        *join.whole,
        extra_args={"ContentType": CONTENT_TYPE, **join.extra_args},
        stop=stop,
    )
