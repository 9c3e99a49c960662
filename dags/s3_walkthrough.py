"""S3 in six steps, to watch and to play with.

Press **Trigger**, then open the tasks one by one: each has its explanation, its log and its result (XCom).

1. **Create a bucket** in a region.
2. **Upload** a file. What you upload is private.
3. **Read its link** without credentials: S3 refuses.
4. **Upload it again**, this time for everyone, with *ExtraArgs*; and read its link: there it is.
5. **Delete the objects.**
6. **Delete the bucket**, which has to be empty.

The bucket is a new one for each run, and is deleted in the end even if a step in between fails.

There are two ways to share an object with everyone. An *ACL* says it for one object; since 2023 new buckets
refuse ACLs, so this one is created to allow them, knowingly (`object_ownership="ObjectWriter"`). A *bucket
policy* says it for all keys that begin alike; AWS recommends it. Both need Block Public Access lifted on AWS
(`block_public_access=False`). Not every S3 server knows ACLs, or Block Public Access: there, share by policy
and don't lift.
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

# Any file will do. This one is surely there: you are reading it.
FILE = __file__
PRIVATE_KEY = "private/hello.py"
PUBLIC_KEY = "public/hello.py"

# Two runs, and any two people in the world, need different names.
BUCKET = "{{ params.name_prefix }}-{{ dag_run.run_after.strftime('%Y%m%d-%H%M%S-%f') }}"


def read(link: str) -> tuple[int, bytes]:
    """Open a link as a web browser would, without credentials; return HTTP status and content."""
    try:
        with urlopen(link, timeout=30) as answer:  # noqa: S310 - the link is S3's own
            return answer.status, answer.read()
    except HTTPError as refusal:
        return refusal.code, b""


def link_to(uploaded: dict[str, Any], form: dict[str, Any]) -> str:
    """Return the object's web address."""
    from airflow_s3ops.hooks import S3OpsHook

    hook = S3OpsHook(form["aws_conn_id"], region_name=form["region"])
    signed = hook.presigned_url(uploaded["bucket"], uploaded["key"])
    return signed.partition("?")[0]  # what follows is a signature, as good as credentials: leave it out


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
            description="Where the bucket is to be. Empty: the connection's region.",
            examples=["us-east-1", "eu-central-1", "ap-northeast-2"],
        ),
        "name_prefix": Param(
            "s3ops-walkthrough",
            type="string",
            pattern="^[a-z0-9][a-z0-9-]{1,38}$",
            title="How the bucket's name begins",
            description="Date and time of the run are added. Lower-case letters, digits and hyphens.",
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
            description="New buckets on AWS refuse to be public, by ACL or by policy, unless this is on. "
            "Switch it off for servers that know no Block Public Access.",
        ),
    },
    tags=["s3ops", "example"],
):

    @task(multiple_outputs=True)
    def read_form(bucket: str, **context: Any) -> dict[str, Any]:
        """Turn the form into the region, the settings of the bucket, and the ExtraArgs of the upload."""
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

    # What a task returns is not known before the run: its type is anything.
    form: Any = read_form(BUCKET)
    region = form["region"]  # a template, "{{ params.region }}", would make the text "None" of None

    create_bucket = CreateBucketOperator(
        task_id="create_bucket",
        doc_md="**Step 1.** A bucket holds objects. It lives in one region, and its name is taken in all the "
        "world. `settings` say what it must be like; what they leave out stays as S3 makes it: private.",
        bucket=BUCKET,
        region_name=region,
        settings=form["settings"],
    )

    upload_private = UploadFileOperator(
        task_id="upload_private",
        doc_md="**Step 2.** An object is a file under a key. Nothing is said about who may read it, so only "
        "its owner may. See the result in XCom: size, ETag, checksum.",
        filename=FILE,
        bucket=BUCKET,
        region_name=region,
        key=PRIVATE_KEY,
    )

    @task
    def read_private(uploaded: Any, **context: Any) -> int:
        """**Step 3.** Every object has a link. Without credentials, S3 answers 403: you may not."""
        status, _ = read(link_to(uploaded, context["params"]))
        if status != 403:
            raise AssertionError(f"A private object must be refused with 403, not {status}")
        return status

    upload_public = UploadFileOperator(
        task_id="upload_public",
        doc_md="**Step 4.** The same file again. `extra_args` are S3's own parameters of an upload: here "
        "`{'ACL': 'public-read'}`, which lets everyone read it. Sharing by policy needs none: the bucket's "
        "policy lets everyone read what begins with `public/`.",
        filename=FILE,
        bucket=BUCKET,
        region_name=region,
        key=PUBLIC_KEY,
        extra_args=form["extra_args"],
    )

    @task
    def read_public(uploaded: Any, **context: Any) -> str:
        """**Step 4, looked at.** The same request as before, and now the content comes, byte for byte."""
        link = link_to(uploaded, context["params"])
        status, content = read(link)
        if (status, content) != (200, Path(FILE).read_bytes()):
            raise AssertionError(f"{link} answered {status} with {len(content)} bytes, not with the file")
        return link

    delete_object = DeleteObjectOperator.partial(
        task_id="delete_object",
        doc_md="**Step 5.** A task for each key. A key that is not there is fine: the result says so.",
        bucket=BUCKET,
        region_name=region,
    ).expand(key=[PRIVATE_KEY, PUBLIC_KEY])

    delete_bucket = DeleteBucketOperator(
        task_id="delete_bucket",
        doc_md="**Step 6.** Only an empty bucket can be deleted, unless you say `force=True`.",
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
