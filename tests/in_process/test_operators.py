"""Every operator works under mock_aws, and sends nothing to the network."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import BaseOperator

from airflow_s3ops import operators
from tests.operators.tasks import execute

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

PART_SIZE = 5 << 20
CONTENT = b"day,visits\n2026-01-01,7\n"


@dataclass(frozen=True)
class Work:
    """What a case needs.

    :param bucket: an existing bucket with versioning.
    :param folder: contains a small file, an empty file and a file of three parts.
    """

    s3: S3Client
    bucket: str
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "report.csv"

    @property
    def large(self) -> Path:
        return self.folder / "large.bin"

    def run(self, operator: str, **parameters: Any) -> Any:
        """Execute an operator by hand, as a unit test does."""
        return execute(getattr(operators, operator)(task_id="task", **parameters))

    def content(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self) -> list[str]:
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])]

    def put(self, *keys: str) -> None:
        for key in keys:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=CONTENT)


Case = Callable[[Work], None]
CASES: dict[str, list[Case]] = {}


def of(operator: str) -> Callable[[Case], Case]:
    """Register a case of an operator."""

    def register(case: Case) -> Case:
        CASES.setdefault(operator, []).append(case)
        return case

    return register


@of("CreateBucketOperator")
def creates_a_bucket_with_settings_and_adopts_it(work: Work) -> None:
    settings = operators.BucketSettings(versioning="Enabled", tags={"team": "data"})
    for status in ("created", "existed"):
        result = work.run("CreateBucketOperator", bucket="another-bucket", settings=settings)
        assert (result["status"], result["region"]) == (status, "eu-central-1")
    assert work.s3.get_bucket_versioning(Bucket="another-bucket")["Status"] == "Enabled"
    assert work.s3.get_bucket_tagging(Bucket="another-bucket")["TagSet"] == [{"Key": "team", "Value": "data"}]


@of("UploadFileOperator")
def uploads_a_file_in_one_request(work: Work) -> None:
    extra_args = {"ContentType": "text/csv", "Metadata": {"made-by": "me"}, "Tagging": "team=data"}
    given = {"filename": work.file, "bucket": work.bucket, "key": "a/report.csv", "extra_args": extra_args}
    assert work.run("UploadFileOperator", **given)["status"] == "uploaded"
    assert work.content("a/report.csv") == CONTENT
    head = work.s3.head_object(Bucket=work.bucket, Key="a/report.csv")
    assert (head["ContentType"], head["Metadata"]) == ("text/csv", {"made-by": "me"})


@of("UploadFileOperator")
def uploads_an_empty_file(work: Work) -> None:
    work.run("UploadFileOperator", filename=work.folder / "_SUCCESS", bucket=work.bucket)
    assert work.content("_SUCCESS") == b""


@of("UploadFileOperator")
def uploads_a_file_in_parts(work: Work) -> None:
    result = work.run(
        "UploadFileOperator", filename=work.large, bucket=work.bucket, key="large", part_size=PART_SIZE
    )
    assert result["parts"] == 3
    assert work.content("large") == work.large.read_bytes()


@of("UploadFileOperator")
def uploads_a_file_larger_than_the_window_in_one_request(work: Work) -> None:
    file = work.folder / "larger.bin"
    file.write_bytes(bytes(range(256)) * (17 << 12))  # 17 MiB
    work.run("UploadFileOperator", filename=file, bucket=work.bucket, part_size=32 << 20)
    assert work.content("larger.bin") == file.read_bytes()


@of("UploadFileOperator")
def uploads_a_file_compressed(work: Work) -> None:
    for part_size in (None, PART_SIZE):
        work.run(
            "UploadFileOperator",
            filename=work.large,
            bucket=work.bucket,
            key="large.gz",
            compress="gzip",
            part_size=part_size,
        )
        assert gzip.decompress(work.content("large.gz")) == work.large.read_bytes()


@of("UploadFileOperator")
def skips_a_file_that_is_stored_already(work: Work) -> None:
    given = {"filename": work.file, "bucket": work.bucket, "if_exists": "skip_if_same"}
    assert [work.run("UploadFileOperator", **given)["status"] for _ in range(2)] == ["uploaded", "skipped"]


@of("UploadFilesOperator")
def uploads_many_files_with_a_manifest_and_one_file_last(work: Work) -> None:
    for number in range(40):
        (work.folder / f"{number}.csv").write_bytes(CONTENT)
    given = {"source": work.folder, "bucket": work.bucket, "prefix": "p/", "manifest_key": "m.jsonl"}
    result = work.run("UploadFilesOperator", **given, last=["_SUCCESS"])
    assert (result["uploaded"], result["manifest"]) == (43, "s3://acme-reports/m.jsonl")
    rows = [json.loads(line) for line in work.content("m.jsonl").splitlines()]
    assert {row["key"] for row in rows} == set(work.keys()) - {"m.jsonl"}
    assert work.content("p/large.bin") == work.large.read_bytes()
    assert work.content("p/7.csv") == CONTENT


@of("UploadFilesOperator")
def uploads_many_files_with_each_condition(work: Work) -> None:
    given = {"source": work.folder, "bucket": work.bucket}
    for if_exists, uploaded in (("fail", 3), ("skip", 0), ("skip_if_same", 0), ("replace", 3)):
        assert work.run("UploadFilesOperator", **given, if_exists=if_exists)["uploaded"] == uploaded


@of("PlanShardsOperator")
def plans_shards(work: Work) -> None:
    assert len(work.run("PlanShardsOperator", source=work.folder, shards=2)) == 2


@of("JoinManifestsOperator")
def joins_manifests(work: Work) -> None:
    for number in range(2):
        row = json.dumps({"key": f"k{number}", "size": 1}).encode()
        work.s3.put_object(Bucket=work.bucket, Key=f"{number}.jsonl", Body=row + b"\n")
    manifests = ["0.jsonl", "1.jsonl"]
    result = work.run(
        "JoinManifestsOperator", bucket=work.bucket, manifests=manifests, manifest_key="all.jsonl"
    )
    assert result["objects"] == 2
    assert len(work.content("all.jsonl").splitlines()) == 2


@of("DeleteObjectOperator")
def deletes_an_object(work: Work) -> None:
    work.put("a", "b")
    result = work.run("DeleteObjectOperator", bucket=work.bucket, key="a", if_missing="fail")
    assert (result["deleted"], work.keys()) == (1, ["b"])


@of("DeleteObjectOperator")
def deletes_one_version(work: Work) -> None:
    work.put("a", "a")
    newest = work.s3.head_object(Bucket=work.bucket, Key="a")["VersionId"]
    work.run("DeleteObjectOperator", bucket=work.bucket, key="a", version_id=newest)
    (left,) = work.s3.list_object_versions(Bucket=work.bucket)["Versions"]
    assert left["VersionId"] != newest


@of("DeleteObjectsOperator")
def deletes_keys_that_must_be_escaped_in_xml(work: Work) -> None:
    keys = ["a&b", "c<d>", "ü e.csv", "left"]
    work.put(*keys)
    result = work.run("DeleteObjectsOperator", bucket=work.bucket, keys=keys[:-1])
    assert (result["deleted"], work.keys()) == (3, ["left"])


@of("DeleteObjectsOperator")
def deletes_a_prefix_of_several_pages(work: Work) -> None:
    work.put(*(f"old/{number}" for number in range(1100)), "left")
    assert work.run("DeleteObjectsOperator", bucket=work.bucket, prefix="old/")["deleted"] == 1100
    assert work.keys() == ["left"]


@of("DeleteObjectsOperator")
def deletes_versions_and_markers(work: Work) -> None:
    work.put("a", "a", "b")
    work.s3.delete_object(Bucket=work.bucket, Key="a")
    result = work.run("DeleteObjectsOperator", bucket=work.bucket, everything=True, all_versions=True)
    assert result["deleted"] == 4
    listing = work.s3.list_object_versions(Bucket=work.bucket)
    assert "Versions" not in listing
    assert "DeleteMarkers" not in listing


@of("DeleteBucketOperator")
def deletes_a_bucket_with_its_content(work: Work) -> None:
    work.put("a", "a")
    work.s3.delete_object(Bucket=work.bucket, Key="a")
    work.s3.create_multipart_upload(Bucket=work.bucket, Key="open")
    result = work.run("DeleteBucketOperator", bucket=work.bucket, force=True)
    assert (result["status"], result["objects_deleted"], result["uploads_aborted"]) == ("deleted", 3, 1)
    assert work.s3.list_buckets()["Buckets"] == []


@pytest.fixture
def work(s3: S3Client, bucket: str, tmp_path: Path) -> Work:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "report.csv").write_bytes(CONTENT)
    (folder / "_SUCCESS").touch()
    (folder / "large.bin").write_bytes(bytes(range(256)) * (10 << 12) + b"end")  # 10 MiB and 3 bytes
    return Work(s3, bucket, folder)


def test_every_operator_has_a_case() -> None:
    exported = {name: getattr(operators, name) for name in operators.__all__}
    assert set(CASES) == {name for name, found in exported.items() if issubclass(found, BaseOperator)}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{operator}-{case.__name__}")
        for operator, cases in CASES.items()
        for case in cases
    ],
)
def test_an_operator_works_under_mock_aws(case: Case, work: Work) -> None:
    case(work)


def test_it_works_with_boto3s_own_credential_chain(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    result = work.run("UploadFilesOperator", source=work.folder, bucket=work.bucket, aws_conn_id=None)
    assert result["uploaded"] == 3


def test_it_works_in_us_east_1(work: Work) -> None:
    given = {"bucket": "acme-us", "region_name": "us-east-1"}
    assert work.run("CreateBucketOperator", **given)["status"] == "created"
    assert work.run("UploadFilesOperator", source=work.folder, **given)["uploaded"] == 3
    assert work.run("DeleteBucketOperator", force=True, **given)["objects_deleted"] == 3
