"""Templates are rendered in every field, and rendered texts are converted or refused."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG

from airflow_s3ops.operators import (
    BucketSettings,
    CreateBucketOperator,
    DeleteBucketOperator,
    DeleteObjectOperator,
    DeleteObjectsOperator,
    JoinManifestsOperator,
    PlanShardsOperator,
    UploadFileOperator,
    UploadFilesOperator,
)
from airflow_s3ops.s3.errors import BucketNotEmpty, InvalidInput
from tests.compat import AirflowFailException
from tests.operators.samples import SAMPLES
from tests.operators.tasks import execute, render

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from airflow_s3ops.operators.base import S3OpsOperator


def exists(s3: S3Client, bucket: str, key: str = "") -> bool:
    return bool(s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"])


@pytest.mark.parametrize("operator", SAMPLES, ids=lambda operator: operator.__name__)
def test_every_field_is_rendered(operator: type[S3OpsOperator]) -> None:
    given: dict[str, Any] = {name: f"{{{{ {name} }}}}" for name in operator.template_fields}
    rendered = render(operator(task_id="t", **given), **{name: f"<{name}>" for name in given})
    assert {name: getattr(rendered, name) for name in given} == {name: f"<{name}>" for name in given}


class TestBucketSettings:
    def test_its_fields_are_rendered_at_any_depth(self) -> None:
        settings = BucketSettings(
            versioning="{{ versioning }}",
            tags={"team": "{{ team }}"},
            policy={"Statement": [{"Resource": "arn:aws:s3:::{{ bucket }}/*"}]},
        )
        operator = CreateBucketOperator(task_id="t", bucket="b", settings=settings)
        render(operator, versioning="Enabled", team="data", bucket="a-bucket")
        assert operator.settings == BucketSettings(
            versioning="Enabled",
            tags={"team": "data"},
            policy={"Statement": [{"Resource": "arn:aws:s3:::a-bucket/*"}]},
        )

    def test_the_dag_authors_own_object_is_not_changed(self) -> None:
        settings = BucketSettings(tags={"team": "{{ team }}"})
        render(CreateBucketOperator(task_id="t", bucket="b", settings=settings), team="data")
        assert settings == BucketSettings(tags={"team": "{{ team }}"})

    def test_a_dict_of_settings_is_rendered_too(self) -> None:
        operator = CreateBucketOperator(task_id="t", bucket="b", settings={"tags": {"team": "{{ team }}"}})
        render(operator, team="data")
        assert operator.settings == {"tags": {"team": "data"}}

    @pytest.mark.needs("bucket_tagging")
    def test_rendered_settings_reach_the_bucket(self, connection: str, s3: S3Client, bucket: str) -> None:
        settings = BucketSettings(tags={"team": "{{ team }}"})
        operator = CreateBucketOperator(
            task_id="t", bucket="{{ name }}", settings=settings, aws_conn_id=connection
        )
        assert execute(operator, name=bucket, team="data")["applied"] == ["tags"]
        assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "team", "Value": "data"}]


class TestBooleans:
    @pytest.mark.parametrize("false", ["False", "false", " False "])
    def test_a_false_as_text_does_not_delete_a_bucket_with_objects(
        self, connection: str, s3: S3Client, bucket: str, false: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        given: dict[str, Any] = {"force": "{{ force }}"}
        operator = DeleteBucketOperator(task_id="t", bucket=bucket, aws_conn_id=connection, **given)
        with pytest.raises(AirflowFailException) as caught:
            execute(operator, force=false)
        assert isinstance(caught.value.__cause__, BucketNotEmpty)
        assert exists(s3, bucket, "k")

    @pytest.mark.parametrize("unclear", ["", "None", "no", "0"])
    def test_a_text_that_is_neither_true_nor_false_deletes_nothing(
        self, connection: str, s3: S3Client, bucket: str, unclear: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        given: dict[str, Any] = {"force": "{{ force }}"}
        operator = DeleteBucketOperator(task_id="t", bucket=bucket, aws_conn_id=connection, **given)
        with pytest.raises(AirflowFailException, match=r"force=.* is neither true nor false"):
            execute(operator, force=unclear)
        assert exists(s3, bucket, "k")

    @pytest.mark.parametrize("flag", ["everything", "all_versions", "dry_run"])
    def test_each_flag_of_a_deletion_as_text_must_be_true_or_false(
        self, connection: str, s3: S3Client, bucket: str, flag: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        given: dict[str, Any] = {"prefix": None if flag == "everything" else "k", flag: "{{ flag }}"}
        operator = DeleteObjectsOperator(task_id="t", bucket=bucket, aws_conn_id=connection, **given)
        with pytest.raises(AirflowFailException, match=f"{flag}='maybe' is neither true nor false"):
            execute(operator, flag="maybe")
        assert exists(s3, bucket, "k")

    def test_dry_run_as_text_deletes_nothing(self, connection: str, s3: S3Client, bucket: str) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        given: dict[str, Any] = {"dry_run": "{{ params.dry_run }}"}
        operator = DeleteObjectsOperator(
            task_id="t", bucket=bucket, prefix="k", aws_conn_id=connection, **given
        )
        result = execute(operator, params={"dry_run": True})
        assert (result["matched"], result["deleted"], result["dry_run"]) == (1, 0, True)
        assert exists(s3, bucket, "k")


class TestNumbers:
    def test_a_limit_as_text_is_applied(self, connection: str, s3: S3Client, bucket: str) -> None:
        for key in ("k1", "k2"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        given: dict[str, Any] = {"max_objects": "{{ limit }}"}
        operator = DeleteObjectsOperator(
            task_id="t", bucket=bucket, prefix="k", aws_conn_id=connection, **given
        )
        with pytest.raises(AirflowFailException, match="max_objects"):
            execute(operator, limit=1)
        assert exists(s3, bucket, "k2")

    def test_a_limit_that_rendered_to_nothing_is_refused(
        self, connection: str, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        given: dict[str, Any] = {"max_objects": "{{ limit }}"}
        operator = DeleteObjectsOperator(
            task_id="t", bucket=bucket, prefix="k", aws_conn_id=connection, **given
        )
        with pytest.raises(AirflowFailException, match="max_objects='' is not a whole number"):
            execute(operator, limit="")
        assert exists(s3, bucket, "k")


class TestNative:
    """In a DAG with render_template_as_native_obj."""

    def test_booleans_numbers_and_lists_keep_their_type(
        self, connection: str, s3: S3Client, bucket: str
    ) -> None:
        for key in ("a", "b", "c"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        given: dict[str, Any] = {"keys": "{{ keys }}", "max_objects": "{{ n }}", "dry_run": "{{ dry }}"}
        with DAG("native", schedule=None, render_template_as_native_obj=True):
            operator = DeleteObjectsOperator(task_id="t", bucket=bucket, aws_conn_id=connection, **given)
        result = execute(operator, keys=["a", "b"], n=2, dry=False)
        values = [getattr(operator, name) for name in given]
        assert values == [["a", "b"], 2, False]
        assert result["deleted"] == 2
        assert exists(s3, bucket, "c")

    def test_a_key_that_was_converted_to_a_number_is_refused(self, connection: str) -> None:
        with DAG("native", schedule=None, render_template_as_native_obj=True):
            operator = DeleteObjectOperator(
                task_id="t", bucket="a-bucket", key="{{ ds_nodash }}", aws_conn_id=connection
            )
        with pytest.raises(AirflowFailException, match="key=20260101 is not a text but int"):
            execute(operator, ds_nodash="20260101")


class TestSelections:
    """A template with a wrong result never selects the whole bucket."""

    @pytest.mark.parametrize("prefix", ["", None])
    def test_an_empty_prefix_is_refused(
        self, connection: str, s3: S3Client, bucket: str, prefix: str | None
    ) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"")
        operator = DeleteObjectsOperator(task_id="t", bucket=bucket, prefix=prefix, aws_conn_id=connection)
        with pytest.raises(AirflowFailException) as caught:
            execute(operator)
        assert isinstance(caught.value.__cause__, InvalidInput)
        assert exists(s3, bucket, "k")

    def test_a_list_that_was_rendered_as_text_is_refused(
        self, connection: str, s3: S3Client, bucket: str
    ) -> None:
        s3.put_object(Bucket=bucket, Key="a", Body=b"")
        given: dict[str, Any] = {"keys": "{{ keys }}"}
        operator = DeleteObjectsOperator(task_id="t", bucket=bucket, aws_conn_id=connection, **given)
        with pytest.raises(AirflowFailException, match="keys is one string"):
            execute(operator, keys=["a"])
        assert exists(s3, bucket, "a")

    def test_an_empty_key_is_refused(self, connection: str, bucket: str) -> None:
        operator = DeleteObjectOperator(task_id="t", bucket=bucket, key="{{ k }}", aws_conn_id=connection)
        with pytest.raises(AirflowFailException, match="The key is empty"):
            execute(operator, k="")


class TestTextsOfLists:
    """A list or None that was rendered as text, in a DAG without native rendering."""

    @pytest.mark.parametrize("name", ["include", "exclude", "last", "manifest_key", "prefix", "source"])
    @pytest.mark.parametrize("value", [["*.csv", "*.part"], None], ids=repr)
    def test_an_upload_of_many_files_sends_nothing(
        self, connection: str, s3: S3Client, bucket: str, tmp_path: Path, name: str, value: Any
    ) -> None:
        (tmp_path / "a.csv").write_text("a")
        given: dict[str, Any] = {"source": str(tmp_path), name: "{{ value }}"}
        operator = UploadFilesOperator(task_id="t", bucket=bucket, aws_conn_id=connection, **given)
        with pytest.raises(AirflowFailException, match=f"{name} has the text"):
            execute(operator, value=value)
        assert not exists(s3, bucket)

    @pytest.mark.parametrize("name", ["source", "include", "exclude"])
    def test_nothing_is_planned(self, tmp_path: Path, name: str) -> None:
        given: dict[str, Any] = {"source": str(tmp_path), name: str(["*.csv"])}
        with pytest.raises(AirflowFailException, match=f"{name} has the text"):
            PlanShardsOperator(task_id="t", shards=2, **given).execute({})

    def test_no_manifests_are_joined(self, connection: str, bucket: str) -> None:
        given: dict[str, Any] = {"manifests": "{{ value }}"}
        operator = JoinManifestsOperator(
            task_id="t", bucket=bucket, manifest_key="all", aws_conn_id=connection, **given
        )
        with pytest.raises(AirflowFailException, match="manifests has the text"):
            execute(operator, value=["m/0"])

    def test_a_path_as_key_is_refused(self, connection: str, bucket: str) -> None:
        given: dict[str, Any] = {"key": PurePath("a/b")}
        operator = DeleteObjectOperator(task_id="t", bucket=bucket, aws_conn_id=connection, **given)
        with pytest.raises(AirflowFailException, match="is not a text but PurePosixPath"):
            execute(operator)


class TestConnectionFields:
    def test_an_empty_verify_is_refused_and_does_not_switch_verification_off(self, connection: str) -> None:
        operator = DeleteObjectOperator(
            task_id="t", bucket="a-bucket", key="k", aws_conn_id=connection, verify="{{ bundle }}"
        )
        with pytest.raises(AirflowFailException, match=r"verify=.* is neither true nor false"):
            execute(operator, bundle="")

    def test_a_rendered_connection_id_is_used(self, connection: str, bucket: str) -> None:
        operator = DeleteObjectOperator(task_id="t", bucket=bucket, key="k", aws_conn_id="{{ conn_id }}")
        assert execute(operator, conn_id=connection)["missing"] == 1

    def test_an_empty_connection_id_is_refused(self, connection: str, bucket: str) -> None:  # noqa: ARG002
        operator = DeleteObjectOperator(task_id="t", bucket=bucket, key="k", aws_conn_id="{{ conn_id }}")
        with pytest.raises(AirflowFailException, match="There is no Airflow connection ''"):
            execute(operator, conn_id="")

    def test_a_configuration_that_rendered_to_text_is_refused(self, connection: str) -> None:
        given: dict[str, Any] = {"botocore_config": "{{ config }}"}
        operator = UploadFileOperator(
            task_id="t", filename="f", bucket="a-bucket", aws_conn_id=connection, **given
        )
        with pytest.raises(AirflowFailException, match="botocore_config is not a dict but str"):
            execute(operator, config={"read_timeout": 7})
