"""Join manifests: complete, each key once, in flat memory, and nothing is written after an error."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from airflow_s3ops.s3.errors import (
    AccessDenied,
    InvalidExtraArgs,
    InvalidInput,
    InvalidManifest,
    ObjectNotFound,
    Stopped,
)
from airflow_s3ops.s3.manifests import keys_seen
from airflow_s3ops.s3.manifests.join import join_manifests
from airflow_s3ops.s3.manifests.keys_seen import KeysSeen
from tests.faults import Soon
from tests.memory import peak_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_s3 import S3Client

    from tests.conftest import MakeBucket
    from tests.faults import FaultProxy
    from tests.servers import S3Server

JOINED = "manifests/all.jsonl"
# Cancellation is promised within two seconds; the grace is for a busy machine.
CANCELLED_WITHIN = 2.0
GRACE = 3.0


def row(key: str, size: int = 1, **more: Any) -> dict[str, Any]:
    return {"key": key, "size": size, "etag": "e", **more}


def lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in rows)


def put(s3: S3Client, bucket: str, key: str, rows: Iterable[dict[str, Any]]) -> str:
    s3.put_object(Bucket=bucket, Key=key, Body=lines(rows))
    return f"s3://{bucket}/{key}"


def stored(s3: S3Client, bucket: str, key: str = JOINED) -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def keys_of(s3: S3Client, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


def test_all_rows_are_copied_unchanged_in_the_order_of_the_manifests(s3: S3Client, bucket: str) -> None:
    first = [row("b/2", 20, checksum={"algorithm": "CRC64NVME", "value": "x"}), row("b/1 \u2028é?#", 3)]
    second = [row("a/1", 100)]
    parts = [put(s3, bucket, "m/0", first), put(s3, bucket, "m/1", ()), put(s3, bucket, "m/2", second)]
    result = join_manifests(s3, bucket, parts, JOINED)
    assert stored(s3, bucket) == lines([*first, *second])
    assert (result.objects, result.bytes) == (3, 123)
    assert (result.bucket, result.manifest) == (bucket, f"s3://{bucket}/{JOINED}")


def test_the_manifests_are_kept_and_a_second_run_writes_the_same(s3: S3Client, bucket: str) -> None:
    parts = [put(s3, bucket, f"m/{number}", [row(f"k{number}")]) for number in range(2)]
    for _ in range(2):
        join_manifests(s3, bucket, parts, JOINED)
        assert stored(s3, bucket) == lines([row("k0"), row("k1")])
    assert keys_of(s3, bucket) == ["m/0", "m/1", JOINED]


def test_a_manifest_may_be_a_key_a_uri_or_the_result_of_an_upload(
    s3: S3Client, make_bucket: MakeBucket
) -> None:
    here, there = make_bucket(), make_bucket()
    put(s3, here, "m/0", [row("a")])
    elsewhere = put(s3, there, "m/0", [row("b")])
    returned = {"bucket": here, "uploaded": 1, "manifest": put(s3, here, "m/1", [row("c")])}
    assert join_manifests(s3, here, ["m/0", elsewhere, returned], JOINED).objects == 3
    assert join_manifests(s3, None, ["m/0"], f"s3://{here}/{JOINED}").objects == 1


@pytest.mark.parametrize("manifest", ["m/0", {"manifest": "m/0"}], ids=["key", "result"])
def test_one_manifest_may_be_given_without_a_list(s3: S3Client, bucket: str, manifest: Any) -> None:
    put(s3, bucket, "m/0", [row("a")])
    assert join_manifests(s3, bucket, manifest, JOINED).objects == 1


def test_a_missing_line_end_is_added(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="m/0", Body=lines([row("a")]).rstrip(b"\n"))
    put(s3, bucket, "m/1", [row("b")])
    join_manifests(s3, bucket, ["m/0", "m/1"], JOINED)
    assert stored(s3, bucket) == lines([row("a"), row("b")])


def test_a_missing_manifest_is_named_and_nothing_is_written(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "m/0", [row("a")])
    with pytest.raises(ObjectNotFound, match=f"The manifest s3://{bucket}/m/1 does not exist") as caught:
        join_manifests(s3, bucket, ["m/0", "m/1"], JOINED)
    assert caught.value.key == "m/1"
    assert "its upload" in str(caught.value)
    assert keys_of(s3, bucket) == ["m/0"]


@pytest.mark.parametrize("between", [0, 5, 2500], ids=["at once", "same batch", "other batch"])
def test_a_duplicate_key_is_named_with_both_manifests(s3: S3Client, bucket: str, between: int) -> None:
    others = [row(f"other/{number}") for number in range(between)]
    put(s3, bucket, "m/0", [row("a"), row("twice")])
    put(s3, bucket, "m/1", [*others, row("twice"), row("z")])
    with pytest.raises(InvalidManifest) as caught:
        join_manifests(s3, bucket, ["m/0", "m/1"], JOINED)
    assert caught.value.key == "twice"
    assert f"in s3://{bucket}/m/0 and in s3://{bucket}/m/1" in str(caught.value)
    assert keys_of(s3, bucket) == ["m/0", "m/1"]


def test_a_duplicate_key_in_one_manifest_is_found(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "m/0", [row("twice"), row("a"), row("twice")])
    with pytest.raises(InvalidManifest, match="'twice' is listed twice"):
        join_manifests(s3, bucket, ["m/0"], JOINED)


@pytest.mark.parametrize(
    "line",
    [
        *(
            b"nothing",
            b"[]",
            b"{}",
            b"",
            b'{"key": "a"}',
            b'{"key": 1, "size": 1}',
            b'{"key": "a", "size": true}',
        ),
        *(b'{"key": "a", "size": -1}', b'{"key": "half of a pair: \\ud83d", "size": 1}'),
        pytest.param(b"[" * 200_000, id="deep"),
    ],
)
def test_an_invalid_line_is_named(s3: S3Client, bucket: str, line: bytes) -> None:
    s3.put_object(Bucket=bucket, Key="m/0", Body=lines([row("a")]) + line + b"\n" + lines([row("b")]))
    with pytest.raises(InvalidManifest, match=f"s3://{bucket}/m/0, line 2"):
        join_manifests(s3, bucket, ["m/0"], JOINED)
    assert keys_of(s3, bucket) == ["m/0"]


@pytest.mark.parametrize("manifests", [5, True], ids=repr)
def test_a_value_that_is_not_a_list_of_manifests_is_rejected(
    s3: S3Client, bucket: str, manifests: Any
) -> None:
    with pytest.raises(InvalidInput, match="is not a list of manifests"):
        join_manifests(s3, bucket, manifests, JOINED)


@pytest.mark.parametrize("nothing", [[], None, ()], ids=repr)
def test_an_empty_list_of_manifests_is_rejected(s3: S3Client, bucket: str, nothing: Any) -> None:
    with pytest.raises(InvalidInput, match="no manifest to join"):
        join_manifests(s3, bucket, nothing, JOINED)


def test_an_upload_without_a_manifest_is_rejected_by_its_number(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "m/0", [row("a")])
    with pytest.raises(InvalidInput, match=r"manifests\[1\] is not a manifest"):
        join_manifests(s3, bucket, ["m/0", {"bucket": bucket, "uploaded": 3}], JOINED)


def test_the_joined_manifest_may_not_be_one_of_the_manifests(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, JOINED, [row("a")])
    with pytest.raises(InvalidInput, match="one of the manifests to join, and also the joined manifest"):
        join_manifests(s3, bucket, [f"s3://{bucket}/{JOINED}"], JOINED)


def test_a_manifest_that_is_given_twice_is_named_even_if_it_is_empty(s3: S3Client, bucket: str) -> None:
    empty = put(s3, bucket, "m/0", ())
    with pytest.raises(InvalidManifest, match=f"{empty} is given twice"):
        join_manifests(s3, bucket, [empty, "m/0"], JOINED)
    assert keys_of(s3, bucket) == ["m/0"]


def test_the_joined_manifest_may_not_replace_a_listed_object(s3: S3Client, make_bucket: MakeBucket) -> None:
    here, there = make_bucket(), make_bucket()
    part = put(s3, here, "m/0", [row("a"), row(JOINED)])
    s3.put_object(Bucket=here, Key=JOINED, Body=b"data")
    with pytest.raises(InvalidManifest, match=f"{part}, line 2: .* would replace the object '{JOINED}'"):
        join_manifests(s3, here, [part], JOINED)
    assert stored(s3, here) == b"data"
    assert join_manifests(s3, there, [part], JOINED).objects == 2  # another object in that bucket


def test_extra_args_apply_to_the_joined_manifest(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "m/0", [row("a")])
    for extra_args, content_type in (({}, "application/jsonl"), ({"ContentType": "text/x"}, "text/x")):
        join_manifests(s3, bucket, ["m/0"], JOINED, extra_args={"Metadata": {"run": "r1"}, **extra_args})
        head = s3.head_object(Bucket=bucket, Key=JOINED)
        assert (head["ContentType"], head["Metadata"]) == (content_type, {"run": "r1"})


def test_extra_args_of_get_object_are_sent_to_it_too(faults: FaultProxy, s3: S3Client, bucket: str) -> None:
    client = faults.server.client()
    seen: dict[str, bool] = {}

    def check_headers(model: Any, params: dict[str, Any], **_: object) -> None:
        headers = params["headers"]
        seen[model.name] = "x-amz-server-side-encryption-customer-key" in headers
        # Servers reject the key over http; the test only checks that the header was set.
        for name in [name for name in headers if "customer" in name]:
            del headers[name]

    def confirm_encryption(parsed: dict[str, Any], **_: object) -> None:
        parsed["SSECustomerAlgorithm"] = "AES256"

    client.meta.events.register("before-call.s3", check_headers)
    client.meta.events.register("after-call.s3.CreateMultipartUpload", confirm_encryption)
    put(s3, bucket, "m/0", [row("a")])
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    join_manifests(client, bucket, ["m/0"], JOINED, extra_args={**key, "RequestPayer": "requester"})
    assert {"GetObject", "CreateMultipartUpload", "UploadPart"} <= seen.keys()
    assert all(seen.values())
    assert {request.headers.get("x-amz-request-payer") for request in faults.requests} == {"requester"}


@pytest.mark.needs("expected_bucket_owner")
def test_a_manifest_of_another_owner_is_not_read(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "m/0", [row("a")])
    with pytest.raises(AccessDenied):
        join_manifests(s3, bucket, ["m/0"], JOINED, extra_args={"ExpectedBucketOwner": "999999999999"})
    assert keys_of(s3, bucket) == ["m/0"]


def test_an_unknown_extra_arg_is_rejected_before_anything_is_read(s3: S3Client, bucket: str) -> None:
    with pytest.raises(InvalidExtraArgs, match="Did you mean 'Metadata'"):
        join_manifests(s3, bucket, ["not there"], JOINED, extra_args={"MetaData": {}})


def test_a_cancelled_join_writes_nothing(s3: S3Client, bucket: str) -> None:
    put(s3, bucket, "m/0", [row("a")])
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        join_manifests(s3, bucket, ["m/0"], JOINED, stop=stop)
    assert keys_of(s3, bucket) == ["m/0"]


@pytest.mark.parametrize(
    "bytes_sent", [None, 0, 1_500_000], ids=["no response", "no body", "a part of the body"]
)
def test_cancellation_does_not_wait_for_a_manifest(
    s3: S3Client, bucket: str, faults: FaultProxy, bytes_sent: int | None
) -> None:
    put(s3, bucket, "m/0", [row(f"k{number:06}", note="x" * 200) for number in range(8000)])
    stop, cancelled_at = threading.Event(), []

    def cancel() -> None:
        cancelled_at.append(time.monotonic())
        stop.set()

    stalled = faults.on("GET", path="m/0", predicate=Soon(cancel))
    if bytes_sent is None:
        stalled.stall()
    else:
        stalled.stall_within(bytes=bytes_sent)
    client = faults.server.client(retries={"total_max_attempts": 1}, read_timeout=20)
    with pytest.raises(Stopped):
        join_manifests(client, bucket, ["m/0"], JOINED, stop=stop)
    assert time.monotonic() - cancelled_at[0] < CANCELLED_WITHIN + GRACE
    assert keys_of(s3, bucket) == ["m/0"]


# The upload is left out: its memory grows with the file up to a limit, which other tests check.
JOIN_TWICE = """
from airflow_s3ops.s3.manifests import join as join_module
join_module._upload = lambda *_: None
def join():
    return join_module.join_manifests(client, arguments["bucket"], [arguments["name"]], "joined")
