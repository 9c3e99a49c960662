"""Ingest files, publish them, and verify the result.

Once a day, or when you press **Trigger**, this DAG uploads the tables of a landing folder to S3:

1. **Finds** the files, and **checks** each one: readable, not empty, the right columns.
2. **Keeps** each good file unchanged and private, under `raw/dt=YYYY-MM-DD/`, with the run's id as metadata.
3. **Publishes** it under `published/dt=YYYY-MM-DD/`, with the form's content type, cache control and access.
4. **Reads it back** through its link, as a reader would, and compares checksums.
5. **Reports**: a table in the log of `report`, and a JSON object under `reports/dt=YYYY-MM-DD/`.

A file that fails its check is *set aside* under `set-aside/dt=YYYY-MM-DD/`, with the reason in its metadata
and in the report. The other files are published. The landing folder itself is never changed.

If you run it twice for one date, it publishes once: the second run does not change objects with the same
bytes. If a file has changed, or if you choose other settings for publishing, the object is replaced. With
*Keep earlier versions* the old bytes stay as a version.

**To try it**, fill in only the bucket: the files are then the time zone tables of Python's `tzdata` (public
domain). One of the four, `iso3166.tab`, has no coordinates and is set aside.

Every worker that runs these tasks must see the landing folder.
"""

from __future__ import annotations

import csv
import json
import logging
import os
import stat
import tempfile
from collections import Counter
from datetime import datetime, timedelta, timezone
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

from airflow.sdk import DAG, Asset, AssetAlias, Param, task, task_group

from airflow_s3ops.operators import CreateBucketOperator, UploadFileOperator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

log = logging.getLogger(__name__)

SAMPLE_TABLES = ("iso3166.tab", "zone.tab", "zone1970.tab", "zonenow.tab")
PUBLISHED = AssetAlias("published-files")

CONNECTION = "{{ params.aws_conn_id }}"
BUCKET = "{{ params.bucket }}"
# A run that was triggered by hand may have no logical date, but it always has run_after.
DAY = "{{ params.day or (dag_run.logical_date or dag_run.run_after) | ds }}"


# The form


def field(section: str, title: str, default: Any, description: str, **schema: Any) -> Param:
    """Return one field of the form; ``schema`` is JSON Schema, text by default."""
    return Param(default, description, title=title, section=section, **{"type": "string", **schema})


