"""The operators for DAG authors. Importing them costs next to nothing: boto3 is loaded when a task runs."""

from __future__ import annotations

from airflow_s3ops.operators.create_bucket import CreateBucketOperator
from airflow_s3ops.operators.delete_bucket import DeleteBucketOperator
from airflow_s3ops.operators.delete_object import DeleteObjectOperator
from airflow_s3ops.operators.delete_objects import DeleteObjectsOperator
from airflow_s3ops.operators.join_manifests import JoinManifestsOperator
from airflow_s3ops.operators.plan_shards import PlanShardsOperator
from airflow_s3ops.operators.upload_file import UploadFileOperator
from airflow_s3ops.operators.upload_files import UploadFilesOperator
from airflow_s3ops.s3.buckets.settings import BucketSettings

__all__ = [
    "BucketSettings",
    "CreateBucketOperator",
    "DeleteBucketOperator",
    "DeleteObjectOperator",
    "DeleteObjectsOperator",
    "JoinManifestsOperator",
    "PlanShardsOperator",
    "UploadFileOperator",
    "UploadFilesOperator",
]