join()  # modules and objects that are created once are not measured
"""


def peak_bytes_of_joining(server: S3Server, s3: S3Client, bucket: str, rows: int) -> int:
    name = f"m/{rows}"
    put(s3, bucket, name, (row(f"some/folder/{number:08}.csv") for number in range(rows)))
    return peak_bytes(server, f"assert join().objects == {rows}", before=JOIN_TWICE, bucket=bucket, name=name)


@pytest.mark.slow
def test_five_times_as_many_rows_take_no_more_memory(server: S3Server, s3: S3Client, bucket: str) -> None:
    small, large = (peak_bytes_of_joining(server, s3, bucket, rows) for rows in (40_000, 200_000))
    assert (large - small) / 160_000 < 2  # bytes per row


def test_the_keys_seen_do_not_exceed_their_cache() -> None:
    with KeysSeen() as seen:
        for number in range(300_000):
            seen.add(f"some/rather/long/folder/name/that/repeats/itself/{number:012}.csv", "s3://b/m")
        seen.require_unique()
        ((pages,),) = seen._database.execute("PRAGMA cache_size")
        ((spilled,),) = seen._database.execute("PRAGMA page_count")
        ((page,),) = seen._database.execute("PRAGMA page_size")
    assert pages == -keys_seen.CACHE_KIB
    assert cast("int", spilled) * cast("int", page) > keys_seen.CACHE_KIB * 1024  # so the cache was full
