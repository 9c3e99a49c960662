"""This package's description for Airflow's provider manager (entry point ``apache_airflow_provider``)."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description, in the form of Airflow's ``provider_info.schema.json``."""
    return {
        "package-name": "airflow-s3ops",
        "name": "S3Ops",
        "description": "S3 for Apache Airflow: create, upload, delete and publish, safe to retry.",
        "integrations": [
            {
                "integration-name": "Amazon S3 (s3ops)",
                "external-doc-url": "https://docs.aws.amazon.com/s3/",
                "tags": ["aws"],
            }
        ],
        "operators": [
            {
                "integration-name": "Amazon S3 (s3ops)",
                "python-modules": [
                    "airflow_s3ops.operators.create_bucket",
                    "airflow_s3ops.operators.delete_bucket",
                    "airflow_s3ops.operators.delete_object",
                    "airflow_s3ops.operators.delete_objects",
                    "airflow_s3ops.operators.join_manifests",
                    "airflow_s3ops.operators.plan_shards",
                    "airflow_s3ops.operators.upload_file",
                    "airflow_s3ops.operators.upload_files",
                ],
            }
        ],
        "hooks": [
            {
                "integration-name": "Amazon S3 (s3ops)",
                "python-modules": ["airflow_s3ops.hooks.s3ops"],
            }
        ],
        "extra-links": ["airflow_s3ops.operators.links.S3ConsoleLink"],
    }
