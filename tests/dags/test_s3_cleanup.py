"""The DAG s3_cleanup and its safeguards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from tests.dags.conftest import RunDag

KEYS = ["2026/a", "2026/b", "other/c"]


@pytest.fixture
def filled(bucket: str, s3: S3Client) -> str:
    """A bucket with some objects."""
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    return bucket


def test_a_dry_run_counts_and_deletes_nothing(
    run_dag: RunDag, filled: str, keys: Callable[[str], list[str]]
) -> None:
    run = run_dag("s3_cleanup", bucket=filled, everything=True, all_versions=True, delete_bucket=filled)
    assert run.state == "success"
    assert run.result("delete_objects")["matched"] == 3
    assert run.states["delete_bucket"] == {"skipped"}
    assert keys(filled) == KEYS


def test_a_prefix_that_looks_like_a_number_is_a_prefix(
    run_dag: RunDag, filled: str, keys: Callable[[str], list[str]]
) -> None:
    run = run_dag("s3_cleanup", bucket=filled, prefix="2026", dry_run=False)
    assert run.result("delete_objects")["deleted"] == 2
    assert run.states["delete_bucket"] == {"skipped"}
    assert keys(filled) == ["other/c"]


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"everything": True, "max_objects": 2}, id="more than allowed"),
        pytest.param({}, id="nothing selected"),
        pytest.param({"prefix": ""}, id="an empty prefix"),
        pytest.param({"prefix": "2026", "everything": True}, id="two selections"),
        pytest.param(
            {"everything": True, "all_versions": True, "delete_bucket": "another"}, id="another bucket's name"
        ),
        pytest.param({"prefix": "2026", "delete_bucket": "the same"}, id="the bucket, but not everything"),
    ],
)
def test_a_form_that_breaks_a_safeguard_fails_and_deletes_nothing(
    run_dag: RunDag, filled: str, keys: Callable[[str], list[str]], form: dict[str, Any]
) -> None:
    if form.get("delete_bucket") == "the same":
        form = {**form, "delete_bucket": filled}
    run = run_dag("s3_cleanup", bucket=filled, dry_run=False, **form)
    assert run.state == "failed"
    assert keys(filled) == KEYS


@pytest.mark.needs("versioning")
def test_the_bucket_is_deleted_with_all_versions_if_its_name_is_given_twice(
    run_dag: RunDag, versioned_bucket: str, s3: S3Client
) -> None:
    s3.put_object(Bucket=versioned_bucket, Key="k", Body=b"first")
    s3.put_object(Bucket=versioned_bucket, Key="k", Body=b"second")
    s3.delete_object(Bucket=versioned_bucket, Key="k")
    run = run_dag(
        "s3_cleanup",
        bucket=versioned_bucket,
        everything=True,
        all_versions=True,
        dry_run=False,
        delete_bucket=versioned_bucket,
    )
    assert run.state == "success"
    assert run.result("delete_objects")["deleted"] == 3
    assert run.result("delete_bucket")["status"] == "deleted"
    assert versioned_bucket not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
