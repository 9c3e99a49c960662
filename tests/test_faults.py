"""Each fault of the proxy has the effect on the client and on the server that its name says."""

from __future__ import annotations

import http.client
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, ReadTimeoutError

from tests.faults import FaultProxy
from tests.servers.purge import create_bucket, delete_bucket

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from tests.faults import Request
    from tests.servers import S3Server

KIB = 1024
MIB = 1024 * KIB
ONCE = {"total_max_attempts": 1}


@pytest.fixture
def client(faults: FaultProxy) -> S3Client:
    """A client that uses the proxy and never retries, so that it reports the fault."""
    return faults.server.client(retries=ONCE)


def raw_connection(faults: FaultProxy) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(faults.endpoint_url).netloc, timeout=10)


def exists(s3: S3Client, bucket: str, key: str) -> bool:
    return bool(s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"])


def raw_status(faults: FaultProxy, method: str, path: str) -> int:
    connection = raw_connection(faults)
    connection.request(method, path)
    status = connection.getresponse().status
    connection.close()
    return status


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


class TestForwarding:
    def test_an_object_passes_both_ways_unchanged(self, client: S3Client, bucket: str) -> None:
        body = os.urandom(3 * MIB)
        client.put_object(Bucket=bucket, Key="a/b c+ü", Body=body)
        assert client.get_object(Bucket=bucket, Key="a/b c+ü")["Body"].read() == body

    def test_an_empty_object_passes(self, client: S3Client, bucket: str) -> None:
        client.put_object(Bucket=bucket, Key="empty", Body=b"")
        assert client.head_object(Bucket=bucket, Key="empty")["ContentLength"] == 0

    def test_responses_without_a_body_leave_the_connection_usable(
        self, client: S3Client, bucket: str
    ) -> None:
        client.put_object(Bucket=bucket, Key="k", Body=b"12345")
        etag = client.head_object(Bucket=bucket, Key="k")["ETag"]  # a length, but no body
        with pytest.raises(ClientError, match="304"):
            client.get_object(Bucket=bucket, Key="k", IfNoneMatch=etag)
        client.delete_object(Bucket=bucket, Key="k")  # 204
        assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 0

    def test_a_chunked_request_passes(self, faults: FaultProxy, s3: S3Client, bucket: str) -> None:
        url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "chunked"})
        # The signature covers the host, so the request has the server's host although it goes to the proxy.
        host = urlsplit(url).netloc
        connection = raw_connection(faults)
        target = url.split(host, 1)[1]
        connection.request(
            "PUT", target, body=iter([b"a" * 7, b"b" * 9]), headers={"Host": host}, encode_chunked=True
        )
        assert connection.getresponse().read() is not None
        connection.close()
        assert faults.body_bytes("PUT") == 16

    def test_a_multipart_upload_passes(self, client: S3Client, faults: FaultProxy, bucket: str) -> None:
        upload = client.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
        part = client.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x" * 6 * MIB)
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        client.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=parts)  # type: ignore[arg-type]
        assert client.head_object(Bucket=bucket, Key="k")["ContentLength"] == 6 * MIB
        assert faults.body_bytes("PUT", query="partNumber=1") == 6 * MIB

    def test_a_refusal_before_the_body_reaches_the_client(self, faults: FaultProxy, bucket: str) -> None:
        body = b"x" * 4 * MIB
        client = faults.server.client(retries=ONCE)
        with pytest.raises(ClientError, match="NoSuchBucket"):
            client.put_object(Bucket=f"{bucket}-not", Key="k", Body=body)
        client.put_object(Bucket=bucket, Key="k", Body=body)

    def test_a_client_that_closes_the_connection_leaves_no_object(
        self, faults: FaultProxy, s3: S3Client, bucket: str
    ) -> None:
        connection = raw_connection(faults)
        connection.putrequest("PUT", f"/{bucket}/half")
        connection.putheader("Content-Length", "1000")
        connection.endheaders(b"only this")
        connection.close()
        assert raw_status(faults, "GET", "/") is not None  # the proxy still works
        assert not exists(s3, bucket, "half")

    def test_settle_records_what_a_closed_client_had_sent(self, faults: FaultProxy, bucket: str) -> None:
        arrived = threading.Event()
        faults.on("PUT").run(lambda _: arrived.set())
        connection = raw_connection(faults)
        connection.putrequest("PUT", f"/{bucket}/half")
        connection.putheader("Content-Length", str(MIB))
        connection.endheaders(b"x" * KIB)
        assert arrived.wait(10)
        connection.close()
        faults.settle()
        assert faults.body_bytes("PUT") == KIB

    def test_settle_fails_if_a_client_stays_connected(
        self, faults: FaultProxy, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arrived, leave = threading.Event(), threading.Event()

        def hold(_: object) -> None:
            arrived.set()
            leave.wait(10)

        faults.on("GET").run(hold)
        connection = raw_connection(faults)
        connection.request("GET", f"/{bucket}")
        assert arrived.wait(10)
        monkeypatch.setattr("tests.faults.proxy.CLOSE_WITHIN", 0.1)
        with pytest.raises(AssertionError, match="keeps its connection open"):
            faults.settle()
        monkeypatch.undo()
        leave.set()
        connection.close()

    @pytest.mark.needs("tls")
    def test_a_server_with_tls_is_reached_over_http(self, tls_server: S3Server) -> None:
        with FaultProxy(tls_server) as proxy:
            client = proxy.server.client(retries=ONCE)
            create_bucket(client, "behind-tls")
            body = os.urandom(3 * MIB)
            client.put_object(Bucket="behind-tls", Key="k", Body=body)
            assert client.get_object(Bucket="behind-tls", Key="k")["Body"].read() == body
            delete_bucket(client, "behind-tls")


class TestFaults:
    def test_respond_returns_an_error_as_s3_does(
        self, faults: FaultProxy, client: S3Client, s3: S3Client, bucket: str
    ) -> None:
        rule = faults.on("PUT").respond(503, "SlowDown", "Please reduce your <request> rate.")
        with pytest.raises(ClientError) as caught:
            client.put_object(Bucket=bucket, Key="k", Body=b"x" * 2 * MIB)
        assert caught.value.response["Error"]["Code"] == "SlowDown"
        assert caught.value.response["Error"]["Message"] == "Please reduce your <request> rate."
        assert caught.value.response["ResponseMetadata"]["RequestId"] == "FAULT0PROXY00000"
        assert rule.fired == 1
        assert not exists(s3, bucket, "k")

    def test_respond_to_head_has_a_status_and_headers_only(
        self, faults: FaultProxy, client: S3Client, bucket: str
    ) -> None:
        faults.on("HEAD").respond(301, "PermanentRedirect", headers={"x-amz-bucket-region": "eu-north-1"})
        connection = raw_connection(faults)
        connection.request("HEAD", f"/{bucket}")
        response = connection.getresponse()
        assert (response.status, response.getheader("x-amz-bucket-region"), response.read()) == (
            301,
            "eu-north-1",
            b"",
        )
        connection.close()
        client.head_bucket(Bucket=bucket)  # the rule applied only once

    def test_respond_without_a_code_is_like_a_load_balancer(
        self, faults: FaultProxy, client: S3Client, bucket: str
    ) -> None:
        faults.on("GET").respond(502)
        with pytest.raises(ClientError, match="502"):
            client.list_objects_v2(Bucket=bucket)

    def test_reset_after_resets_in_the_middle_of_the_body(
        self, faults: FaultProxy, client: S3Client, s3: S3Client, bucket: str
    ) -> None:
        rule = faults.on("PUT").reset_after(bytes=100_000)
        with pytest.raises((ConnectionClosedError, HTTPClientError)):
            client.put_object(Bucket=bucket, Key="k", Body=b"x" * 8 * MIB)
        (record,) = faults.requests
        assert rule.fired == 1
        assert record.status is None
        assert 100_000 <= record.body_bytes < 8 * MIB
        assert not exists(s3, bucket, "k")

    def test_reset_after_zero_bytes_resets_after_the_head(
        self, faults: FaultProxy, client: S3Client, bucket: str
    ) -> None:
        faults.on("DELETE").reset_after(bytes=0)
        with pytest.raises(ConnectionClosedError):
            client.delete_object(Bucket=bucket, Key="k")

    def test_lose_response_drops_the_response_of_a_processed_request(
        self, faults: FaultProxy, client: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on("PUT").lose_response()
        with pytest.raises(ConnectionClosedError):
            client.put_object(Bucket=bucket, Key="k", Body=b"stored")
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"stored"
        assert faults.requests[0].status is None

    def test_stall_leaves_the_client_waiting(self, faults: FaultProxy, s3: S3Client, bucket: str) -> None:
        faults.on("PUT").stall()
        impatient = faults.server.client(retries=ONCE, read_timeout=0.3)
        with pytest.raises(ReadTimeoutError):
            impatient.put_object(Bucket=bucket, Key="k", Body=b"x" * MIB)
        assert faults.body_bytes("PUT") == MIB
        assert not exists(s3, bucket, "k")

    def test_stall_within_forwards_a_part_of_the_response(
        self, faults: FaultProxy, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 100)
        faults.on("GET").stall_within(bytes=40)
        impatient = faults.server.client(retries=ONCE, read_timeout=0.3)
        body = impatient.get_object(Bucket=bucket, Key="k")["Body"]
        assert body.read(40) == b"x" * 40
        with pytest.raises(ReadTimeoutError):
            body.read()
        assert faults.requests[0].status == 200

    def test_stall_ends_with_the_proxy(self, server: S3Server, bucket: str) -> None:
        arrived = threading.Event()

        def arrives(request: Request) -> bool:
            arrived.set()
            return request.method == "PUT"

        with FaultProxy(server) as proxy, ThreadPoolExecutor(1) as pool:
            proxy.on(predicate=arrives).stall()
            waiting = pool.submit(
                proxy.server.client(retries=ONCE).put_object, Bucket=bucket, Key="k", Body=b"x"
            )
            assert arrived.wait(10)
            proxy.close()
            with pytest.raises(ConnectionClosedError):
                waiting.result(timeout=10)

    def test_respond_body_puts_an_error_inside_a_200(
        self, faults: FaultProxy, client: S3Client, bucket: str
    ) -> None:
        error = b"<Error><Key>k</Key><Code>InternalError</Code><Message>no</Message></Error>"
        faults.on("POST", query="delete").respond_body(200, b"<DeleteResult>" + error + b"</DeleteResult>")
        response = client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})
        assert response["Errors"][0]["Code"] == "InternalError"

    def test_run_calls_before_the_request_is_forwarded(
        self, faults: FaultProxy, client: S3Client, s3: S3Client, bucket: str
    ) -> None:
        """A race in which only a condition in the write request itself protects the object."""
        faults.on("PUT").run(lambda _request: s3.put_object(Bucket=bucket, Key="k", Body=b"theirs"))
        with pytest.raises(ClientError, match="PreconditionFailed"):
            client.put_object(Bucket=bucket, Key="k", Body=b"mine", IfNoneMatch="*")
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"theirs"

    def test_flip_bit_changes_one_bit(self, faults: FaultProxy, bucket: str, s3: S3Client) -> None:
        faults.on("PUT").flip_bit(at=70_000)
        url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
        host = urlsplit(url).netloc
        connection = raw_connection(faults)
        connection.request("PUT", url.split(host, 1)[1], body=bytes(MIB), headers={"Host": host})
        assert connection.getresponse().status == 200
        connection.close()
        expected = bytearray(MIB)
        expected[70_000] = 1
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == expected

    @pytest.mark.needs("checksum_verification")
    def test_flip_bit_is_detected_by_a_server_that_verifies_checksums(
        self, faults: FaultProxy, client: S3Client, s3: S3Client, bucket: str
    ) -> None:
        faults.on("PUT").flip_bit(at=5)
        with pytest.raises(ClientError):
            client.put_object(Bucket=bucket, Key="k", Body=b"0123456789", ChecksumAlgorithm="CRC32")
        assert not exists(s3, bucket, "k")


