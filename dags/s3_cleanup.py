"""Clean up a bucket, with guards.

As the form comes, it deletes nothing: it counts what it *would* delete, and shows the first few in the log of
`delete_objects`. Then it is up to you, one decision at a time:

1. **What**: the keys under a prefix, or everything; only what is older than a moment, if you like.
2. **No more than so many**: if more objects are selected, not one of them is deleted.
3. **For real**: switch *Only count* off.
4. **The bucket too**: write its name a second time. It goes with all versions, delete markers and open
   uploads.

Whatever is deleted with *All versions* is gone for good.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_s3ops.operators import DeleteBucketOperator, DeleteObjectsOperator

with DAG(
    dag_id="s3_cleanup",
    description="Delete objects, then the bucket if wished. It only counts, unless told otherwise.",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    default_args={"aws_conn_id": "{{ params.aws_conn_id }}"},
    params={
        "bucket": Param(
            type="string",
            title="Bucket",
            description="It must be there: nothing is created here.",
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
            description="Only objects that were stored before this moment.",
            section="What",
        ),
        "all_versions": Param(
            False,
            type="boolean",
            title="All versions",
            description="Earlier versions and delete markers too; without it, they are kept.",
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
    # No render_template_as_native_obj: it would make a number of the prefix 2026.
    tags=["s3ops", "example"],
):

    @task(multiple_outputs=True)
    def check_form(**context: Any) -> dict[str, Any]:
        """Refuse a form that contradicts itself; hand it on, and whether the bucket goes too."""
        form = dict(context["params"])
        name = form["delete_bucket"]
        if name not in (None, form["bucket"]):
            raise ValueError(f"{name!r} is not the name of the bucket, {form['bucket']!r}")
        if name and (form["modified_before"] or not (form["everything"] and form["all_versions"])):
            raise ValueError("A bucket goes with all it holds: choose Everything and All versions, no time")
        return {**form, "bucket_goes_too": bool(name) and not form["dry_run"]}

    form: Any = check_form()  # what a task returns is not known before the run: its type is anything

    delete_objects = DeleteObjectsOperator(
        task_id="delete_objects",
        bucket="{{ params.bucket }}",
        doc_md="Counts, or deletes, what is selected. If it is more than allowed, nothing is deleted.",
        prefix=form["prefix"],
        everything=form["everything"],
        modified_before=form["modified_before"],
        all_versions=form["all_versions"],
        max_objects=form["max_objects"],
        dry_run=form["dry_run"],
    )

    @task.short_circuit
    def bucket_goes_too(decided: bool) -> bool:  # noqa: FBT001 - a task's input
        """Go on only if the form names the bucket a second time, and this is no dry run."""
        return decided

    delete_bucket = DeleteBucketOperator(
        task_id="delete_bucket",
        bucket="{{ params.bucket }}",
        doc_md="Deletes the bucket with `force=True`: with what came in since, and with open uploads.",
        force=True,
    )

    delete_objects >> bucket_goes_too(form["bucket_goes_too"]) >> delete_bucket
