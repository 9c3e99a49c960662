"""One sample of each operator, with a value for each of its own parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from airflow_s3ops.operators.base import S3OpsOperator

CONNECTION: dict[str, Any] = {
    "aws_conn_id": "a_connection",
    "region_name": "eu-west-3",
    "verify": False,
    "botocore_config": {"read_timeout": 7},
}
SAMPLES: dict[type[S3OpsOperator], dict[str, Any]] = {
    CreateBucketOperator: {
        "bucket": "a-bucket",
        "if_exists": "fail",
        "settings": BucketSettings(versioning="Enabled", tags={"team": "{{ params.team }}"}),
        "extra_args": {"ObjectLockEnabledForBucket": True},
    },
    UploadFileOperator: {
        "filename": "/landing/a.csv",
        "bucket": "a-bucket",
        "key": "raw/a.csv",
        "extra_args": {"ContentType": "text/csv"},
        "if_exists": "skip",
        "checksum_algorithm": "SHA256",
        "part_size": 5 * 1024**2,
        "max_concurrency": 2,
        "resume": False,
        "compress": "gzip",
    },
    UploadFilesOperator: {
        "source": "/landing/{{ ds }}",
        "bucket": "a-bucket",
        "prefix": "raw/",
        "extra_args": {"StorageClass": "STANDARD_IA"},
        "if_exists": "skip_if_same",
        "include": ["*.csv"],
        "exclude": ["tmp/"],
        "checksum_algorithm": "CRC32C",
        "max_concurrency": 2,
        "manifest_key": "manifests/raw.jsonl",
        "last": ["_SUCCESS"],
        "allow_empty": True,
    },
    DeleteObjectOperator: {
        "bucket": "a-bucket",
        "key": "raw/a.csv",
        "version_id": "v1",
        "if_match": "0" * 32,
        "if_missing": "fail",
    },
    DeleteObjectsOperator: {
        "bucket": "a-bucket",
        "keys": ["a", "b"],
        "prefix": "raw/",
        "everything": True,
        "all_versions": True,
        "modified_before": "2026-01-31T00:00:00Z",
        "max_objects": 10,
        "dry_run": True,
    },
    JoinManifestsOperator: {
        "bucket": "a-bucket",
        "manifests": ["manifests/0.jsonl", "manifests/1.jsonl"],
        "manifest_key": "manifests/all.jsonl",
        "extra_args": {"ExpectedBucketOwner": "111122223333"},
    },
    DeleteBucketOperator: {"bucket": "a-bucket", "force": True, "if_missing": "ignore"},
}
# It only reads files: it has no connection and uses no hook.
SAMPLES_WITHOUT_S3: dict[type[BaseOperator], dict[str, Any]] = {
    PlanShardsOperator: {
        "source": "/landing",
        "shards": 4,
        "include": ["*.csv"],
        "exclude": ["*.tmp"],
        "allow_empty": True,
    },
}


def sample(operator: type[S3OpsOperator], **more: Any) -> S3OpsOperator:
    """Create the operator with a value for every parameter."""
    return operator(task_id=operator.__name__, **SAMPLES[operator], **CONNECTION, **more)
