"""S3 in six steps, to learn and to experiment with.

Press **Trigger**, then open the tasks one by one: each has an explanation, a log and a result (XCom).

1. **Create a bucket** in a region.
2. **Upload** a file. An uploaded object is private.
3. **Read its link** without credentials: S3 refuses.
4. **Upload it again**, this time for everyone, with *ExtraArgs*; and read its link: S3 returns the file.
5. **Delete the objects.**
6. **Delete the bucket**, which must be empty.

Each run creates a new bucket, and deletes it at the end even if a step fails.

There are two ways to share an object with everyone. An *ACL* is set on one object. Since 2023 new buckets
refuse ACLs, so this one is explicitly created to allow them (`object_ownership="ObjectWriter"`). A *bucket
policy* applies to all keys with the same beginning; AWS recommends it. On AWS both need Block Public Access
lifted (`block_public_access=False`). Not every S3 server supports ACLs or Block Public Access: there, share
by policy and don't lift it.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from airflow.sdk import DAG, Param, task

from airflow_s3ops.operators import (
    CreateBucketOperator,
    DeleteBucketOperator,
    DeleteObjectOperator,
    UploadFileOperator,
)

# Any file will do. This one always exists.
FILE = __file__
PRIVATE_KEY = "private/hello.py"
PUBLIC_KEY = "public/hello.py"

# Every run needs another name, unique among all AWS accounts.
BUCKET = "{{ params.name_prefix }}-{{ dag_run.run_after.strftime('%Y%m%d-%H%M%S-%f') }}"


def read(link: str) -> tuple[int, bytes]:
    """Open a link as a web browser would, without credentials; return HTTP status and content."""
    try:
        with urlopen(link, timeout=30) as response:  # noqa: S310 - the link is S3's own
            return response.status, response.read()
    except HTTPError as error:
        return error.code, b""


def link_to(uploaded: dict[str, Any], form: dict[str, Any]) -> str:
    """Return the object's web address."""
    from airflow_s3ops.hooks import S3OpsHook

    hook = S3OpsHook(form["aws_conn_id"], region_name=form["region"])
    signed = hook.presigned_url(uploaded["bucket"], uploaded["key"])
    return signed.partition("?")[0]  # cut off the signature, which grants access like credentials


with DAG(
    dag_id="s3_walkthrough",
    description="Create, upload, share, read, delete: S3 in six steps.",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    default_args={"aws_conn_id": "{{ params.aws_conn_id }}"},
    params={
        "aws_conn_id": Param(
            "aws_default",
            type="string",
            title="Connection",
            description="The id of an Airflow connection of type `aws`.",
        ),
        "region": Param(
            None,
            type=["null", "string"],
            title="Region",
            description="The region of the new bucket. Empty: the connection's region.",
            examples=["us-east-1", "eu-central-1", "ap-northeast-2"],
        ),
        "name_prefix": Param(
            "s3ops-walkthrough",
            type="string",
            pattern="^[a-z0-9][a-z0-9-]{1,38}$",
            title="Beginning of the bucket's name",
            description="Lower-case letters, digits and hyphens. Date and time of the run are added.",
        ),
        "share_by": Param(
            "acl",
            type="string",
            enum=["acl", "policy"],
            values_display={"acl": "An ACL on the object", "policy": "A policy of the bucket"},
            title="How to share with everyone",
            description="`acl` works on AWS and on the embedded server, `policy` everywhere.",
        ),
        "lift_block_public_access": Param(
            True,
            type="boolean",
            title="Lift Block Public Access",
            description="On AWS a new bucket refuses public ACLs and policies unless this is on. "
            "Switch it off for servers without Block Public Access.",
        ),
    },
    tags=["s3ops", "example"],
):

    @task(multiple_outputs=True)
    def read_form(bucket: str, **context: Any) -> dict[str, Any]:
        """Translate the form into the region, the bucket's settings, and the ExtraArgs of the upload."""
        form = context["params"]
        by_acl = form["share_by"] == "acl"
        settings: dict[str, Any] = {}
        if form["lift_block_public_access"]:
            settings["block_public_access"] = False
        if by_acl:
            settings["object_ownership"] = "ObjectWriter"
        else:
            everyone_reads_public = {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{bucket}/public/*",
            }
            settings["policy"] = {"Version": "2012-10-17", "Statement": [everyone_reads_public]}
        extra_args = {"ACL": "public-read"} if by_acl else {}
        return {"region": form["region"], "settings": settings, "extra_args": extra_args}

    # The result of a task is not known before the run, so its type is Any.
    form: Any = read_form(BUCKET)
    region = form["region"]  # the template "{{ params.region }}" would render None as the text "None"

    create_bucket = CreateBucketOperator(
        task_id="create_bucket",
        doc_md="**Step 1.** A bucket contains objects. It is in one region, and its name is unique among all "
        "AWS accounts. `settings` are applied to it; all others keep S3's defaults: the bucket is private.",
        bucket=BUCKET,
        region_name=region,
        settings=form["settings"],
    )

    upload_private = UploadFileOperator(
        task_id="upload_private",
        doc_md="**Step 2.** An object is a file stored under a key. By default only its owner may read it. "
        "See the result in XCom: size, ETag, checksum.",
        filename=FILE,
        bucket=BUCKET,
        region_name=region,
        key=PRIVATE_KEY,
    )

    @task
    def read_private(uploaded: Any, **context: Any) -> int:
        """**Step 3.** Every object has a link. Without credentials, S3 responds with 403: access denied."""
        status, _ = read(link_to(uploaded, context["params"]))
        if status != 403:
            raise AssertionError(f"A private object must be refused with 403, not {status}")
        return status

    upload_public = UploadFileOperator(
        task_id="upload_public",
        doc_md="**Step 4.** The same file again. `extra_args` are S3's own parameters of an upload: here "
        "`{'ACL': 'public-read'}`, which lets everyone read it. Sharing by policy needs no ACL: the bucket's "
        "policy lets everyone read keys that begin with `public/`.",
        filename=FILE,
        bucket=BUCKET,
        region_name=region,
        key=PUBLIC_KEY,
        extra_args=form["extra_args"],
    )

    @task
    def read_public(uploaded: Any, **context: Any) -> str:
        """**Step 4, checked.** The same request as in step 3 now returns the content, byte for byte."""
        link = link_to(uploaded, context["params"])
        status, content = read(link)
        if (status, content) != (200, Path(FILE).read_bytes()):
            raise AssertionError(f"{link} returned {status} with {len(content)} bytes, not the file")
        return link

    delete_object = DeleteObjectOperator.partial(
        task_id="delete_object",
        doc_md="**Step 5.** One task for each key. A key that does not exist is fine: the result says so.",
        bucket=BUCKET,
        region_name=region,
    ).expand(key=[PRIVATE_KEY, PUBLIC_KEY])

    delete_bucket = DeleteBucketOperator(
        task_id="delete_bucket",
        doc_md="**Step 6.** Only an empty bucket can be deleted, unless you set `force=True`.",
        bucket=BUCKET,
        region_name=region,
        if_missing="ignore",
    )

    # The steps, in order. Teardowns run even if a step before them failed; their own failure fails the run.
    (
        create_bucket
        >> upload_private
        >> read_private(upload_private.output)
        >> upload_public
        >> read_public(upload_public.output)
        >> delete_object.as_teardown(setups=create_bucket, on_failure_fail_dagrun=True)
        >> delete_bucket.as_teardown(on_failure_fail_dagrun=True)
    )
