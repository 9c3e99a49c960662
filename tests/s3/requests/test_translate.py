"""Every error response of S3 and every exception of botocore becomes one of our errors, with advice."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.requests.translate import (
    BOTOCORE,
    CODES,
    code_of,
    error_class,
    from_client_error,
    status_of,
    translated,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server

# In the formats of AWS. A part of an access key id may be shown, but no part of a secret.
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN"

ALL_CODES = sorted(CODES)


@pytest.fixture(scope="module")
def offline() -> S3Client:
    """A client that never sends a request."""
    return boto3.session.Session().client(
        "s3",
        region_name="eu-west-1",
        endpoint_url="https://s3.example.com",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=TOKEN,
    )


def client_error(
    code: str, status: int = 400, operation: str = "PutObject", message: str = "No."
) -> ClientError:
    metadata: Any = {"HTTPStatusCode": status, "RequestId": "4442587FB7D0A2F9"}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, operation)


def caught(work: Callable[[], object], client: S3Client, *where: str) -> errors.S3OpsError:
    with pytest.raises(errors.S3OpsError) as error, translated(client, *where):
        work()
    return error.value


def raising(error: Exception) -> Callable[[], object]:
    def work() -> None:
        raise error

    return work


class TestTable:
    @pytest.mark.parametrize("code", ALL_CODES)
    def test_every_code_maps_to_its_class(self, offline: S3Client, code: str) -> None:
        error = from_client_error(client_error(code), offline, "reports", "a.csv")

        assert type(error) is CODES[code]
        assert error.code == code

    @pytest.mark.parametrize("code", ALL_CODES)
    def test_maps_to_leaves_only(self, code: str) -> None:
        assert not {errors.S3OpsError, errors.PermanentError, errors.TransientError} & {CODES[code]}

    @pytest.mark.parametrize("name", sorted(BOTOCORE))
    def test_has_only_exceptions_that_botocore_has(self, name: str) -> None:
        assert issubclass(getattr(botocore.exceptions, name), botocore.exceptions.BotoCoreError)

    @pytest.mark.parametrize(
        ("status", "cls"),
        [
            (400, errors.RequestRejected),
            (409, errors.RequestRejected),
            (500, errors.ServerError),
            (503, errors.ServerError),
        ],
    )
    def test_for_an_unknown_code_the_status_decides(self, status: int, cls: type[errors.S3OpsError]) -> None:
        assert error_class("NeverHeardOf", status) is cls

    def test_a_404_without_a_code_means_the_object_if_there_is_a_key(self, offline: S3Client) -> None:
        assert (
            type(from_client_error(client_error("404", 404), offline, "reports", "a.csv"))
            is errors.ObjectNotFound
        )

    def test_a_404_without_a_code_means_the_bucket_if_there_is_no_key(self, offline: S3Client) -> None:
        assert type(from_client_error(client_error("404", 404), offline, "reports")) is errors.BucketNotFound

    def test_a_response_without_a_code_or_status(self) -> None:
        empty = ClientError({}, "PutObject")

        assert (code_of(empty), status_of(empty)) == ("unknown", 400)


class TestMessage:
    @pytest.mark.parametrize("code", ALL_CODES)
    def test_has_operation_place_identity_and_reason(self, offline: S3Client, code: str) -> None:
        error = from_client_error(client_error(code, message="S3's own message"), offline, "reports", "a.csv")

        for part in (
            "PutObject",
            "s3://reports/a.csv",
            code,
            "S3's own message",
            "4442587FB7D0A2F9",
            "eu-west-1",
        ):
            assert part in str(error)
        assert "https://s3.example.com" in str(error)
        assert error.advice.rstrip(".") in str(error)

    @pytest.mark.parametrize("code", ALL_CODES)
    def test_shows_no_secret(self, offline: S3Client, code: str) -> None:
        shown = from_client_error(client_error(code), offline, "reports", "a.csv")

        for text in (str(shown), repr(shown), repr(vars(shown))):
            assert not any(secret in text for secret in (ACCESS_KEY, SECRET, TOKEN))
        assert ACCESS_KEY[-4:] in str(shown)

    def test_names_the_permission_that_the_operation_needs(self, offline: S3Client) -> None:
        error = from_client_error(client_error("AccessDenied", 403, "ListObjectVersions"), offline, "reports")

        assert isinstance(error, errors.AccessDenied)
        assert error.action == "s3:ListBucketVersions"
        assert "s3:ListBucketVersions is not granted" in str(error)

    def test_names_the_permission_that_aws_reports_as_missing(self, offline: S3Client) -> None:
        message = (
            "User: arn:aws:iam::111122223333:user/airflow is not authorized to perform: kms:GenerateDataKey "
            "on resource: arn:aws:kms:eu-west-1:111122223333:key/1 because no identity-based policy allows it"
        )

        error = from_client_error(
            client_error("AccessDenied", 403, message=message), offline, "reports", "a.csv"
        )

        assert isinstance(error, errors.AccessDenied)
        assert error.action == "kms:GenerateDataKey"


class TestTranslation:
    def test_keeps_the_original_as_the_cause(self, offline: S3Client) -> None:
        original = client_error("NoSuchBucket", 404)

        assert caught(raising(original), offline, "reports").__cause__ is original

    def test_our_own_errors_and_all_others_are_not_translated(self, offline: S3Client) -> None:
        for error in (errors.SourceChanged("It changed"), KeyError("x")):
            with pytest.raises(type(error)) as raised, translated(offline, "reports"):
                raise error
            assert raised.value is error

    def test_a_translated_error_can_be_pickled(self, offline: S3Client) -> None:
        error = caught(raising(client_error("AccessDenied", 403)), offline, "reports", "a.csv")

        copy = pickle.loads(pickle.dumps(error))

        assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))

    def test_missing_credentials_have_their_own_error(self, offline: S3Client) -> None:
        assert isinstance(caught(raising(NoCredentialsError()), offline), errors.CredentialsMissing)

    @pytest.mark.parametrize(
        "cls",
        [ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, ReadTimeoutError, SSLError],
    )
    def test_no_response_is_a_network_error(self, offline: S3Client, cls: type[BotoCoreError]) -> None:
        error = caught(
            raising(cls(endpoint_url="https://s3.example.com", proxy_url="", error="")), offline, "reports"
        )

        assert isinstance(error, errors.NetworkError)
        assert error.code == cls.__name__

    def test_a_wrong_parameter_is_invalid_input(self, offline: S3Client) -> None:
        wrong: Any = "many"

        error = caught(lambda: offline.list_objects_v2(Bucket="reports", MaxKeys=wrong), offline)

        assert isinstance(error, errors.InvalidInput)


class TestRealResponses:
    def test_a_missing_bucket(self, s3: S3Client) -> None:
        error = caught(lambda: s3.list_objects_v2(Bucket="s3ops-never-made"), s3, "s3ops-never-made")

        assert type(error) is errors.BucketNotFound

    def test_a_missing_key(self, s3: S3Client, bucket: str) -> None:
        error = caught(lambda: s3.head_object(Bucket=bucket, Key="a.csv"), s3, bucket, "a.csv")

        assert type(error) is errors.ObjectNotFound

    @pytest.mark.needs("unknown_keys_refused")
    def test_an_unknown_access_key(self, server: S3Server, bucket: str) -> None:
        client = server.as_user("AKIANOSUCHKEYEXAMPLE", "any").client()

        error = caught(lambda: client.list_objects_v2(Bucket=bucket), client, bucket)

        assert type(error) is errors.CredentialsRejected

    @pytest.mark.needs("signature_verification")
    def test_a_wrong_secret(self, server: S3Server, bucket: str) -> None:
        client = server.as_user(server.access_key, "wrong").client()

        error = caught(lambda: client.list_objects_v2(Bucket=bucket), client, bucket)

        assert type(error) is errors.CredentialsRejected

    def test_slow_down(self, faults: FaultProxy, bucket: str) -> None:
        faults.on("GET", times=None).respond(503, "SlowDown")
        client = faults.server.client(retries={"total_max_attempts": 1})

        error = caught(lambda: client.list_objects_v2(Bucket=bucket), client, bucket)

        assert type(error) is errors.Throttled

    def test_a_connection_that_breaks(self, faults: FaultProxy, bucket: str) -> None:
        faults.on("GET", times=None).reset_after(bytes=0)
        client = faults.server.client(retries={"total_max_attempts": 1})

        error = caught(lambda: client.list_objects_v2(Bucket=bucket), client, bucket)

        assert type(error) is errors.NetworkError

    def test_a_server_that_never_responds(self, faults: FaultProxy, bucket: str) -> None:
        faults.on("GET", times=None).stall()
        client = faults.server.client(retries={"total_max_attempts": 1}, read_timeout=1)

        error = caught(lambda: client.list_objects_v2(Bucket=bucket), client, bucket)

        assert type(error) is errors.NetworkError

    def test_an_address_without_a_server(self, server: S3Server) -> None:
        client = replace(server, endpoint_url="http://127.0.0.1:1").client()

        error = caught(lambda: client.list_objects_v2(Bucket="reports"), client, "reports")

        assert type(error) is errors.NetworkError


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (403, errors.AccessDenied),
        (408, errors.NetworkError),
        (429, errors.Throttled),
        (502, errors.ServerError),
        (503, errors.Throttled),
        (404, errors.RequestRejected),  # it says nothing about the object
        (412, errors.RequestRejected),
    ],
)
def test_for_a_page_of_a_proxy_the_status_decides(
    faults: FaultProxy, bucket: str, status: int, expected: type[errors.S3OpsError]
) -> None:
    faults.on("PUT", times=None).respond_body(status, b"<html><body><h1>No</h1></body></html>")
    client = faults.server.client(retries={"total_max_attempts": 1})
    with pytest.raises(errors.S3OpsError) as caught, translated(client, bucket, "k"):
        client.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert type(caught.value) is expected
    assert str(status) in str(caught.value)
