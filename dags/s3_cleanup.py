"""Clean up a bucket, with safeguards.

With the form's defaults it deletes nothing: it counts what it *would* delete, and shows the first few keys in
the log of `delete_objects`. Then make these choices:

1. **What**: the keys under a prefix, or everything; optionally only objects older than a given time.
2. **No more than**: if more objects than this are selected, nothing is deleted.
3. **Only count**: switch it off to delete for real.
4. **Delete the bucket too**: write its name a second time. The bucket is deleted with all versions, delete
   markers and open uploads.

What is deleted with *All versions* is deleted permanently.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_s3ops.operators import DeleteBucketOperator, DeleteObjectsOperator

with DAG(
    dag_id="s3_cleanup",
    description="Delete objects, and optionally the bucket. By default it only counts.",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    default_args={"aws_conn_id": "{{ params.aws_conn_id }}"},
    params={
        "bucket": Param(
            type="string",
            title="Bucket",
            description="It must exist: this DAG creates nothing.",
            section="What",
        ),
        "aws_conn_id": Param(
            "aws_default",
            type="string",
            title="Connection",
            description="The id of an Airflow connection of type `aws`.",
            section="What",
        ),
        "prefix": Param(
            None,
            type=["null", "string"],
            title="Prefix",
            description="Keys that begin with it, such as `raw/dt=2026-01-`. Not together with *Everything*.",
            section="What",
        ),
        "everything": Param(
            False,
            type="boolean",
            title="Everything",
            description="All keys of the bucket.",
            section="What",
        ),
        "modified_before": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Older than",
            description="Only objects that were stored before this time.",
            section="What",
        ),
        "all_versions": Param(
            False,
            type="boolean",
            title="All versions",
            description="Delete earlier versions and delete markers too; if it is off, they are kept.",
            section="What",
        ),
        "max_objects": Param(
            1000,
            type="integer",
            minimum=1,
            title="No more than",
            description="If more objects (or versions) are selected, nothing is deleted.",
            section="Guards",
        ),
        "dry_run": Param(
            True,
            type="boolean",
            title="Only count",
            description="Switch it off to delete.",
            section="Guards",
        ),
        "delete_bucket": Param(
            None,
            type=["null", "string"],
            title="Delete the bucket too",
            description="Write its name again. Needs *Everything*, *All versions*, and no *Older than*.",
            section="Guards",
        ),
    },
    # No render_template_as_native_obj: it would turn the prefix 2026 into a number.
    tags=["s3ops", "example"],
):

    @task(multiple_outputs=True)
    def check_form(**context: Any) -> dict[str, Any]:
        """Refuse a form with contradictions; return it, and whether the bucket is deleted too."""
        form = dict(context["params"])
        name = form["delete_bucket"]
        if name not in (None, form["bucket"]):
            raise ValueError(f"{name!r} is not the name of the bucket, {form['bucket']!r}")
        if name and (form["modified_before"] or not (form["everything"] and form["all_versions"])):
            raise ValueError(
                "A bucket is deleted with everything in it: choose Everything and All versions, no Older than"
            )
        return {**form, "bucket_goes_too": bool(name) and not form["dry_run"]}

    form: Any = check_form()  # the result of a task is not known before the run, so its type is Any

    delete_objects = DeleteObjectsOperator(
        task_id="delete_objects",
        bucket="{{ params.bucket }}",
        doc_md="Counts or deletes the selected objects. If there are more than allowed, nothing is deleted.",
        prefix=form["prefix"],
        everything=form["everything"],
        modified_before=form["modified_before"],
        all_versions=form["all_versions"],
        max_objects=form["max_objects"],
        dry_run=form["dry_run"],
    )

    @task.short_circuit
    def bucket_goes_too(confirmed: bool) -> bool:  # noqa: FBT001 - a task's input
        """Continue only if the form names the bucket a second time and this is not a dry run."""
        return confirmed

    delete_bucket = DeleteBucketOperator(
        task_id="delete_bucket",
        bucket="{{ params.bucket }}",
        doc_md="Deletes the bucket with `force=True`: with objects written since then and open uploads.",
        force=True,
    )

    delete_objects >> bucket_goes_too(form["bucket_goes_too"]) >> delete_bucket