FORM = {
    "bucket": field(
        "Where to",
        "Bucket",
        "s3ops-ingest-and-publish",
        "It is created if it does not exist. The name must be unique among all AWS accounts.",
    ),
    "aws_conn_id": field("Where to", "Connection", "aws_default", "An Airflow connection of type `aws`."),
    "keep_versions": field(
        "Where to",
        "Keep earlier versions",
        True,
        "Switches the bucket's versioning on: a replaced file can be restored.",
        type="boolean",
    ),
    "landing_folder": field(
        "What",
        "Landing folder",
        None,
        "A folder on the workers. Empty: sample tables, in `$AIRFLOW_HOME/landing/time-zones`.",
        type=["null", "string"],
    ),
    "file_pattern": field(
        "What", "Files", "*.tab", "A pattern for the files' names, as in a shell.", pattern="^[^/]+$"
    ),
    "columns": field(
        "What",
        "Columns that every row must fill",
        ["coordinates", "TZ"],
        "One name per line. A file without these columns is set aside.",
        type="array",
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
    "access": field(
        "How to publish",
        "Who may read what is published",
        "private",
        "Raw files, files set aside and reports are always private.",
        enum=["private", "public-read", "bucket-policy"],
        values_display={
            "private": "Only with credentials, or a presigned link",
            "public-read": "Everyone, by the ACL of each object",
            "bucket-policy": "Everyone, by a policy on published/ (it replaces the bucket's policy)",
        },
    ),
    "lift_block_public_access": field(
        "How to publish",
        "Lift Block Public Access",
        False,
        "On AWS a new bucket refuses public ACLs and policies until this is switched on. "
        "Leave it off for servers without Block Public Access.",
        type="boolean",
    ),
    "content_type": field(
        "How to publish",
        "Content type",
        "text/tab-separated-values; charset=utf-8",
        "Empty: guessed from each file's name.",
        type=["null", "string"],
    ),
    "cache_control": field(
        "How to publish",
        "Cache control",
        "max-age=3600",
        "How long readers and proxies may keep a copy.",
        type=["null", "string"],
        examples=["max-age=3600", "max-age=86400", "no-cache"],
    ),
}


# The check of a file


def check(path: Path, columns: Sequence[str]) -> dict[str, Any]:
    """Return why a file must be set aside, or None; and whether its bytes can be uploaded."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a fifo would wait for a writer
            return {"problem": "it is not a regular file", "is_readable": False}
        with path.open(encoding="utf-8-sig", newline="") as text:
            problem = problem_in(split(text, path.suffix), columns) if status.st_size else "it is empty"
    except (UnicodeDecodeError, csv.Error) as error:
        problem = f"it is not a table in UTF-8: {error}"
    except OSError as error:
        return {"problem": f"it cannot be read: {error.strerror}", "is_readable": False}
    return {"problem": problem, "is_readable": True}


def split(text: Iterable[str], suffix: str) -> Iterable[list[str]]:
    """Split lines into cells: at commas for .csv, else at tabs."""
    if suffix == ".csv":
        return csv.reader(text)
    return csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)


def problem_in(lines: Iterable[list[str]], columns: Sequence[str]) -> str | None:
    """Return what is wrong with a table, or None.

    The header is the last comment with cells above the rows, as in the time zone tables; else the first line.
    """
    header: list[str] = []
    rows = 0
    for cells in filter(None, lines):
        if cells[0].startswith("#"):
            if not rows and len(cells) > 1:
                header = [cells[0].lstrip("#"), *cells[1:]]
        elif not header:
            header = cells
        elif problem := problem_of_row(header, cells, columns):
            return problem
        else:
            rows += 1
    return None if rows else "it has no rows"


def problem_of_row(header: list[str], cells: list[str], columns: Sequence[str]) -> str | None:
    """Return what is wrong with one row, or None."""
    if absent := [name for name in columns if name not in header]:
        return f"it lacks the columns {', '.join(absent)}; it has {', '.join(filter(None, header))}"
    values = dict(zip(header, cells, strict=False))  # the last cells of a row may be left out
    if unfilled := [name for name in columns if not values.get(name)]:
        return f"the row {' '.join(cells)[:60]!r} has no {', '.join(unfilled)}"
    return None


# How published files are read


def anyone_may_read(bucket: str, prefix: str) -> dict[str, Any]:
    """Return a bucket policy that lets everyone read under one prefix, and nothing else."""
    may_read = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    return {
        "Version": "2012-10-17",
        "Statement": [{**may_read, "Resource": f"arn:aws:s3:::{bucket}/{prefix}*"}],
    }


def read(link: str, algorithm: str) -> tuple[int, str | None]:
    """Open a link without credentials; return the HTTP status, and the checksum of the content."""
    from airflow_s3ops.s3.checksum import algorithm_named, encoded

    try:
        with urlopen(link, timeout=60) as response:  # noqa: S310 - the link is S3's own
            pieces = iter(partial(response.read, 1 << 20), b"")
            return 200, encoded(algorithm_named(algorithm).of(pieces))
    except HTTPError as error:
        return error.code, None


def results_of(mapped: Any) -> list[dict[str, str]]:
    """Return the results of mapped tasks: Airflow passes None for no task, and a single result for one."""
    if isinstance(mapped, dict):
        return [mapped]
    results = mapped[:] if mapped else []  # a slice takes one request, a loop one for each result
    # Airflow 3.1 has a marker in place of a task that returned nothing.
    return [result for result in results if isinstance(result, dict)]


def line_of_report(
    file: dict[str, Any], published: dict[str, dict[str, str]], stored_aside: set[str]
) -> dict[str, str]:
    """Return the outcome of one file."""
    name = file["name"]
    if name in published:
        return published[name]
    if file["problem"] and (name in stored_aside or not file["is_readable"]):
        return {"file": name, "status": "set aside", "detail": file["problem"]}
    return {"file": name, "status": "failed", "detail": "see the tasks of this file"}


with DAG(
    dag_id="ingest_and_publish",
    description="Check the files of a landing folder, keep them raw, publish them, read them back, report.",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"aws_conn_id": CONNECTION, "retries": 2, "retry_delay": timedelta(seconds=10)},
    params=FORM,
    tags=["s3ops", "example"],
):

    @task(multiple_outputs=True)
    def read_form(**context: Any) -> dict[str, Any]:
        """Translate the form into the bucket's settings and the ExtraArgs of published files.

        A setting that is not in the result stays as it is.
        """
        form = context["params"]
        by_acl = form["access"] == "public-read"
        settings: dict[str, Any] = {}
        if form["keep_versions"]:
            settings["versioning"] = "Enabled"
        if form["lift_block_public_access"]:
            settings["block_public_access"] = False
        if by_acl:
            settings["object_ownership"] = "ObjectWriter"  # otherwise S3 refuses every ACL
        if form["access"] == "bucket-policy":
            settings["policy"] = anyone_may_read(form["bucket"], "published/")
        chosen = {
            "ContentType": form["content_type"],
            "CacheControl": form["cache_control"],
            "ACL": "public-read" if by_acl else None,
        }
        extra_args = {name: value for name, value in chosen.items() if value}
        metadata = {"published-with": json.dumps(extra_args)}  # a later run compares it with its own
        return {"settings": settings, "extra_args": {**extra_args, "Metadata": metadata}}

    @task(retries=0)
    def find_landing_folder(**context: Any) -> str:
        """Return the landing folder of the form; if it is empty, a new folder with the sample tables."""
        if context["params"]["landing_folder"]:
            return str(context["params"]["landing_folder"])
        folder = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "landing" / "time-zones"
        folder.mkdir(parents=True, exist_ok=True)
        for name in SAMPLE_TABLES:
            if not (folder / name).exists():  # do not overwrite a file that you changed
                (folder / name).write_bytes((files("tzdata") / "zoneinfo" / name).read_bytes())
        return str(folder)

    @task(retries=0)
    def check_files(folder: str, **context: Any) -> list[dict[str, Any]]:
        """Check each file, and return its problem, if there is one. The folder is only read."""
        form = context["params"]
        paths = sorted(Path(folder).glob(form["file_pattern"]))
        if not paths:
            raise FileNotFoundError(f"No file in {folder} matches {form['file_pattern']}")
        return [{"name": path.name, "filename": str(path), **check(path, form["columns"])} for path in paths]

    @task
    def good_files(checked: Any, day: str) -> list[dict[str, str]]:
        """Return the keys of each good file."""
        good = {file["name"]: file["filename"] for file in checked if not file["problem"]}
        return [
            {"filename": path, "raw_key": f"raw/dt={day}/{name}", "key": f"published/dt={day}/{name}"}
            for name, path in good.items()
        ]

    @task
    def bad_files(checked: Any, day: str, **context: Any) -> list[dict[str, Any]]:
        """Return the key and the reason of each bad file. An unreadable file is only in the report."""
        uploads = []
        for file in checked:
            if file["problem"] and file["is_readable"]:
                reason = (
                    file["problem"].encode("ascii", "backslashreplace").decode()
                )  # it is sent as an HTTP header
                facts = {"Metadata": {"run-id": context["run_id"], "reason": reason[:1000]}}
                key = f"set-aside/dt={day}/{file['name']}"
                uploads.append({"filename": file["filename"], "key": key, "extra_args": facts})
        return uploads

    @task(map_index_template="{{ task.op_args[0] }}")
    def look_at_published(key: str, extra_args: Any, **context: Any) -> str:
        """Return `if_exists` for the upload: keep an object with the same bytes and the same settings."""
        from airflow_s3ops.hooks import S3OpsHook
        from airflow_s3ops.s3.errors import ObjectNotFound

        try:
            head = S3OpsHook(context["params"]["aws_conn_id"]).head_object(context["params"]["bucket"], key)
        except ObjectNotFound:
            return "skip_if_same"
        return "skip_if_same" if head.metadata == extra_args["Metadata"] else "replace"

    @task(map_index_template="{{ task.op_args[0]['key'] }}")
    def read_back(kept: Any, published: Any, **context: Any) -> dict[str, Any]:
        """Open the link as a reader would. The content must equal the raw file, byte for byte."""
        from airflow_s3ops.hooks import S3OpsHook

        hook = S3OpsHook(context["params"]["aws_conn_id"])
        signed = hook.presigned_url(published["bucket"], published["key"])
        link = signed.partition("?")[0]  # without the signature it is the public link
        stored = kept["checksum"]
        status, checksum = read(link, stored["algorithm"])
        if context["params"]["access"] == "private":
            if status != 403:
                raise PermissionError(
                    f"{link} should be private, but without credentials S3 returned {status}"
                )
            status, checksum = read(signed, stored["algorithm"])
        if checksum != stored["value"]:
            raise ValueError(
                f"{link} returned {status} with checksum {checksum}, but {kept['uri']} has "
                f"{stored['value']}. If the file was changed in between, run the DAG again."
            )
        outcome = "published" if published["status"] == "uploaded" else "already published"
        return {"file": Path(kept["key"]).name, "status": outcome, "detail": link, "checksum": checksum}

    @task_group
    def ingest_one(filename: str, raw_key: str, key: str) -> Any:
        """The tasks for one file. Files don't wait for each other, and a failure affects only one file."""
        keep_raw = UploadFileOperator(
            task_id="keep_raw",
            doc_md="Uploads the unchanged file, always private. The same bytes are sent only once.",
            filename=filename,
            bucket=BUCKET,
            key=raw_key,
            extra_args={"Metadata": {"run-id": "{{ run_id }}"}},
            if_exists="skip_if_same",
            map_index_template="{{ task.key }}",
        )
        if_exists: Any = look_at_published(key, form["extra_args"])
        publish = UploadFileOperator(
            task_id="publish",
            doc_md="Uploads the same file for readers, with the form's content type, cache control and ACL.",
            filename=filename,
            bucket=BUCKET,
            key=key,
            extra_args=form["extra_args"],
            if_exists=if_exists,
            map_index_template="{{ task.key }}",
        )
        keep_raw >> publish
        return read_back(keep_raw.output, publish.output)

    @task(trigger_rule="all_done", retries=0, outlets=[PUBLISHED])
    def report(day: str, checked: Any, set_aside: Any, read_backs: Any, **context: Any) -> dict[str, Any]:
        """Report the outcome of every file; then fail if a file failed."""
        from airflow_s3ops.hooks import S3OpsHook

        if checked is None:
            raise RuntimeError("No file was checked: see the tasks find_landing_folder and check_files.")
        published = {done["file"]: done for done in results_of(read_backs)}
        stored_aside = {Path(done["key"]).name for done in results_of(set_aside)}
        lines = [line_of_report(file, published, stored_aside) for file in checked]
        log.info("Files of %s:\n%s", day, "\n".join("  ".join(line.values()) for line in lines))

        counts = Counter(line["status"] for line in lines)
        facts: dict[str, Any] = {"day": day, "files": dict(counts)}
        bucket, run_id = context["params"]["bucket"], context["run_id"]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "report.json")
            file.write_text(json.dumps({**facts, "run_id": run_id, "lines": lines}, indent=2))
            hook = S3OpsHook(context["params"]["aws_conn_id"])
            uri = hook.upload_file(file, bucket, f"reports/dt={day}/{run_id}.json").uri
        if counts["published"]:
            context["outlet_events"][PUBLISHED].add(Asset(f"s3://{bucket}/published"), extra=facts)
        if counts["failed"]:
            raise RuntimeError(f"{counts['failed']} of {len(lines)} files failed; the report is {uri}")
        return {**facts, "report": uri}

    # The result of a task is not known before the run, so its type is Any.
    form: Any = read_form()
    landing: Any = find_landing_folder()
    checked: Any = check_files(landing)
    good: Any = good_files(checked, DAY)
    bad: Any = bad_files(checked, DAY)

    create_bucket = CreateBucketOperator(
        task_id="create_bucket",
        doc_md="Creates the bucket, or adopts it if this account owns it. Applies only settings that differ.",
        bucket=BUCKET,
        settings=form["settings"],
    )
    set_aside: Any = UploadFileOperator.partial(
        task_id="set_aside",
        doc_md="Uploads a file that failed its check, private, with the reason in its metadata.",
        bucket=BUCKET,
        if_exists="skip_if_same",
        map_index_template="{{ task.key }}",
    ).expand_kwargs(bad)
    read_backs: Any = ingest_one.expand_kwargs(good)

    create_bucket >> [good, bad]  # all tasks that upload come after these two
    report(DAY, checked, set_aside.output, read_backs)
