"""The DAG s3_walkthrough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from types_boto3_s3 import S3Client

    from tests.dags.conftest import RunDag

PREFIX = "s3ops-walk-test"
BY_POLICY: dict[str, Any] = {"share_by": "policy", "lift_block_public_access": False, "name_prefix": PREFIX}


def buckets_left(s3: S3Client) -> list[str]:
    return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if bucket["Name"].startswith(PREFIX)]


def test_sharing_by_policy_works_and_leaves_nothing_behind(run_dag: RunDag, s3: S3Client) -> None:
    run = run_dag("s3_walkthrough", **BY_POLICY)
    assert run.state == "success"
    assert set().union(*run.states.values()) == {"success"}
    assert run.result("read_private") == 403
    assert run.result("read_public").endswith("/public/hello.py")
    assert buckets_left(s3) == []


@pytest.mark.needs("anonymous_read_of_object_acl", "ownership_controls", "block_public_access")
def test_sharing_by_acl_works_with_the_forms_defaults(run_dag: RunDag, s3: S3Client) -> None:
    run = run_dag("s3_walkthrough", name_prefix=PREFIX)
    assert run.state == "success"
    assert buckets_left(s3) == []


@pytest.mark.needs("any_region")
def test_the_bucket_is_created_in_the_region_of_the_form(run_dag: RunDag) -> None:
    run = run_dag("s3_walkthrough", region="sa-east-1", **BY_POLICY)
    assert run.state == "success"
    assert run.result("create_bucket")["region"] == "sa-east-1"


def test_the_bucket_is_deleted_and_the_run_fails_if_a_step_fails(run_dag: RunDag, s3: S3Client) -> None:
    def break_a_step(dag: DAG) -> None:
        dag.get_task("upload_public").filename = "/no/such/file"  # type: ignore[union-attr]

    run = run_dag("s3_walkthrough", change=break_a_step, **BY_POLICY)
    assert run.state == "failed"
    assert run.states["upload_public"] == {"failed"}
    assert run.states["read_public"] == {"upstream_failed"}
    assert run.states["delete_bucket"] == {"success"}
    assert buckets_left(s3) == []


def test_the_bucket_is_deleted_even_if_its_settings_could_not_be_applied(
    run_dag: RunDag, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_s3ops.s3.buckets import create
    from airflow_s3ops.s3.errors import AccessDenied

    def refuse(*_: object, **__: object) -> None:
        raise AccessDenied("PutBucketPolicy was refused")

    monkeypatch.setattr(create, "apply_settings", refuse)
    run = run_dag("s3_walkthrough", **BY_POLICY)
    assert run.state == "failed"
    assert run.states["create_bucket"] == {"failed"}
    assert buckets_left(s3) == []
