"""The base of all operators: errors, log lines, cancellation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.operators import CreateBucketOperator, DeleteObjectOperator, DeleteObjectsOperator
from airflow_s3ops.s3.errors import (
    BucketNotFound,
    ConnectionNotFound,
    InvalidInput,
    PartialDelete,
    S3OpsError,
    Stopped,
    Throttled,
)
from tests.compat import AirflowFailException
from tests.operators.tasks import execute

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

ONCE = {"retries": {"total_max_attempts": 1}}
REFUSED_KEY = (
    b"<DeleteResult><Error><Key>k</Key><Code>%s</Code><Message>Not now.</Message></Error></DeleteResult>"
)


@pytest.fixture
def through_faults(connection: str, faults: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The connection's parameters for a task whose requests go through the proxy."""
    monkeypatch.setenv(f"AIRFLOW_CONN_{connection.upper()}", faults.server.connection_json())
    return {"aws_conn_id": connection, "botocore_config": ONCE}


@pytest.fixture
def log_lines(capfd: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """A function that returns the INFO lines of tasks; pytest's caplog does not see Airflow's logs."""
    line = re.compile(r"\[info +\] (.*?) *\[airflow\.task\.operators\.airflow_s3ops\.operators\.")
    return lambda: line.findall(capfd.readouterr().out)


class TestErrors:
    def test_a_permanent_error_ends_the_task_at_once(self, connection: str, bucket: str) -> None:
        operator = DeleteObjectOperator(
            task_id="t", bucket=f"{bucket}-not", key="k", if_missing="fail", aws_conn_id=connection
        )
        with pytest.raises(AirflowFailException) as caught:
            execute(operator)
        assert isinstance(caught.value.__cause__, BucketNotFound)
        assert str(caught.value) == str(caught.value.__cause__)

    def test_a_transient_error_is_left_to_airflows_retries(
        self, through_faults: dict[str, Any], faults: FaultProxy, bucket: str
    ) -> None:
        faults.on(path=bucket, times=None).respond(503, "SlowDown")
        with pytest.raises(Throttled):
            execute(DeleteObjectOperator(task_id="t", bucket=bucket, key="k", **through_faults))

    def test_an_unknown_connection_ends_the_task_at_once(self) -> None:
        operator = DeleteObjectOperator(task_id="t", bucket="a-bucket", key="k", aws_conn_id="no_such_one")
        with pytest.raises(AirflowFailException, match="airflow connections add no_such_one") as caught:
            execute(operator)
        assert isinstance(caught.value.__cause__, ConnectionNotFound)

    def test_a_partial_delete_that_a_retry_cannot_help_ends_the_task(
        self, through_faults: dict[str, Any], faults: FaultProxy, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        faults.on("POST", query="delete").respond_body(200, REFUSED_KEY % b"AccessDenied")
        with pytest.raises(AirflowFailException) as caught:
            execute(DeleteObjectsOperator(task_id="t", bucket=bucket, prefix="k", **through_faults))
        assert isinstance(caught.value.__cause__, PartialDelete)

    def test_a_partial_delete_that_a_retry_may_help_is_retried(
        self, through_faults: dict[str, Any], faults: FaultProxy, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        faults.on("POST", query="delete", times=None).respond_body(200, REFUSED_KEY % b"InternalError")
        # For an implementation that deletes key by key after such a response; today it repeats the POST.
        faults.on("DELETE", times=None, at_least=0).respond(500, "InternalError")
        with pytest.raises(PartialDelete):
            execute(DeleteObjectsOperator(task_id="t", bucket=bucket, prefix="k", **through_faults))

    @pytest.mark.parametrize("name", ["bucket", "key"])
    def test_a_number_instead_of_a_text_ends_the_task_with_a_reason(self, connection: str, name: str) -> None:
        given: dict[str, Any] = {"bucket": "a-bucket", "key": "k", name: 20260101}
        operator = DeleteObjectOperator(task_id="t", aws_conn_id=connection, **given)
        with pytest.raises(AirflowFailException, match=f"{name}=20260101 is not a text but int") as caught:
            execute(operator)
        assert isinstance(caught.value.__cause__, InvalidInput)

    def test_an_error_that_is_not_ours_passes_unchanged(self, connection: str) -> None:
        class Broken(DeleteObjectOperator):
            def operate(self, context: Any) -> Any:  # noqa: ARG002 - the base's signature
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            execute(Broken(task_id="t", bucket="a-bucket", key="k", aws_conn_id=connection))


class TestLog:
    def test_one_line_at_the_start_and_one_at_the_end(
        self, connection: str, s3: S3Client, bucket: str, log_lines: Callable[[], list[str]]
    ) -> None:
        s3.put_object(Bucket=bucket, Key="data/k", Body=b"")
        execute(DeleteObjectOperator(task_id="t", bucket=bucket, key="data/k", aws_conn_id=connection))
        first, last = log_lines()
        assert first == f"DeleteObject on {bucket}/data/k (connection {connection})"
        assert last.startswith(f"Done: bucket={bucket}, deleted=1, missing=0")

    def test_after_an_error_there_is_no_line_with_a_result(
        self, connection: str, bucket: str, log_lines: Callable[[], list[str]]
    ) -> None:
        with pytest.raises(AirflowFailException):
            execute(
                CreateBucketOperator(task_id="t", bucket=bucket, if_exists="fail", aws_conn_id=connection)
            )
        assert log_lines() == [f"CreateBucket on {bucket} (connection {connection})"]

    def test_the_line_says_if_no_connection_is_used(self, log_lines: Callable[[], list[str]]) -> None:
        with pytest.raises(AirflowFailException):
            execute(DeleteObjectOperator(task_id="t", bucket="b", key="k", aws_conn_id=None))
        assert log_lines() == ["DeleteObject on b/k (connection boto3's own credential chain)"]


class TestOnKill:
    def test_a_task_that_was_killed_before_its_start_sends_nothing(
        self, through_faults: dict[str, Any], faults: FaultProxy, bucket: str
    ) -> None:
        operator = DeleteObjectOperator(task_id="t", bucket=bucket, key="k", **through_faults)
        operator.on_kill()
        with pytest.raises(Stopped):
            execute(operator)
        assert faults.count() == 0

    def test_a_deletion_stops_between_two_requests(
        self, through_faults: dict[str, Any], faults: FaultProxy, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        operator = DeleteObjectsOperator(task_id="t", bucket=bucket, prefix="k", **through_faults)
        faults.on("GET", path=bucket).run(lambda _: operator.on_kill())
        with pytest.raises(Stopped):
            execute(operator)
        assert faults.count("POST") == 0
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1

    def test_a_stopped_task_keeps_its_retries(self) -> None:
        assert issubclass(Stopped, S3OpsError)
        assert Stopped.retryable

    def test_an_unused_operator_can_be_killed(self) -> None:
        operator = DeleteObjectOperator(task_id="t", bucket="a-bucket", key="k")
        operator.on_kill()
        assert "hook" not in vars(operator)
