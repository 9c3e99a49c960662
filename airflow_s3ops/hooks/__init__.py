"""The only place that reads Airflow connections: one connection in, one S3 client out."""

from __future__ import annotations

from airflow_s3ops.hooks.s3ops import S3OpsHook

__all__ = ["S3OpsHook"]
