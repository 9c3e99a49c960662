"""The only package that reads Airflow connections; it makes an S3 client from a connection."""

from __future__ import annotations

from airflow_s3ops.hooks.s3ops import S3OpsHook

__all__ = ["S3OpsHook"]