class TestRules:
    def test_a_rule_applies_to_the_requests_it_names(
        self, faults: FaultProxy, client: S3Client, bucket: str
    ) -> None:
        rule = faults.on("PUT", path="*/data/*.csv", header=("x-amz-acl", "public-read")).respond(
            400, "AccessControlListNotSupported", "The bucket does not allow ACLs"
        )
        client.put_object(Bucket=bucket, Key="data/a.csv", Body=b"")
        client.put_object(Bucket=bucket, Key="data/a.txt", Body=b"", ACL="public-read")
        client.put_object(Bucket=bucket, Key="data/a.csv", Body=b"", ACL="private")
        assert rule.fired == 0
        with pytest.raises(ClientError, match="AccessControlListNotSupported"):
            client.put_object(Bucket=bucket, Key="data/a.csv", Body=b"", ACL="public-read")
        assert rule.fired == 1

    def test_a_parameter_is_matched_exactly(self, faults: FaultProxy) -> None:
        faults.on("PUT", query="partNumber=2", times=None).respond(503, "SlowDown")
        assert raw_status(faults, "PUT", "/b/k?partNumber=2&uploadId=u") == 503
        assert raw_status(faults, "PUT", "/b/k?partNumber=20&uploadId=u") != 503

    def test_a_predicate_may_test_anything_else(self, faults: FaultProxy) -> None:
        faults.on(predicate=lambda request: len(request.path) > 10, times=None).respond(500, "InternalError")
        assert raw_status(faults, "GET", "/short") != 500
        assert raw_status(faults, "GET", "/quite-a-long-one") == 500

    def test_after_skips_the_first_requests_and_times_limits_the_faults(self, faults: FaultProxy) -> None:
        faults.on("GET", path="/b", after=2, times=2).respond(500, "InternalError")
        statuses = [raw_status(faults, "GET", "/b") == 500 for _ in range(6)]
        assert statuses == [False, False, True, True, False, False]

    def test_the_first_rule_that_applies_decides(self, faults: FaultProxy) -> None:
        first = faults.on("GET").respond(503, "SlowDown")
        second = faults.on("GET", times=None).respond(500, "InternalError")
        assert [raw_status(faults, "GET", "/") for _ in range(3)] == [503, 500, 500]
        assert (first.fired, second.fired) == (1, 2)

    def test_a_rule_without_a_fault_fails_the_test(self, server: S3Server) -> None:
        with pytest.raises(AssertionError, match="rules without a fault"), FaultProxy(server) as proxy:
            proxy.on("PUT")

    @pytest.mark.parametrize("times", [2, None])
    def test_a_fault_that_did_not_happen_fails_the_test(self, server: S3Server, times: int | None) -> None:
        proxy = FaultProxy(server).__enter__()
        proxy.on("GET", path="/b", times=times).respond(500, "InternalError")
        raw_status(proxy, "GET", "/b" if times else "/c")  # once instead of twice, or never instead of always
        with pytest.raises(AssertionError, match="did not happen"):
            proxy.__exit__(None, None, None)

    def test_a_fault_may_be_allowed_not_to_happen(self, server: S3Server) -> None:
        with FaultProxy(server) as proxy:
            proxy.on("GET", at_least=0).respond(500, "InternalError")

    def test_a_callback_that_fails_fails_the_test(self, server: S3Server) -> None:
        def broken(_request: Request) -> None:
            raise LookupError("not there")

        proxy = FaultProxy(server).__enter__()
        proxy.on("GET").run(broken)
        with pytest.raises(ConnectionError):
            raw_status(proxy, "GET", "/")
        with pytest.raises(LookupError, match="not there"):
            proxy.__exit__(None, None, None)

    def test_a_bit_beyond_the_body_fails_the_test(self, server: S3Server, bucket: str) -> None:
        proxy = FaultProxy(server).__enter__()
        proxy.on("PUT").flip_bit(at=10)
        with pytest.raises(ConnectionClosedError):
            proxy.server.client(retries=ONCE).put_object(Bucket=bucket, Key="k", Body=b"short")
        with pytest.raises(AssertionError, match="no byte 10 to flip"):
            proxy.__exit__(None, None, None)


