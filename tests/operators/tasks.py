"""Execute an operator directly, for tests that need nothing else of Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_s3ops.operators.base import S3OpsOperator


def render(operator: S3OpsOperator, **variables: Any) -> S3OpsOperator:
    """Render the operator's fields in place, and return the operator."""
    operator.render_template_fields(cast("Context", variables))
    return operator


def execute(operator: S3OpsOperator, **variables: Any) -> dict[str, Any]:
    """Render and execute."""
    return render(operator, **variables).execute(cast("Context", variables))
