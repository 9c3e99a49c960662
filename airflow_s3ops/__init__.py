"""S3 for Apache Airflow: operators, a hook, and the S3 layer beneath them."""

from __future__ import annotations

__version__ = "0.1.0"