class TestRecords:
    def test_requests_are_recorded_without_credentials(
        self, faults: FaultProxy, client: S3Client, bucket: str
    ) -> None:
        client.put_object(Bucket=bucket, Key="a b", Body=b"x" * 10, ContentType="text/csv")
        record = faults.requests[0]
        assert (record.method, record.path, record.status) == ("PUT", f"/{bucket}/a b", 200)
        assert (record.body_bytes, record.headers["content-type"]) == (10, "text/csv")
        assert "authorization" not in record.headers

    def test_count_and_body_bytes_are_of_the_requests_that_match(
        self, faults: FaultProxy, client: S3Client, bucket: str
    ) -> None:
        for size in (1, 20, 300):
            client.put_object(Bucket=bucket, Key=f"k{size}", Body=b"x" * size)
        client.delete_object(Bucket=bucket, Key="k20")
        assert (faults.count(), faults.count("PUT"), faults.count("PUT", path="/k2")) == (4, 3, 1)
        assert faults.body_bytes("PUT", path="*/k[23]*") == 320

    def test_a_retry_is_a_request_of_its_own(self, faults: FaultProxy, bucket: str) -> None:
        faults.on("PUT").respond(503, "SlowDown")
        faults.server.client(retries={"total_max_attempts": 2}).put_object(
            Bucket=bucket, Key="k", Body=b"abc"
        )
        assert [record.status for record in faults.requests] == [503, 200]
        assert faults.body_bytes("PUT") == 6


