"""What an identity does with each policy of docs/credentials.md, by the policy's heading.

A scenario needs every action of its policy: without any one of them S3 refuses a request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3.errors import AccessDenied, ObjectExists, ObjectNotFound, PartialUpload

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from airflow_s3ops.hooks import S3OpsHook
    from airflow_s3ops.s3.uploads.progress import Progress

PART_SIZE = 5 << 20


@dataclass(frozen=True)
class Work:
    """What a scenario uses.

    :param root: a client with all rights, for the setup.
    :param hook: the hook of the limited user.
    :param bucket: a bucket's name; the scenario creates the bucket, as root or with the hook.
    :param folder: a folder for files.
    """

    root: S3Client
    hook: S3OpsHook
    bucket: str
    folder: Path

    def make_bucket(self, *, versioned: bool = False, locked: bool = False) -> None:
        """Create the bucket, as root."""
        place: Any = {"LocationConstraint": self.root.meta.region_name}
        self.root.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=locked
        )
        if versioned:
            self.root.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key: str) -> Any:
        """Store an object, as root."""
        return self.root.put_object(Bucket=self.bucket, Key=key, Body=key.encode())

    def file(self, size: int = 9) -> Path:
        """Write a file."""
        path = self.folder / "report.csv"
        path.write_bytes(bytes(size))
        return path


Scenario = Callable[[Work], None]
SCENARIOS: dict[str, Scenario] = {}


def proves(heading: str) -> Callable[[Scenario], Scenario]:
    """Register the scenario of a policy."""

    def register(scenario: Scenario) -> Scenario:
        SCENARIOS[heading] = scenario
        return scenario

    return register


@proves("CreateBucketOperator")
def _create_bucket(work: Work) -> None:
    assert work.hook.create_bucket(work.bucket).status == "created"
    assert work.hook.create_bucket(work.bucket).status == "existed"


@proves("CreateBucketOperator with settings")
def _create_bucket_with_settings(work: Work) -> None:
    readable = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{work.bucket}/public/*",
    }
    settings: dict[str, Any] = {
        "object_ownership": "BucketOwnerPreferred",
        "versioning": "Enabled",
        "tags": {"team": "data"},
        "policy": {"Version": "2012-10-17", "Statement": [readable]},
    }
    assert work.hook.create_bucket(work.bucket, settings=settings).applied == tuple(settings)
    assert work.hook.create_bucket(work.bucket, settings=settings).applied == ()
    # CreateBucket sets the ownership itself; on an existing bucket it takes a separate request.
    other_owner = {"object_ownership": "ObjectWriter"}
    assert work.hook.create_bucket(work.bucket, settings=other_owner).applied == ("object_ownership",)
    work.root.delete_bucket(Bucket=work.bucket)  # Object Lock is set while a bucket is created
    lock = {"object_lock": {"mode": "GOVERNANCE", "days": 1}}
    assert work.hook.create_bucket(work.bucket, settings=lock).applied == ("object_lock",)


@proves("UploadFileOperator")
def _upload(work: Work) -> None:
    work.make_bucket()
    for if_exists in ("replace", "fail", "skip"):
        result = work.hook.upload_file(work.file(), work.bucket, if_exists, if_exists=if_exists)
        assert result.status == "uploaded"
    assert work.hook.upload_file(work.file(), work.bucket, "skip", if_exists="skip").status == "skipped"
    with pytest.raises(ObjectExists):
        work.hook.upload_file(work.file(), work.bucket, "fail", if_exists="fail")


@proves("UploadFileOperator for large files")
def _upload_in_parts(work: Work) -> None:
    work.make_bucket()
    file = work.file(2 * PART_SIZE + 1)
    options: Any = {"part_size": PART_SIZE, "max_concurrency": 1}

    def interrupt(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work.hook.upload_file(file, work.bucket, "a", **options, progress=interrupt)
    assert "Uploads" not in work.root.list_multipart_uploads(Bucket=work.bucket)

    checkpoint = work.folder / "checkpoint.json"
    with pytest.raises(KeyboardInterrupt):
        work.hook.upload_file(file, work.bucket, "b", **options, progress=interrupt, checkpoint=checkpoint)
    result = work.hook.upload_file(file, work.bucket, "b", **options, checkpoint=checkpoint)
    assert (result.parts, result.resumed_parts) == (3, 1)


@proves("UploadFileOperator with if_exists skip_if_same")
def _upload_unless_the_same(work: Work) -> None:
    work.make_bucket()
    for status in ("uploaded", "skipped"):
        result = work.hook.upload_file(work.file(), work.bucket, if_exists="skip_if_same")
        assert result.status == status


@proves("UploadFilesOperator")
def _upload_files(work: Work) -> None:
    work.make_bucket()
    work.file()
    try:
        assert work.hook.upload_files(work.folder, work.bucket).uploaded == 1
    except PartialUpload as error:
        raise AccessDenied(str(error), action=_action_of(error)) from error


@proves("UploadFilesOperator with a manifest")
def _upload_files_with_manifest(work: Work) -> None:
    work.make_bucket()
    work.file()
    work.put("manifests/m.jsonl.failed")
    try:
        work.hook.upload_files(work.folder, work.bucket, manifest_key="manifests/m.jsonl")
    except PartialUpload as error:
        raise AccessDenied(str(error), action=_action_of(error)) from error
    listed = work.root.list_objects_v2(Bucket=work.bucket, Prefix="manifests/")["Contents"]
    assert [entry["Key"] for entry in listed] == ["manifests/m.jsonl"]


def _action_of(error: PartialUpload) -> str | None:
    """Return the action that the failures name as missing."""
    assert {failure.code for failure in error.failures} == {"AccessDenied"}
    named = re.search(r"perform: (s3:\w+)", str(error))
    return named[1] if named else None


@proves("UploadFileOperator with an ACL")
def _upload_with_acl(work: Work) -> None:
    work.make_bucket()
    work.hook.upload_file(work.file(), work.bucket, extra_args={"ACL": "public-read"})


@proves("UploadFileOperator with tags")
def _upload_with_tags(work: Work) -> None:
    work.make_bucket()
    work.hook.upload_file(work.file(), work.bucket, "report.csv", extra_args={"Tagging": "team=data"})
    tags = work.root.get_object_tagging(Bucket=work.bucket, Key="report.csv")["TagSet"]
    assert tags == [{"Key": "team", "Value": "data"}]


@proves("UploadFileOperator with Object Lock")
def _upload_with_lock(work: Work) -> None:
    work.make_bucket(locked=True)
    lock = {
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": datetime.now(timezone.utc) + timedelta(days=1),
        "ObjectLockLegalHoldStatus": "ON",
    }
    work.hook.upload_file(work.file(), work.bucket, "report.csv", extra_args=lock)
    held = work.root.get_object_legal_hold(Bucket=work.bucket, Key="report.csv")["LegalHold"]
    kept = work.root.get_object_retention(Bucket=work.bucket, Key="report.csv")["Retention"]
    assert (held["Status"], kept["Mode"]) == ("ON", "GOVERNANCE")


@proves("UploadFileOperator with SSE-KMS")
def _upload_with_kms(work: Work) -> None:
    work.make_bucket()
    extra_args = {"ServerSideEncryption": "aws:kms"}
    # The gateway ignores it and confirms nothing; this only proves which rights the requests need.
    events = work.hook.client.meta.events
    events.register("after-call.s3.CreateMultipartUpload", lambda parsed, **_: parsed.update(extra_args))
    work.hook.upload_file(work.file(PART_SIZE + 1), work.bucket, extra_args=extra_args, part_size=PART_SIZE)


@proves("JoinManifestsOperator")
def _join_manifests(work: Work) -> None:
    work.make_bucket()
    for number in range(2):
        row = json.dumps({"key": f"k{number}", "size": 1}).encode()
        work.root.put_object(Bucket=work.bucket, Key=f"manifests/{number}.jsonl", Body=row)
    parts = [f"manifests/{number}.jsonl" for number in range(2)]
    assert work.hook.join_manifests(work.bucket, parts, "manifests/all.jsonl").objects == 2


@proves("DeleteObjectOperator")
def _delete_object(work: Work) -> None:
    work.make_bucket()
    work.put("report.csv")
    result = work.hook.delete_object(work.bucket, "report.csv")
    assert (result.deleted, result.missing) == (1, None)
    assert "Contents" not in work.root.list_objects_v2(Bucket=work.bucket)


@proves("DeleteObjectOperator with a HEAD first")
def _delete_object_after_a_head(work: Work) -> None:
    work.make_bucket()
    etag = work.put("report.csv")["ETag"]
    result = work.hook.delete_object(work.bucket, "report.csv", if_match=etag)
    assert (result.deleted, result.missing) == (1, 0)
    with pytest.raises(ObjectNotFound):
        work.hook.delete_object(work.bucket, "report.csv", if_missing="fail")


@proves("DeleteObjectOperator with version_id")
def _delete_version(work: Work) -> None:
    work.make_bucket(versioned=True)
    version = work.put("report.csv")["VersionId"]
    assert work.hook.delete_object(work.bucket, "report.csv", version_id=version).deleted == 1
    assert "Versions" not in work.root.list_object_versions(Bucket=work.bucket)


@proves("DeleteObjectsOperator with keys")
def _delete_keys(work: Work) -> None:
    work.make_bucket()
    work.put("a")
    work.put("b")
    assert work.hook.delete_objects(work.bucket, keys=["a", "b"]).deleted == 2
    assert "Contents" not in work.root.list_objects_v2(Bucket=work.bucket)


@proves("DeleteObjectsOperator with prefix or everything")
def _delete_by_prefix(work: Work) -> None:
    work.make_bucket()
    for key in ("old/a", "b"):
        work.put(key)
    assert work.hook.delete_objects(work.bucket, prefix="old/").deleted == 1
    assert work.hook.delete_objects(work.bucket, everything=True).deleted == 1


@proves("DeleteObjectsOperator with all_versions")
def _delete_versions(work: Work) -> None:
    work.make_bucket(versioned=True)
    work.put("a")
    work.put("a")
    assert work.hook.delete_objects(work.bucket, prefix="a", all_versions=True).deleted == 2


@proves("DeleteBucketOperator")
def _delete_bucket(work: Work) -> None:
    work.make_bucket()
    assert work.hook.delete_bucket(work.bucket).status == "deleted"


@proves("DeleteBucketOperator with force")
def _delete_bucket_with_all(work: Work) -> None:
    work.make_bucket(versioned=True)
    work.put("a")
    work.root.delete_object(Bucket=work.bucket, Key="a")
    work.root.create_multipart_upload(Bucket=work.bucket, Key="b")
    result = work.hook.delete_bucket(work.bucket, force=True)
    assert (result.objects_deleted, result.uploads_aborted) == (2, 1)
