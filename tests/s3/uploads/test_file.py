"""One file as one object: what is stored, and what the result contains."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.checksum import ALGORITHMS
from airflow_s3ops.s3.uploads.engine.destination import Destination
from airflow_s3ops.s3.uploads.file import upload_file
from airflow_s3ops.s3.uploads.progress import Progress
from tests.s3.uploads.support import (
    MIB,
    PART,
    assert_nothing_stored,
    assert_stored,
    open_uploads,
    write_file,
)

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_file(tmp_path / "small.csv", 1000)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return a file of three parts of the smallest part size."""
    return write_file(tmp_path / "large.csv", 2 * PART + 12345)


class TestStored:
    @pytest.mark.parametrize("size", [0, 1, 1000, MIB, MIB + 1, PART, PART + 1, 3 * PART, 3 * PART + 17])
    def test_every_size_is_stored_unchanged(
        self, s3: S3Client, bucket: str, tmp_path: Path, size: int
    ) -> None:
        path = write_file(tmp_path / "data.bin", size)
        result = upload_file(s3, path, bucket, "k", part_size=PART)
        assert_stored(s3, bucket, "k", path)
        assert result.size == size
        assert result.parts == (None if size <= PART else -(-size // PART))
        assert open_uploads(s3, bucket) == []

    @pytest.mark.parametrize(
        "key",
        [
            "plain.csv",
            "with space.csv",
            " leading and trailing ",
            "hash#tag",
            "what?a=1&b=2",
            "a+b=c",
            "시간대/표.csv",
            "/leading/slash",
            "double//slash",
            "per%20cent",
            "data:2024/x.csv",
            "quo'te\"s<>&",
            "emoji-🪣",
            "k" * 255 + "/" + "k" * 255,
        ],
    )
    def test_keys_are_stored_unchanged(self, s3: S3Client, bucket: str, small: Path, key: str) -> None:
        result = upload_file(s3, small, bucket, key)
        listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        # Some servers merge slashes, as file systems do; the key was sent unchanged if a GET of it succeeds.
        assert_stored(s3, bucket, key, small)
        assert listed == [key] or "//" in key or key.startswith("/")
        assert (result.key, result.uri) == (key, f"s3://{bucket}/{key}")

    def test_a_uri_can_replace_bucket_and_key(self, s3: S3Client, bucket: str, small: Path) -> None:
        result = upload_file(s3, small, None, f"s3://{bucket}/a?b=1.csv")
        assert (result.bucket, result.key) == (bucket, "a?b=1.csv")
        assert_stored(s3, bucket, "a?b=1.csv", small)

    def test_file_names_may_have_special_characters(self, s3: S3Client, bucket: str, tmp_path: Path) -> None:
        path = write_file(tmp_path / "시간 #1?+.csv", 10)
        upload_file(s3, str(path), bucket, "k")
        assert_stored(s3, bucket, "k", path)

    def test_an_object_of_parts_can_be_replaced_by_a_single_put_and_back(
        self, s3: S3Client, bucket: str, small: Path, large: Path
    ) -> None:
        for path in (large, small, large):
            upload_file(s3, path, bucket, "k", part_size=PART)
            assert_stored(s3, bucket, "k", path)


class TestResult:
    @pytest.mark.parametrize("name", ["small", "large"])
    def test_it_is_what_head_object_returns(
        self, s3: S3Client, versioned_bucket: str, request: pytest.FixtureRequest, name: str
    ) -> None:
        path = request.getfixturevalue(name)
        result = upload_file(s3, path, versioned_bucket, "k", part_size=PART)
        head = s3.head_object(Bucket=versioned_bucket, Key="k")
        assert result.status == "uploaded"
        assert result.etag == head["ETag"].strip('"')
        assert result.version_id == head["VersionId"]
        assert result.size == head["ContentLength"] == path.stat().st_size
        assert result.parts == (3 if name == "large" else None)
        assert result.resumed_parts == (0 if name == "large" else None)
        assert result.seconds > 0

    @pytest.mark.parametrize("name", ["small", "large"])
    def test_the_xcom_value_is_plain_small_json(
        self, s3: S3Client, bucket: str, request: pytest.FixtureRequest, name: str
    ) -> None:
        key = "/".join(["k" * 255] * 4)  # the file systems of some servers accept no longer names
        result = upload_file(s3, request.getfixturevalue(name), bucket, key, part_size=PART)
        xcom = result.to_xcom()
        assert json.loads(json.dumps(xcom)) == xcom
        assert len(json.dumps(xcom)) < 4096  # it contains two keys of 1,024 bytes


class TestChecksum:
    @pytest.mark.needs("checksum_verification")
    @pytest.mark.parametrize("algorithm", ["CRC64NVME", "CRC32C", "CRC32", "SHA256", "SHA1"])
    def test_a_single_object_has_the_checksum(
        self, s3: S3Client, bucket: str, small: Path, algorithm: str
    ) -> None:
        result = upload_file(s3, small, bucket, "k", checksum_algorithm=algorithm)
        head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        expected = base64.b64encode(ALGORITHMS[algorithm].of([small.read_bytes()])).decode()
        assert result.checksum
        assert result.checksum.value == expected == dict(head)[f"Checksum{algorithm}"]
        assert (result.checksum.algorithm, result.checksum.verified_by) == (algorithm, "server")

    @pytest.mark.needs("full_object_checksum")
    @pytest.mark.parametrize("algorithm", ["CRC64NVME", "CRC32C", "CRC32"])
    def test_an_object_of_parts_has_the_checksum_of_the_whole(
        self, s3: S3Client, bucket: str, large: Path, algorithm: str
    ) -> None:
        result = upload_file(s3, large, bucket, "k", part_size=PART, checksum_algorithm=algorithm)
        head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        expected = base64.b64encode(ALGORITHMS[algorithm].of([large.read_bytes()])).decode()
        assert result.checksum
        assert result.checksum.value == expected == dict(head)[f"Checksum{algorithm}"]
        assert head["ChecksumType"] == "FULL_OBJECT"
        assert result.checksum.verified_by == "server"

    @pytest.mark.needs("full_object_checksum")
    @pytest.mark.parametrize("algorithm", ["SHA256", "SHA1"])
    def test_a_hash_of_an_object_of_parts_is_composite(
        self, s3: S3Client, bucket: str, large: Path, algorithm: str
    ) -> None:
        result = upload_file(s3, large, bucket, "k", part_size=PART, checksum_algorithm=algorithm)
        head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert result.checksum
        assert result.checksum.value.endswith("-3")
        assert result.checksum.value == dict(head)[f"Checksum{algorithm}"]
        assert head["ChecksumType"] == "COMPOSITE"

    @pytest.mark.needs("full_object_checksum")
    def test_a_composite_crc_can_be_requested(self, s3: S3Client, bucket: str, large: Path) -> None:
        args = {"ChecksumAlgorithm": "CRC32C", "ChecksumType": "COMPOSITE"}
        result = upload_file(s3, large, bucket, "k", part_size=PART, extra_args=args)
        assert result.checksum
        assert result.checksum.value.endswith("-3")

    @pytest.mark.parametrize("name", ["small", "large"])
    def test_without_a_checksum_from_the_server_only_the_size_is_verified(
        self, faults: FaultProxy, bucket: str, request: pytest.FixtureRequest, name: str
    ) -> None:
        client = faults.server.client()
        client.meta.events.register("after-call.s3", _without_checksums)
        result = upload_file(client, request.getfixturevalue(name), bucket, "k", part_size=PART)
        assert result.checksum
        assert result.checksum.verified_by == "size"
        assert faults.count("HEAD") == 1

    def test_without_a_checksum_and_the_right_to_head_nothing_is_verified(
        self, faults: FaultProxy, bucket: str, small: Path
    ) -> None:
        faults.on("HEAD").respond(403)
        client = faults.server.client()
        client.meta.events.register("after-call.s3", _without_checksums)
        result = upload_file(client, small, bucket, "k")
        assert result.checksum
        assert result.checksum.verified_by == "none"

    def test_an_object_written_after_the_upload_is_not_a_mismatch(
        self, faults: FaultProxy, s3: S3Client, bucket: str, small: Path
    ) -> None:
        client = faults.server.client()
        client.meta.events.register("after-call.s3", _without_checksums)

        def put_other_object(**_: object) -> None:
            s3.put_object(Bucket=bucket, Key="k", Body=b"other object")

        client.meta.events.register("after-call.s3.PutObject", put_other_object)
        result = upload_file(client, small, bucket, "k")
        assert result.checksum
        assert result.checksum.verified_by == "none"

    def test_another_checksum_in_the_response_is_a_mismatch(
        self, faults: FaultProxy, bucket: str, small: Path
    ) -> None:
        client = faults.server.client()

        def with_wrong_checksum(parsed: dict[str, Any], **_: object) -> None:
            parsed["ChecksumCRC64NVME"] = "AAAAAAAAAAA="

        client.meta.events.register("after-call.s3.PutObject", with_wrong_checksum)
        with pytest.raises(errors.ChecksumMismatch, match="were sent"):
            upload_file(client, small, bucket, "k")

    def test_another_size_is_a_mismatch(self, faults: FaultProxy, bucket: str, small: Path) -> None:
        client = faults.server.client()

        def with_wrong_size(parsed: dict[str, Any], model: Any, **_: object) -> None:
            _without_checksums(parsed)
            if model.name == "HeadObject":
                parsed["ContentLength"] += 87

        client.meta.events.register("after-call.s3", with_wrong_size)
        with pytest.raises(errors.ChecksumMismatch, match="1,087 bytes"):
            upload_file(client, small, bucket, "k")


def _without_checksums(parsed: dict[str, Any], **_: object) -> None:
    for name in [name for name in parsed if name.startswith("Checksum")]:
        del parsed[name]


class TestRequests:
    def test_a_small_file_takes_one_put(self, faults: FaultProxy, bucket: str, small: Path) -> None:
        upload_file(faults.server.client(), small, bucket, "k")
        assert [record.method for record in faults.requests] == ["PUT"]

    @pytest.mark.needs("full_object_checksum")
    def test_an_upload_in_parts_takes_a_post_the_puts_and_a_post(
        self, faults: FaultProxy, bucket: str, large: Path
    ) -> None:
        upload_file(faults.server.client(), large, bucket, "k", part_size=PART)
        methods = [record.method for record in faults.requests]
        assert methods == ["POST", "PUT", "PUT", "PUT", "POST"]

    @pytest.mark.parametrize("name", ["small", "large"])
    def test_bodies_are_not_chunked_and_their_checksum_is_a_header(
        self, faults: FaultProxy, bucket: str, request: pytest.FixtureRequest, name: str
    ) -> None:
        path = request.getfixturevalue(name)
        upload_file(faults.server.client(), path, bucket, "k", part_size=PART)
        puts = faults.matching("PUT")
        assert sum(put.body_bytes for put in puts) == path.stat().st_size
        for put in puts:
            assert "x-amz-checksum-crc64nvme" in put.headers
            assert "aws-chunked" not in put.headers.get("content-encoding", "")
            assert "x-amz-trailer" not in put.headers

    def test_completion_has_the_checksum_of_the_whole_and_the_size(
        self, faults: FaultProxy, bucket: str, large: Path
    ) -> None:
        upload_file(faults.server.client(), large, bucket, "k", part_size=PART)
        (completion,) = faults.matching("POST", query="uploadId")
        crc = ALGORITHMS["CRC64NVME"].of([large.read_bytes()])
        assert completion.headers["x-amz-checksum-crc64nvme"] == base64.b64encode(crc).decode()
        assert completion.headers["x-amz-checksum-type"] == "FULL_OBJECT"
        assert completion.headers["x-amz-mp-object-size"] == str(large.stat().st_size)

    @pytest.mark.parametrize("limit", [1, 2])
    def test_no_more_parts_are_in_flight_than_max_concurrency(
        self, faults: FaultProxy, bucket: str, tmp_path: Path, limit: int
    ) -> None:
        path = write_file(tmp_path / "f", 5 * PART)
        lock = threading.Lock()
        now = most = 0

        def begin(**_: object) -> None:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)

        def end(**_: object) -> None:
            nonlocal now
            with lock:
                now -= 1

        client = faults.server.client()
        client.meta.events.register("before-call.s3.UploadPart", begin)
        client.meta.events.register("after-call.s3.UploadPart", end)
        upload_file(client, path, bucket, "k", part_size=PART, max_concurrency=limit)
        assert most == limit

    def test_the_connections_of_the_client_limit_the_concurrency(
        self, s3: S3Client, server: Any, bucket: str, large: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = server.client(max_pool_connections=2)
        upload_file(client, large, bucket, "k", part_size=PART, max_concurrency=50)
        assert_stored(s3, bucket, "k", large)
        assert '"max_pool_connections": 52' in caplog.text


class TestExtraArgs:
    ARGS: ClassVar[dict[str, Any]] = {
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="x.csv"',
        "ContentLanguage": "ko",
        "Metadata": {"run-id": "manual__2026"},
    }

    @pytest.mark.parametrize("name", ["small", "large"])
    def test_they_are_applied(
        self, s3: S3Client, bucket: str, request: pytest.FixtureRequest, name: str
    ) -> None:
        path = request.getfixturevalue(name)
        upload_file(s3, path, bucket, "k", extra_args=self.ARGS, part_size=PART)
        head = dict(s3.head_object(Bucket=bucket, Key="k"))
        assert {name: head[name] for name in self.ARGS} == self.ARGS

    @pytest.mark.needs("object_tagging")
    @pytest.mark.parametrize("name", ["small", "large"])
    def test_tags_are_stored(
        self, s3: S3Client, bucket: str, request: pytest.FixtureRequest, name: str
    ) -> None:
        path = request.getfixturevalue(name)
        upload_file(s3, path, bucket, "k", extra_args={"Tagging": "a=1&b=2"}, part_size=PART)
        tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == {"a": "1", "b": "2"}

    @pytest.mark.parametrize("name", ["small", "large"])
    def test_the_content_type_is_guessed_unless_it_is_given(
        self, s3: S3Client, bucket: str, request: pytest.FixtureRequest, name: str
    ) -> None:
        path = request.getfixturevalue(name)
        upload_file(s3, path, bucket, "guessed", part_size=PART)
        upload_file(s3, path, bucket, "given", extra_args={"ContentType": "text/x-mine"}, part_size=PART)
        assert s3.head_object(Bucket=bucket, Key="guessed")["ContentType"] == "text/csv"
        assert s3.head_object(Bucket=bucket, Key="given")["ContentType"] == "text/x-mine"

    @pytest.mark.parametrize(
        "args", [{"acl": "public-read"}, {"ACL": 1}, {"Body": b"x"}, {"ChecksumXXHASH64": "AAAA"}]
    )
    def test_wrong_ones_fail_before_any_request(
        self, faults: FaultProxy, bucket: str, small: Path, args: dict[str, Any]
    ) -> None:
        with pytest.raises(errors.InvalidExtraArgs):
            upload_file(faults.server.client(), small, bucket, "k", extra_args=args)
        assert faults.requests == []

    @pytest.mark.needs("server_side_encryption")
    def test_requested_encryption_is_applied(self, s3: S3Client, bucket: str, large: Path) -> None:
        args = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:us-east-1:1:key/k"}
        upload_file(s3, large, bucket, "k", extra_args=args, part_size=PART)
        head = s3.head_object(Bucket=bucket, Key="k")
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == tuple(args.values())

    @pytest.mark.parametrize("name", ["small", "large"])
    def test_encryption_that_the_server_does_not_confirm_is_an_error_before_content_is_sent(
        self, faults: FaultProxy, s3: S3Client, bucket: str, request: pytest.FixtureRequest, name: str
    ) -> None:
        client = faults.server.client()
        client.meta.events.register("before-call.s3.CreateMultipartUpload", _without_encryption)
        args = {"ServerSideEncryption": "AES256"}
        with pytest.raises(errors.NotSupportedByServer, match="ServerSideEncryption='AES256'") as caught:
            upload_file(client, request.getfixturevalue(name), bucket, "k", extra_args=args, part_size=PART)
        assert "nothing was sent" in str(caught.value)
        assert faults.body_bytes("PUT") == 0
        assert_nothing_stored(s3, bucket)
        assert open_uploads(s3, bucket) == []

    def test_encryption_that_aws_does_not_confirm_for_a_single_put_is_an_error(
        self, s3: S3Client, server: S3Server, bucket: str, small: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Destination, "is_aws", property(lambda _: True))
        client = server.client()
        client.meta.events.register("before-call.s3.PutObject", _without_encryption)
        with pytest.raises(errors.NotSupportedByServer, match="stored without the requested encryption"):
            upload_file(client, small, bucket, "k", extra_args={"ServerSideEncryption": "AES256"})
        assert_stored(s3, bucket, "k", small)

    def test_a_customer_key_is_in_every_request_about_the_content(
        self, faults: FaultProxy, bucket: str, large: Path
    ) -> None:
        client = faults.server.client()
        seen: dict[str, bool] = {}

        def record(model: Any, params: dict[str, Any], **_: object) -> None:
            headers = params["headers"]
            seen[model.name] = "x-amz-server-side-encryption-customer-key" in headers
            # Servers refuse the key over http; the test only needs to see that it was sent.
            for name in [name for name in headers if "customer" in name]:
                del headers[name]

        def confirm(parsed: dict[str, Any], **_: object) -> None:
            parsed["SSECustomerAlgorithm"] = "AES256"

        client.meta.events.register("before-call.s3", record)
        client.meta.events.register("after-call.s3.CreateMultipartUpload", confirm)
        args = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
        upload_file(client, large, bucket, "k", extra_args=args, part_size=PART)
        assert all(seen.values())
        assert {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"} <= seen.keys()


def _without_encryption(params: dict[str, Any], **_: object) -> None:
    # As on a server that does not know these headers.
    for name in [name for name in params["headers"] if "encryption" in name.lower()]:
        del params["headers"][name]


class TestInvalidInput:
    @pytest.mark.parametrize(
        ("parameters", "kind"),
        [
            ({"if_exists": "overwrite"}, errors.InvalidInput),
            ({"compress": "zip"}, errors.InvalidInput),
            ({"max_concurrency": 0}, errors.InvalidInput),
            ({"max_concurrency": True}, errors.InvalidInput),
            ({"part_size": 1}, errors.InvalidInput),
            ({"checksum_algorithm": "crc"}, errors.InvalidInput),
            ({"checksum_algorithm": ["SHA256"]}, errors.InvalidInput),
            ({"checksum_algorithm": None}, errors.InvalidInput),
            ({"extra_args": {"IfNoneMatch": "*"}, "if_exists": "skip"}, errors.InvalidExtraArgs),
            ({"extra_args": {"ContentEncoding": "br"}, "compress": "gzip"}, errors.InvalidExtraArgs),
        ],
    )
    def test_wrong_parameters(
        self,
        faults: FaultProxy,
        bucket: str,
        small: Path,
        parameters: dict[str, Any],
        kind: type[Exception],
    ) -> None:
        with pytest.raises(kind):
            upload_file(faults.server.client(), small, bucket, "k", **parameters)
        assert faults.requests == []

    @pytest.mark.parametrize("key", ["", None, "k" * 1025, "가" * 342])
    def test_keys_that_s3_does_not_accept(
        self, faults: FaultProxy, bucket: str, small: Path, key: str | None
    ) -> None:
        with pytest.raises(errors.InvalidKey):
            upload_file(faults.server.client(), small, bucket, key)
        assert faults.requests == []

    def test_a_missing_file_and_a_folder(self, faults: FaultProxy, bucket: str, tmp_path: Path) -> None:
        client = faults.server.client()
        with pytest.raises(errors.SourceNotFound):
            upload_file(client, tmp_path / "missing", bucket, "k")
        with pytest.raises(errors.SourceUnreadable):
            upload_file(client, tmp_path, bucket, "k")
        assert faults.requests == []

    def test_a_missing_bucket(self, s3: S3Client, small: Path, large: Path) -> None:
        for path in (small, large):
            with pytest.raises(errors.BucketNotFound):
                upload_file(s3, path, "no-such-bucket-anywhere-1", "k", part_size=PART)


class TestDeclaredChecksums:
    """Checksums that the user computed before the upload."""

    def test_right_ones_select_the_algorithm(self, s3: S3Client, bucket: str, small: Path) -> None:
        value = base64.b64encode(ALGORITHMS["SHA256"].of([small.read_bytes()])).decode()
        md5 = base64.b64encode(ALGORITHMS["MD5"].of([small.read_bytes()])).decode()
        args = {"ChecksumSHA256": value, "MpuObjectSize": 1000}
        result = upload_file(s3, small, bucket, "k", extra_args=args)
        assert result.checksum
        assert (result.checksum.algorithm, result.checksum.value) == ("SHA256", value)
        upload_file(s3, small, bucket, "k2", extra_args={"ContentMD5": md5})

    def test_that_of_the_whole_object_is_checked_for_parts_too(
        self, s3: S3Client, bucket: str, large: Path
    ) -> None:
        value = base64.b64encode(ALGORITHMS["CRC32"].of([large.read_bytes()])).decode()
        result = upload_file(s3, large, bucket, "k", extra_args={"ChecksumCRC32": value}, part_size=PART)
        assert result.checksum
        assert result.checksum.value == value

    @pytest.mark.parametrize(
        "declared",
        [
            {"ChecksumCRC32": "AAAAAA=="},
            {"ChecksumSHA256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
            {"ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="},
            {"MpuObjectSize": 999},
        ],
    )
    @pytest.mark.parametrize("name", ["small", "large"])
    def test_wrong_ones_fail_before_any_request(
        self,
        faults: FaultProxy,
        bucket: str,
        request: pytest.FixtureRequest,
        name: str,
        declared: dict[str, Any],
    ) -> None:
        path = request.getfixturevalue(name)
        with pytest.raises(errors.InvalidExtraArgs, match="declares"):
            upload_file(faults.server.client(), path, bucket, "k", extra_args=declared, part_size=PART)
        assert faults.requests == []

    @pytest.mark.parametrize(
        ("args", "parameter"),
        [
            ({"ChecksumAlgorithm": "CRC32"}, "SHA256"),
            ({"ChecksumAlgorithm": "CRC32", "ChecksumSHA256": "x"}, "CRC64NVME"),
            ({"ChecksumType": "COMPOSITE"}, "CRC64NVME"),
            ({"ChecksumType": "FULL_OBJECT"}, "SHA256"),
            ({"ChecksumAlgorithm": "XXHASH64"}, "CRC64NVME"),
        ],
    )
    def test_contradictions_fail_before_any_request(
        self, faults: FaultProxy, bucket: str, small: Path, args: dict[str, Any], parameter: str
    ) -> None:
        with pytest.raises(errors.InvalidExtraArgs):
            upload_file(
                faults.server.client(), small, bucket, "k", extra_args=args, checksum_algorithm=parameter
            )
        assert faults.requests == []

    def test_extra_args_can_select_the_algorithm(self, s3: S3Client, bucket: str, small: Path) -> None:
        result = upload_file(s3, small, bucket, "k", extra_args={"ChecksumAlgorithm": "CRC32C"})
        assert result.checksum
        assert result.checksum.algorithm == "CRC32C"


class TestProgress:
    def test_it_increases_to_the_size_of_the_file(self, s3: S3Client, bucket: str, large: Path) -> None:
        seen: list[Progress] = []
        upload_file(s3, large, bucket, "k", part_size=PART, progress=seen.append)
        total = large.stat().st_size
        assert [progress.total for progress in seen] == [total] * 3
        done = [progress.done for progress in seen]
        assert done == sorted(set(done))
        assert seen[-1] == Progress(total, total, 0)

    def test_a_single_put_reports_once(self, s3: S3Client, bucket: str, small: Path) -> None:
        seen: list[Progress] = []
        upload_file(s3, small, bucket, "k", progress=seen.append)
        assert seen == [Progress(1000, 1000, 0)]

    def test_a_subscriber_that_fails_ends_the_upload(self, s3: S3Client, bucket: str, large: Path) -> None:
        def fail(_: Progress) -> None:
            raise KeyError("subscriber")

        with pytest.raises(KeyError):
            upload_file(s3, large, bucket, "k", part_size=PART, progress=fail)
        assert_nothing_stored(s3, bucket)
        assert open_uploads(s3, bucket) == []


@pytest.mark.parametrize("end", ["success", "refused", "stopped"])
def test_no_thread_is_left(faults: FaultProxy, bucket: str, large: Path, end: str) -> None:
    stop = threading.Event()
    if end == "refused":
        faults.on("PUT", query="partNumber=2", times=None).respond(403, "AccessDenied")
    if end == "stopped":
        faults.on("PUT", query="partNumber=2").run(lambda _: stop.set())
    expected = {"refused": errors.AccessDenied, "stopped": errors.Stopped}
    with pytest.raises(expected[end]) if end in expected else nullcontext():
        upload_file(faults.server.client(), large, bucket, "k", part_size=PART, stop=stop)
    assert [thread for thread in threading.enumerate() if thread.name.startswith("s3ops")] == []
