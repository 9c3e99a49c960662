"""``if_exists`` and conditions in ExtraArgs, including races."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.uploads.file import upload_file
from tests.s3.uploads.support import (
    PART,
    assert_stored,
    one_try_client,
    open_uploads,
    stored_bytes,
    write_file,
)

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server

WRITERS = 24
RACE_WITHIN = 120
SIZES = {"single": 1000, "parts": PART + 1000}


@pytest.fixture(params=SIZES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_file(tmp_path / "mine.csv", SIZES[request.param], seed=1)


def put_other_object(s3: S3Client, bucket: str) -> bytes:
    s3.put_object(Bucket=bucket, Key="k", Body=b"other object")
    return b"other object"


def _without_conditions(params: dict[str, Any], **_: object) -> None:
    params["headers"].pop("If-None-Match", None)


class TestReplace:
    def test_it_replaces(self, s3: S3Client, bucket: str, path: Path) -> None:
        put_other_object(s3, bucket)
        assert upload_file(s3, path, bucket, "k", part_size=PART).status == "uploaded"
        assert_stored(s3, bucket, "k", path)

    def test_it_sends_no_condition(self, faults: FaultProxy, bucket: str, path: Path) -> None:
        upload_file(faults.server.client(), path, bucket, "k", part_size=PART)
        assert [r for r in faults.requests if {"if-match", "if-none-match"} & r.headers.keys()] == []


class TestFail:
    def test_a_key_without_an_object_is_uploaded(self, s3: S3Client, bucket: str, path: Path) -> None:
        upload_file(s3, path, bucket, "k", if_exists="fail", part_size=PART)
        assert_stored(s3, bucket, "k", path)

    def test_an_existing_object_is_not_replaced(self, s3: S3Client, bucket: str, path: Path) -> None:
        before = put_other_object(s3, bucket)
        with pytest.raises(errors.ObjectExists) as caught:
            upload_file(s3, path, bucket, "k", if_exists="fail", part_size=PART)
        assert (caught.value.bucket, caught.value.key) == (bucket, "k")
        assert stored_bytes(s3, bucket, "k") == before
        assert open_uploads(s3, bucket) == []

    def test_an_object_written_meanwhile_is_not_replaced(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path
    ) -> None:
        last = {"PUT": None, "POST": "uploadId"}["PUT" if path.stat().st_size < PART else "POST"]
        faults.on("POST" if last else "PUT", query=last).run(lambda _: put_other_object(s3, bucket))
        with pytest.raises(errors.ObjectExists):
            upload_file(one_try_client(faults), path, bucket, "k", if_exists="fail", part_size=PART)
        assert stored_bytes(s3, bucket, "k") == b"other object"
        assert open_uploads(s3, bucket) == []

    def test_with_an_existing_object_no_parts_are_sent(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path
    ) -> None:
        put_other_object(s3, bucket)
        with pytest.raises(errors.ObjectExists):
            upload_file(faults.server.client(), path, bucket, "k", if_exists="fail", part_size=PART)
        if path.stat().st_size > PART:
            assert faults.body_bytes("PUT") == 0

    def test_a_write_only_user_can_use_it(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path
    ) -> None:
        faults.on("HEAD", times=None).respond(403)
        client = faults.server.client()
        upload_file(client, path, bucket, "k", if_exists="fail", part_size=PART)
        with pytest.raises(errors.ObjectExists):
            upload_file(client, path, bucket, "k", if_exists="fail", part_size=PART)
        assert open_uploads(s3, bucket) == []

    @pytest.mark.parametrize("if_exists", ["fail", "skip"])
    def test_on_a_server_that_ignores_conditions_an_existing_object_is_not_replaced(
        self, server: S3Server, s3: S3Client, bucket: str, path: Path, if_exists: Any
    ) -> None:
        client = server.client()
        client.meta.events.register("before-call.s3", _without_conditions)
        assert (
            upload_file(client, path, bucket, "new", if_exists=if_exists, part_size=PART).status == "uploaded"
        )
        before = put_other_object(s3, bucket)
        outcome = "skipped"
        try:
            outcome = upload_file(client, path, bucket, "k", if_exists=if_exists, part_size=PART).status
        except errors.ObjectExists:
            outcome = "failed"
        assert outcome == {"fail": "failed", "skip": "skipped"}[if_exists]
        assert stored_bytes(s3, bucket, "k") == before
        assert open_uploads(s3, bucket) == []

    @pytest.mark.needs("atomic_conditions")
    def test_of_twenty_four_processes_one_succeeds_and_the_object_is_complete(
        self, server: S3Server, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        for kind, size in SIZES.items():
            for n in range(WRITERS):
                write_file(tmp_path / f"{kind}-{n}", size, seed=n)
        outcomes = _race(server, bucket, tmp_path)
        for kind in SIZES:
            (winner,) = [n for n in range(WRITERS) if outcomes[kind, n] == "uploaded"]
            losers = [outcomes[kind, n] for n in range(WRITERS) if n != winner]
            assert losers == ["ObjectExists"] * (WRITERS - 1)
            assert_stored(s3, bucket, kind, tmp_path / f"{kind}-{winner}")
        assert open_uploads(s3, bucket) == []


def _race(server: S3Server, bucket: str, folder: Path) -> dict[tuple[str, int], str]:
    """Start 24 uploads at the same time in 24 processes: first with one request each, then in parts."""
    # Each child is a fork of a process that has imported everything and has no threads.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["boto3.s3.inject", __name__])
    gate, outcomes = context.Barrier(WRITERS), context.Queue()
    writers = [
        context.Process(target=_write, args=(server, bucket, folder, n, gate, outcomes))
        for n in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    found = dict(outcomes.get(timeout=RACE_WITHIN) for _ in range(WRITERS * len(SIZES)))
    for writer in writers:
        writer.join(RACE_WITHIN)
    return found


def _write(server: S3Server, bucket: str, folder: Path, n: int, gate: Any, outcomes: Any) -> None:
    client = server.client()
    for kind in SIZES:
        gate.wait(RACE_WITHIN)
        try:
            path = folder / f"{kind}-{n}"
            outcome: str = upload_file(client, path, bucket, kind, if_exists="fail", part_size=PART).status
        except errors.S3OpsError as error:
            outcome = type(error).__name__
        outcomes.put(((kind, n), outcome))


class TestSkip:
    def test_a_key_without_an_object_is_uploaded(self, s3: S3Client, bucket: str, path: Path) -> None:
        assert upload_file(s3, path, bucket, "k", if_exists="skip", part_size=PART).status == "uploaded"
        assert_stored(s3, bucket, "k", path)

    def test_an_existing_object_is_skipped_and_the_result_describes_it(
        self, s3: S3Client, bucket: str, path: Path
    ) -> None:
        before = put_other_object(s3, bucket)
        result = upload_file(s3, path, bucket, "k", if_exists="skip", part_size=PART)
        assert (result.status, result.size) == ("skipped", len(before))
        assert result.etag == s3.head_object(Bucket=bucket, Key="k")["ETag"].strip('"')
        assert stored_bytes(s3, bucket, "k") == before
        assert open_uploads(s3, bucket) == []

    def test_a_write_only_user_can_use_it(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path
    ) -> None:
        put_other_object(s3, bucket)
        faults.on("HEAD", times=None).respond(403)
        result = upload_file(faults.server.client(), path, bucket, "k", if_exists="skip", part_size=PART)
        assert (result.status, result.etag) == ("skipped", None)
        assert open_uploads(s3, bucket) == []


class TestSkipIfSame:
    def test_a_key_without_an_object_is_uploaded(self, s3: S3Client, bucket: str, path: Path) -> None:
        result = upload_file(s3, path, bucket, "k", if_exists="skip_if_same", part_size=PART)
        assert result.status == "uploaded"
        assert_stored(s3, bucket, "k", path)

    def test_the_same_content_is_skipped_and_nothing_is_sent(
        self, faults: FaultProxy, bucket: str, path: Path
    ) -> None:
        client = faults.server.client()
        first = upload_file(client, path, bucket, "k", part_size=PART)
        sent = faults.body_bytes("PUT")
        again = upload_file(client, path, bucket, "k", if_exists="skip_if_same", part_size=PART)
        assert (again.status, again.etag, again.size) == ("skipped", first.etag, first.size)
        assert faults.body_bytes("PUT") == sent

    @pytest.mark.parametrize("seed", [None, 2])
    def test_other_content_is_replaced(self, s3: S3Client, bucket: str, path: Path, seed: int | None) -> None:
        other = path.with_name("other")
        write_file(other, path.stat().st_size if seed else 17, seed or 0)
        upload_file(s3, other, bucket, "k", part_size=PART)
        result = upload_file(s3, path, bucket, "k", if_exists="skip_if_same", part_size=PART)
        assert result.status == "uploaded"
        assert_stored(s3, bucket, "k", path)

    def test_an_object_without_a_checksum_is_compared_by_its_etag_and_the_result_says_so(
        self, s3: S3Client, bucket: str, path: Path
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=path.read_bytes())
        result = upload_file(s3, path, bucket, "k", if_exists="skip_if_same", part_size=PART)
        assert result.status == "skipped"
        assert result.checksum
        head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        # Some servers compute a checksum where none is sent.
        assert result.checksum.algorithm == ("CRC64NVME" if "ChecksumCRC64NVME" in head else "MD5")

    @pytest.mark.needs("full_object_checksum")
    def test_an_object_with_another_part_size_is_compared_too(
        self, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        path = write_file(tmp_path / "f", 2 * PART)
        upload_file(s3, path, bucket, "k", part_size=PART, checksum_algorithm="SHA256")
        result = upload_file(s3, path, bucket, "k", if_exists="skip_if_same")
        assert result.status == "skipped"

    @pytest.mark.needs("if_match_on_complete")
    @pytest.mark.parametrize("exists", [True, False])
    def test_a_change_meanwhile_is_detected(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path, *, exists: bool
    ) -> None:
        if exists:
            s3.put_object(Bucket=bucket, Key="k", Body=b"old")
        single = path.stat().st_size < PART
        faults.on("PUT" if single else "POST", query=None if single else "uploadId").run(
            lambda _: put_other_object(s3, bucket)
        )
        kind = errors.PreconditionFailed if exists else errors.ObjectExists
        with pytest.raises(kind):
            upload_file(one_try_client(faults), path, bucket, "k", if_exists="skip_if_same", part_size=PART)
        assert stored_bytes(s3, bucket, "k") == b"other object"
        assert open_uploads(s3, bucket) == []

    @pytest.mark.needs("if_match_on_complete")
    def test_a_deletion_meanwhile_is_detected(
        self, faults: FaultProxy, s3: S3Client, bucket: str, path: Path
    ) -> None:
        put_other_object(s3, bucket)
        single = path.stat().st_size < PART
        faults.on("PUT" if single else "POST", query=None if single else "uploadId").run(
            lambda _: s3.delete_object(Bucket=bucket, Key="k")
        )
        with pytest.raises(errors.PreconditionFailed):
            upload_file(one_try_client(faults), path, bucket, "k", if_exists="skip_if_same", part_size=PART)
        assert open_uploads(s3, bucket) == []

    def test_without_the_right_to_head_it_fails(self, faults: FaultProxy, bucket: str, path: Path) -> None:
        faults.on("HEAD").respond(403)
        with pytest.raises(errors.AccessDenied) as caught:
            upload_file(faults.server.client(), path, bucket, "k", if_exists="skip_if_same")
        assert caught.value.action == "s3:GetObject"


class TestConditionsInExtraArgs:
    def test_if_none_match(self, s3: S3Client, bucket: str, path: Path) -> None:
        args = {"IfNoneMatch": "*"}
        upload_file(s3, path, bucket, "k", extra_args=args, part_size=PART)
        with pytest.raises(errors.ObjectExists):
            upload_file(s3, path, bucket, "k", extra_args=args, part_size=PART)

    @pytest.mark.needs("if_match_on_complete")
    def test_if_match(self, s3: S3Client, bucket: str, path: Path) -> None:
        put_other_object(s3, bucket)
        etag = s3.head_object(Bucket=bucket, Key="k")["ETag"]
        upload_file(s3, path, bucket, "k", extra_args={"IfMatch": etag}, part_size=PART)
        assert_stored(s3, bucket, "k", path)
        with pytest.raises(errors.PreconditionFailed):
            upload_file(s3, path, bucket, "k", extra_args={"IfMatch": etag}, part_size=PART)
        assert open_uploads(s3, bucket) == []


class TestConflicts:
    def test_a_put_is_retried(self, faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path) -> None:
        path = write_file(tmp_path / "f", 1000)
        faults.on("PUT", times=2).respond(409, "ConditionalRequestConflict")
        upload_file(one_try_client(faults), path, bucket, "k", if_exists="fail")
        assert_stored(s3, bucket, "k", path)
        assert faults.count("PUT") == 3

    def test_after_a_conflict_at_completion_a_new_upload_is_started_and_the_old_one_aborted(
        self, faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        path = write_file(tmp_path / "f", PART + 1)
        faults.on("POST", query="uploadId").respond(409, "ConditionalRequestConflict")
        upload_file(one_try_client(faults), path, bucket, "k", if_exists="fail", part_size=PART)
        assert_stored(s3, bucket, "k", path)
        assert faults.count("POST", query="uploads") == 2
        assert open_uploads(s3, bucket) == []

    def test_the_number_of_new_uploads_is_limited(
        self, faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        path = write_file(tmp_path / "f", PART + 1)
        faults.on("POST", query="uploadId", times=None).respond(409, "ConditionalRequestConflict")
        with pytest.raises(errors.RequestConflict):
            upload_file(one_try_client(faults), path, bucket, "k", if_exists="fail", part_size=PART)
        assert faults.count("POST", query="uploads") == 3
        assert open_uploads(s3, bucket) == []
