"""Tests of `airflow_s3ops.testing`, which users run in their own tests."""
