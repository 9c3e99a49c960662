"""Upload a folder of many files to S3 with several workers, and publish it when it is complete.

When you press **Trigger**, this DAG

1. **Plans**: splits the folder into shards with about the same work, each a range of the sorted paths.
2. **Uploads** every shard in a separate mapped task, several at the same time if there are several workers.
   At its end, each task writes a manifest of its shard.
3. **Joins** the manifests of the shards into one. A missing manifest, or a key in two of them, fails the run.
4. **Publishes**: writes `latest.json`, as the very last object. Readers who start there never see an
   incomplete run.

If a worker dies, Airflow runs its shard's task again on another worker, and that task sends only what is
missing. If you run the DAG twice for one date, the second run does not change objects with the same bytes.

**To try it**, fill in only the bucket: the folder is then the time zone database of Python's `tzdata` (public
domain), about 600 small files.

Every worker must see the folder at the same path.
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
# A run that was triggered by hand may have no logical date, but it always has run_after.
DAY = "{{ params.day or (dag_run.logical_date or dag_run.run_after) | ds }}"
MANIFESTS = f"manifests/dt={DAY}"
# They are rendered to lists and numbers.
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
        "It is created if it does not exist. The name must be unique among all AWS accounts.",
    ),
    "aws_conn_id": field("Where to", "Connection", "aws_default", "An Airflow connection of type `aws`."),
    "folder": field(
        "What",
        "Folder",
        None,
        "A folder that every worker sees; all files in it are uploaded. Empty: Python's time zone database.",
        type=["null", "string"],
    ),
    "exclude": field(
        "What",
        "Leave out",
        ["*.py", "*.pyc"],
        "Patterns of relative paths, one per line.",
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
        "The number of upload tasks: two per worker is a good choice.",
        type="integer",
        minimum=1,
        maximum=256,
    ),
}

with DAG(
    dag_id="bulk_ingest",
    description="Upload a folder of many files with several workers, join the manifests, publish the result.",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,  # lists and numbers of the form stay lists and numbers
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
        """Return the folder of the form; if it is empty, the folder of the time zone database."""
        return str(context["params"]["folder"] or files("tzdata") / "zoneinfo")

    @task
    def publish(joined: Any, uploads: Any, day: str, **context: Any) -> dict[str, Any]:
        """Write `latest.json`, which points readers to the complete upload. It is the last object."""
        from airflow_s3ops.hooks import S3OpsHook

        # A slice takes one request; a loop takes one for each result. With one shard it is a single dict.
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
            file = Path(folder, "latest.json")
            file.write_text(json.dumps(pointer, indent=2))
            hook = S3OpsHook(context["params"]["aws_conn_id"])
            hook.upload_file(file, joined["bucket"], "latest.json", extra_args={"CacheControl": "no-cache"})
        return pointer

    # The result of a task is not known before the run, so its type is Any.
    folder: Any = find_folder()
    create_bucket = CreateBucketOperator(
        task_id="create_bucket",
        doc_md="Creates the bucket, or adopts it if this account owns it already.",
        bucket=BUCKET,
    )
    plan = PlanShardsOperator(
        task_id="plan",
        doc_md="Splits the folder into ranges of paths. A file that is created later belongs to one, too.",
        source=folder,
        shards=SHARDS,
        exclude=EXCLUDE,
    )
    upload: Any = UploadFilesOperator.partial(
        task_id="upload",
        doc_md="Uploads one shard. A retry sends only what is missing. The shard's manifest is written last.",
        bucket=BUCKET,
        prefix=f"data/dt={DAY}/",
        exclude=EXCLUDE,
        if_exists="skip_if_same",
        manifest_key=f"{MANIFESTS}/{{{{ run_id }}}}/shard-{{{{ ti.map_index }}}}.jsonl",
        map_index_template="{{ task.source['from'] or 'the first' }}",
    ).expand(source=plan.output)
    join = JoinManifestsOperator(
        task_id="join_manifests",
        doc_md="Joins the manifests of all shards into one. None may be missing, and no key may be in two.",
        bucket=BUCKET,
        manifests=upload.output,
        manifest_key=f"{MANIFESTS}/all.jsonl",
    )
    create_bucket >> upload
    publish(join.output, upload.output, DAY)