class TestDelay:
    ONE_WAY = 0.1

    def test_a_delay_applies_each_way_and_to_connecting(
        self, faults: FaultProxy, client: S3Client, bucket: str
    ) -> None:
        faults.delay(self.ONE_WAY)
        first, second = (timed(lambda: client.list_objects_v2(Bucket=bucket)) for _ in range(2))
        assert first >= 4 * self.ONE_WAY
        assert second >= 2 * self.ONE_WAY

    def test_a_delay_does_not_add_up_over_the_pieces_of_a_body(
        self, faults: FaultProxy, client: S3Client, bucket: str
    ) -> None:
        faults.delay(self.ONE_WAY)
        body = b"x" * 16 * MIB  # hundreds of pieces
        assert timed(lambda: client.put_object(Bucket=bucket, Key="k", Body=body)) < 40 * self.ONE_WAY

    def test_delays_of_many_connections_overlap(self, faults: FaultProxy) -> None:
        faults.delay(self.ONE_WAY)
        faults.on("GET", times=None).respond(404, "NoSuchKey")
        with ThreadPoolExecutor(32) as pool:
            took = timed(lambda: list(pool.map(lambda _: raw_status(faults, "GET", "/"), range(32))))
        assert took < 16 * self.ONE_WAY  # one after the other they would take 128 * ONE_WAY
