"""What can be done to a bucket as a whole."""

from __future__ import annotations

from airflow_s3ops.s3.bucket_settings import BucketSettings
from airflow_s3ops.s3.buckets.bucket_create import create_bucket
from airflow_s3ops.s3.buckets.bucket_delete import delete_bucket
from airflow_s3ops.s3.buckets.bucket_settings_apply import apply_settings

__all__ = ["BucketSettings", "apply_settings", "create_bucket", "delete_bucket"]
