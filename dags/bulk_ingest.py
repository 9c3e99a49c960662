"""Take a folder of many files to S3 with many workers, and publish it when all of it is there.

When you press **Trigger**, this DAG

1. **Plans**: cuts the folder into shards of about the same work, each a range of the sorted paths.
2. **Uploads** every shard, in a mapped task of its own: as many at a time as there are workers. Each writes a
   manifest of its shard last.
3. **Joins** the manifests of the shards into one; a missing one, or a key in two of them, fails the run.
4. **Publishes**: writes `latest.json` last of all. Readers who start there never see a run that is not whole.

A worker that dies takes its shard's task with it; Airflow runs that again elsewhere, and it sends only what
is missing. Run the DAG twice for one date, and the second run finds the same bytes and leaves them alone.

**To try it**, fill in nothing but the bucket: the folder is then the time zone database that comes with
Python's `tzdata` (public domain), some 600 small files.

The folder must be visible to every worker, at the same path.
"""

from __future__ import annotations

import json
import tempfile
from datetime import datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_s3ops.operators import (
    CreateBucketOperator,
    JoinManifestsOperator,
    PlanShardsOperator,
    UploadFilesOperator,
)

BUCKET = "{{ params.bucket }}"
# A run that was triggered by hand may have no logical date, but always a moment that it was created for.
DAY = "{{ params.day or (dag_run.logical_date or dag_run.run_after) | ds }}"
MANIFESTS = f"manifests/dt={DAY}"
# Lists and numbers by the time they are rendered.
SHARDS: Any = "{{ params.shards }}"
EXCLUDE: Any = "{{ params.exclude }}"


def field(section: str, title: str, default: Any, description: str, **schema: Any) -> Param:
    """Return one field of the form; ``schema`` is JSON Schema, text by default."""
    return Param(default, description, title=title, section=section, **{"type": "string", **schema})


FORM = {
    "bucket": field(
        "Where to",
        "Bucket",
        "s3ops-bulk-ingest",
        "Created if it is not there. Names are shared by all accounts: choose one of your own.",
    ),
    "aws_conn_id": field("Where to", "Connection", "aws_default", "An Airflow connection of type `aws`."),
    "folder": field(
        "What",
        "Folder",
        None,
        "A folder that every worker sees, with all that is in it. Empty: Python's time zone database.",
        type=["null", "string"],
    ),
    "exclude": field(
        "What",
        "Leave out",
        ["*.py", "*.pyc"],
        "Patterns of relative paths, one a line.",
        type=["null", "array"],
        items={"type": "string"},
    ),
    "day": field(
        "What",
        "Date",
        None,
        "The `dt=` of the keys. Empty: the date of the run.",
        type=["null", "string"],
        format="date",
    ),
    "shards": field(
        "How",
        "Shards",
        4,
        "How many tasks share the work: two for each worker is a good number.",
        type="integer",
        minimum=1,
        maximum=256,
    ),
}

with DAG(
    dag_id="bulk_ingest",
    description="A folder of many files: planned, uploaded by many workers, joined, published.",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,  # lists and numbers of the form stay what they are
    default_args={
        "aws_conn_id": "{{ params.aws_conn_id }}",
        "retries": 3,
        "retry_delay": timedelta(seconds=10),
    },
    params=FORM,
    tags=["s3ops", "example"],
):

    @task
    def find_folder(**context: Any) -> str:
        """Return the folder of the form; without one, that of the time zone database."""
        return str(context["params"]["folder"] or files("tzdata") / "zoneinfo")

    @task
    def publish(joined: Any, uploads: Any, day: str, **context: Any) -> dict[str, Any]:
        """Point readers to what is whole now. It is the last thing that is written."""
        from airflow_s3ops.hooks import S3OpsHook

        # A slice is one request, iterating one for each result; and one shard gives its bare result.
        results = [uploads] if isinstance(uploads, dict) else uploads[:]
        sent = sum(result["uploaded"] + result["skipped"] for result in results)
        if sent != joined["objects"]:
            raise RuntimeError(f"{sent} files were sent, but the manifest has {joined['objects']} objects")
        pointer = {
            "day": day,
            "prefix": f"data/dt={day}/",
            "manifest": joined["manifest"],
            "objects": joined["objects"],
            "bytes": joined["bytes"],
            "run_id": context["run_id"],
        }
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder, "latest.json")
            page.write_text(json.dumps(pointer, indent=2))
            hook = S3OpsHook(context["params"]["aws_conn_id"])
            hook.upload_file(page, joined["bucket"], "latest.json", extra_args={"CacheControl": "no-cache"})
        return pointer

    # What one task returns is not known before the run, so its type is anything to a type checker.
    folder: Any = find_folder()
    create_bucket = CreateBucketOperator(
        task_id="create_bucket",
        doc_md="Creates the bucket, or adopts it if it is ours already.",
        bucket=BUCKET,
    )
    plan = PlanShardsOperator(
        task_id="plan",
        doc_md="Cuts the folder into ranges of paths; also a file that appears later belongs to one of them.",
        source=folder,
        shards=SHARDS,
        exclude=EXCLUDE,
    )
    upload: Any = UploadFilesOperator.partial(
        task_id="upload",
        doc_md="One shard. Another try of it sends only what is missing. Its manifest comes last.",
        bucket=BUCKET,
        prefix=f"data/dt={DAY}/",
        exclude=EXCLUDE,
        if_exists="skip_if_same",
        manifest_key=f"{MANIFESTS}/{{{{ run_id }}}}/shard-{{{{ ti.map_index }}}}.jsonl",
        map_index_template="{{ task.source['from'] or 'the first' }}",
    ).expand(source=plan.output)
    join = JoinManifestsOperator(
        task_id="join_manifests",
        doc_md="One manifest of all shards; none of them may be missing, and no key may be in two.",
        bucket=BUCKET,
        manifests=upload.output,
        manifest_key=f"{MANIFESTS}/all.jsonl",
    )
    create_bucket >> upload
    publish(join.output, upload.output, DAY)
