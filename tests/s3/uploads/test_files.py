"""Uploads of many files: which files, keys, order, manifest and failures."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.uploads.files import upload_files
from airflow_s3ops.s3.uploads.progress import FilesProgress
from tests.s3.uploads.files_support import content, listed, rows, sent_keys, write_files
from tests.s3.uploads.support import MIB, assert_stored, open_uploads, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy

NAMES = ["a.csv", "b/c.json", "b/d.csv", "e f/ü+=&?#%.txt"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path / "data", NAMES)


@pytest.mark.usefixtures("either_path")
class TestKeysAndContent:
    def test_all_files_of_a_folder_are_uploaded(self, s3: S3Client, bucket: str, folder: Path) -> None:
        result = upload_files(s3, folder, bucket)
        assert {key: content(s3, bucket, key).decode() for key in listed(s3, bucket)} == {
            name: name for name in NAMES
        }
        size = sum(len(name.encode()) for name in NAMES)
        assert result.to_xcom() == {
            "bucket": bucket,
            "prefix": "",
            "uploaded": 4,
            "skipped": 0,
            "failed": 0,
            "bytes": size,
            "seconds": result.seconds,
        }

    @pytest.mark.parametrize(("prefix", "first"), [("raw/", "raw/a.csv"), ("raw-", "raw-a.csv")])
    def test_the_prefix_is_put_unchanged_before_the_path(
        self, s3: S3Client, bucket: str, folder: Path, prefix: str, first: str
    ) -> None:
        upload_files(s3, folder, bucket, prefix)
        assert sorted(listed(s3, bucket)) == sorted(prefix + name for name in NAMES)
        assert first in listed(s3, bucket)

    def test_a_uri_can_replace_bucket_and_prefix(self, s3: S3Client, bucket: str, folder: Path) -> None:
        result = upload_files(s3, folder, None, f"s3://{bucket}/raw/")
        assert (result.bucket, result.prefix) == (bucket, "raw/")
        assert "raw/b/c.json" in listed(s3, bucket)

    def test_a_glob_and_patterns_select_files(self, s3: S3Client, bucket: str, folder: Path) -> None:
        upload_files(s3, f"{folder}/**/*.csv", bucket, "glob/")
        upload_files(s3, folder, bucket, "pattern/", include=["*.csv", "*.json"], exclude="a.*")
        assert list(listed(s3, bucket)) == [
            "glob/a.csv",
            "glob/b/d.csv",
            "pattern/b/c.json",
            "pattern/b/d.csv",
        ]

    def test_the_list_can_be_an_iterator(self, s3: S3Client, bucket: str, folder: Path) -> None:
        paths = (folder / name for name in NAMES)
        result = upload_files(s3, paths, bucket, last=iter(["a.csv"]), manifest_key="m.jsonl")
        assert result.uploaded == 4
        assert list(listed(s3, bucket)) == sorted(
            ["a.csv", "c.json", "d.csv", "m.jsonl", "ü+=&?#%.txt"], key=str.encode
        )

    def test_a_shard_selects_a_part_of_a_folder(self, s3: S3Client, bucket: str, folder: Path) -> None:
        upload_files(s3, {"source": str(folder), "from": "b/d", "to": "e"}, bucket)
        assert list(listed(s3, bucket)) == ["b/d.csv"]

    def test_extra_args_are_used_for_all_files_and_each_has_its_own_content_type(
        self, s3: S3Client, bucket: str, folder: Path
    ) -> None:
        upload_files(s3, folder, bucket, extra_args={"Metadata": {"run": "r1"}})
        heads = {key: s3.head_object(Bucket=bucket, Key=key) for key in ("a.csv", "b/c.json")}
        assert {key: head["ContentType"] for key, head in heads.items()} == {
            "a.csv": "text/csv",
            "b/c.json": "application/json",
        }
        assert [head["Metadata"] for head in heads.values()] == [{"run": "r1"}] * 2

    def test_small_and_large_files_are_uploaded_at_the_same_time(
        self, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        small = [f"small/{number:03}" for number in range(60)]
        folder = write_files(tmp_path / "data", small)
        large = {"a": 9 * MIB, "single": 8 * MIB + 1, "z/parts": 17 * MIB, "empty": 0}
        for seed, (name, size) in enumerate(large.items()):
            (folder / name).parent.mkdir(exist_ok=True)
            write_file(folder / name, size, seed)
        result = upload_files(s3, folder, bucket, manifest_key="m")
        assert (result.uploaded, result.failed) == (64, 0)
        assert listed(s3, bucket, "small/") == {name: len(name) for name in small}
        for name in large:
            assert_stored(s3, bucket, name, folder / name)
        assert open_uploads(s3, bucket) == []
        written = {row["key"]: row["size"] for row in rows(s3, bucket, "m")}
        assert written == {**dict.fromkeys(small, len(small[0])), **large}

    @pytest.mark.needs("if_none_match")
    def test_existing_objects_are_skipped_or_an_error(self, s3: S3Client, bucket: str, folder: Path) -> None:
        s3.put_object(Bucket=bucket, Key="a.csv", Body=b"existing")
        result = upload_files(s3, folder, bucket, if_exists="skip")
        assert (result.uploaded, result.skipped) == (3, 1)
        with pytest.raises(errors.PartialUpload) as caught:
            upload_files(s3, folder, bucket, if_exists="fail")
        # On a server that is not known to honour conditions, some keys get a HEAD instead.
        assert {failure.code for failure in caught.value.failures} <= {"PreconditionFailed", "ObjectExists"}
        assert caught.value.counts["failed"] == 4
        assert not caught.value.retryable
        assert content(s3, bucket, "a.csv") == b"existing"

    def test_only_missing_and_changed_files_are_sent_again(
        self, faults: FaultProxy, s3: S3Client, bucket: str, folder: Path
    ) -> None:
        client = faults.server.client()
        upload_files(client, folder, bucket)
        (folder / "a.csv").write_text("A.csv")  # the same length as before
        s3.delete_object(Bucket=bucket, Key="b/c.json")
        before = len(sent_keys(faults, bucket))
        result = upload_files(client, folder, bucket, if_exists="skip_if_same")
        assert (result.uploaded, result.skipped) == (2, 2)
        assert sorted(sent_keys(faults, bucket)[before:]) == ["a.csv", "b/c.json"]


class TestBeforeAnythingIsSent:
    @pytest.fixture(autouse=True)
    def nothing_is_sent(self, faults: FaultProxy) -> object:
        yield
        assert faults.requests == []

    @pytest.fixture
    def client(self, faults: FaultProxy) -> S3Client:
        return faults.server.client()

    def test_two_files_with_the_same_key_are_an_error(
        self, client: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        write_files(tmp_path, ["0", "x/a", "y/a"])
        with pytest.raises(errors.InvalidInput, match="would both become 'a'"):
            upload_files(client, [tmp_path / name for name in ("0", "x/a", "y/a")], bucket)

    @pytest.mark.parametrize("given", [{}, {"include": ["*.none"]}, {"exclude": ["*"]}])
    def test_a_source_without_files_is_an_error(
        self, client: S3Client, bucket: str, tmp_path: Path, given: dict[str, Any]
    ) -> None:
        source = write_files(tmp_path / "data", ["a"] if given else [])
        source.mkdir(exist_ok=True)
        with pytest.raises(errors.SourceNotFound, match="no file to upload"):
            upload_files(client, source, bucket, **given)
        assert upload_files(client, source, bucket, allow_empty=True, **given).uploaded == 0

    def test_a_missing_folder_is_an_error_even_with_allow_empty(
        self, client: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        with pytest.raises(errors.SourceNotFound):
            upload_files(client, tmp_path / "none", bucket, allow_empty=True)

    @pytest.mark.parametrize("manifest_key", ["raw/b/c.json", "raw/b/c"])
    @pytest.mark.parametrize("kind", ["folder", "glob", "list", "its shard", "another shard"])
    def test_a_file_with_the_key_of_the_manifest_is_an_error(
        self, client: S3Client, bucket: str, tmp_path: Path, manifest_key: str, kind: str
    ) -> None:
        folder = write_files(tmp_path, ["a", "b/c.json", "b/c.failed"])
        source: Any = {
            "folder": folder,
            "glob": f"{folder}/**",
            "its shard": {"source": folder, "from": "b", "to": ""},
            "another shard": {"source": folder, "from": "", "to": "b"},
        }.get(kind)
        prefix = "raw/"
        if source is None:
            source, prefix = [folder / "b/c.json", folder / "b/c.failed"], "raw/b/"
        with pytest.raises(errors.InvalidInput, match="manifest's key"):
            upload_files(client, source, bucket, prefix, manifest_key=manifest_key)

    @pytest.mark.parametrize(
        "given",
        [
            {"if_exists": "perhaps"},
            {"max_concurrency": 0},
            {"checksum_algorithm": "CRC7"},
            {"extra_args": {"IfNoneMatch": "*"}},
            {"extra_args": {"ContentMD5": "x"}},
            {"extra_args": {"ContentTyp": "a/b"}},
            {"manifest_key": ""},
            {"last": [""]},
            {"include": [5]},
        ],
        ids=str,
    )
    def test_a_wrong_parameter_is_an_error(
        self, client: S3Client, bucket: str, folder: Path, given: dict[str, Any]
    ) -> None:
        with pytest.raises(errors.InvalidInput):
            upload_files(client, folder, bucket, **given)


@pytest.mark.usefixtures("either_path")
class TestManifest:
    def test_each_row_has_what_head_object_returns(self, s3: S3Client, bucket: str, folder: Path) -> None:
        result = upload_files(s3, folder, bucket, "raw/", manifest_key="manifests/m.jsonl")
        assert result.manifest == f"s3://{bucket}/manifests/m.jsonl"
        head = s3.head_object(Bucket=bucket, Key="manifests/m.jsonl")
        assert head["ContentType"] == "application/jsonl"
        written = rows(s3, bucket, "manifests/m.jsonl")
        assert sorted(row["key"] for row in written) == sorted(listed(s3, bucket, "raw/"))
        for row in written:
            stored = s3.head_object(Bucket=bucket, Key=row["key"], ChecksumMode="ENABLED")
            path = folder / row["key"].removeprefix("raw/")
            mtime = datetime.fromisoformat(row.pop("mtime"))
            assert abs(mtime.timestamp() - path.stat().st_mtime) < 1e-5
            assert str(mtime.tzinfo) == "UTC"
            assert row == {
                "key": row["key"],
                "size": stored["ContentLength"],
                "etag": stored["ETag"].strip('"'),
                "checksum": {"algorithm": "CRC64NVME", "value": stored["ChecksumCRC64NVME"]},
            }

    @pytest.mark.needs("versioning")
    def test_it_has_version_ids(self, s3: S3Client, versioned_bucket: str, folder: Path) -> None:
        upload_files(s3, folder, versioned_bucket, manifest_key="m")
        for row in rows(s3, versioned_bucket, "m"):
            head = s3.head_object(Bucket=versioned_bucket, Key=row["key"])
            assert row["version_id"] == head["VersionId"]

    def test_it_has_skipped_objects_too(self, s3: S3Client, bucket: str, folder: Path) -> None:
        upload_files(s3, folder, bucket, manifest_key="1")
        result = upload_files(s3, folder, bucket, if_exists="skip_if_same", manifest_key="2")
        assert result.skipped == 4
        first, second = (sorted(rows(s3, bucket, key), key=lambda row: str(row["key"])) for key in ("1", "2"))
        assert first == second

    def test_without_files_it_is_empty(self, s3: S3Client, bucket: str, tmp_path: Path) -> None:
        result = upload_files(s3, tmp_path, bucket, allow_empty=True, manifest_key="m")
        assert (result.manifest, listed(s3, bucket)) == (f"s3://{bucket}/m", {"m": 0})

    def test_it_is_written_after_all_files(self, faults: FaultProxy, bucket: str, folder: Path) -> None:
        upload_files(faults.server.client(), folder, bucket, last="a.csv", manifest_key="0")
        assert sent_keys(faults, bucket)[-2:] == ["a.csv", "0"]

    def test_extra_args_that_describe_the_files_are_not_used_for_it(
        self, s3: S3Client, bucket: str, folder: Path
    ) -> None:
        extra_args = {"ContentType": "text/x", "ContentEncoding": "br", "Metadata": {"run": "r1"}}
        upload_files(s3, folder, bucket, extra_args=extra_args, manifest_key="m")
        head = s3.head_object(Bucket=bucket, Key="m")
        assert (head["ContentType"], head["Metadata"]) == ("application/jsonl", {"run": "r1"})
        assert not head.get("ContentEncoding")


@pytest.mark.usefixtures("either_path")
class TestLast:
    def test_they_are_uploaded_after_all_others(
        self, faults: FaultProxy, bucket: str, tmp_path: Path
    ) -> None:
        others = [f"part-{number:02}" for number in range(30)]
        folder = write_files(tmp_path, ["_SUCCESS", "0/index.html", *others])
        upload_files(faults.server.client(), folder, bucket, last=["index.html", "_SUCCESS"])
        sent = sent_keys(faults, bucket)
        assert sorted(sent[:30]) == others
        assert sorted(sent[30:]) == ["0/index.html", "_SUCCESS"]

    def test_they_are_not_sent_if_another_failed(self, s3: S3Client, bucket: str, tmp_path: Path) -> None:
        folder = write_files(tmp_path, ["_SUCCESS", "a"])
        (folder / "missing").symlink_to("nowhere")
        with pytest.raises(errors.PartialUpload) as caught:
            upload_files(s3, folder, bucket, last=["_SUCCESS"], manifest_key="m")
        assert {failure.key: failure.code for failure in caught.value.failures} == {
            "missing": "SourceNotFound",
            "_SUCCESS": "NotSent",
        }
        assert list(listed(s3, bucket)) == ["a", "m.failed"]
        assert {row["key"]: row["code"] for row in rows(s3, bucket, "m.failed")} == {
            "missing": "SourceNotFound",
            "_SUCCESS": "NotSent",
        }


@pytest.mark.usefixtures("either_path")
class TestFailures:
    def test_all_other_files_are_uploaded_and_the_error_names_the_failed_ones(
        self, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        good = [f"good/{number:02}" for number in range(40)]
        folder = write_files(tmp_path, good)
        bad = [f"missing/{number:02}" for number in range(23)]
        (folder / "missing").mkdir()
        for name in bad:
            (folder / name).symlink_to("nowhere")
        with pytest.raises(errors.PartialUpload) as caught:
            upload_files(s3, folder, bucket, manifest_key="m")
        error = caught.value
        assert error.counts == {"uploaded": 40, "skipped": 0, "failed": 23}
        assert not error.retryable
        assert sorted(failure.key for failure in error.failures) == bad
        named = [name for name in bad if f"'{name}'" in str(error)]
        assert len(named) == 20
        assert "23 of 63 files" in str(error)
        assert "and 3 more" in str(error)
        assert sorted(listed(s3, bucket)) == [*good, "m.failed"]
        assert sorted(row["key"] for row in rows(s3, bucket, "m.failed")) == bad

    def test_the_list_of_failures_is_deleted_after_a_success(
        self, faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        folder = write_files(tmp_path, ["a", "b"])
        (folder / "later").symlink_to("ready")
        client = faults.server.client()
        with pytest.raises(errors.PartialUpload):
            upload_files(client, folder, bucket, if_exists="skip_if_same", manifest_key="m")
        assert list(listed(s3, bucket)) == ["a", "b", "m.failed"]
        write_files(folder, ["ready"])
        before = len(sent_keys(faults, bucket))
        result = upload_files(client, folder, bucket, if_exists="skip_if_same", manifest_key="m")
        assert (result.uploaded, result.skipped) == (2, 2)
        assert sorted(sent_keys(faults, bucket)[before:]) == ["later", "m", "ready"]
        assert list(listed(s3, bucket)) == ["a", "b", "later", "m", "ready"]

    def test_a_name_that_is_not_a_valid_key_fails_alone(
        self, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        folder = write_files(tmp_path, ["a"])
        (folder / "\udcff").touch()
        with pytest.raises(errors.PartialUpload) as caught:
            upload_files(s3, folder, bucket, manifest_key="m")
        assert [failure.code for failure in caught.value.failures] == ["InvalidKey"]
        assert rows(s3, bucket, "m.failed")[0]["key"].endswith("\udcff")
        assert caught.value.counts["uploaded"] == 1

    def test_an_unreadable_folder_is_a_failure_and_the_other_files_are_uploaded(
        self, s3: S3Client, bucket: str, tmp_path: Path
    ) -> None:
        folder = write_files(tmp_path / "data", ["a/1", "b/2", "z"])
        descend(folder, "d" * 250, 25)  # even root cannot read a path that is too long
        with pytest.raises(errors.PartialUpload, match="could not be read") as caught:
            upload_files(s3, folder, bucket, last="z")
        assert [failure.code for failure in caught.value.failures] == ["SourceUnreadable", "NotSent"]
        assert list(listed(s3, bucket)) == ["a/1", "b/2"]

    def test_a_folder_in_a_list_of_files_fails_alone(self, s3: S3Client, bucket: str, tmp_path: Path) -> None:
        folder = write_files(tmp_path, ["a", "b/c"])
        with pytest.raises(errors.PartialUpload, match="is a folder"):
            upload_files(s3, [folder / "a", folder / "b"], bucket)
        assert list(listed(s3, bucket)) == ["a"]

    @pytest.mark.parametrize("size", [10, 9 * MIB])
    def test_a_file_that_changes_during_the_upload_fails_and_is_retryable(
        self, faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path, size: int
    ) -> None:
        folder = write_files(tmp_path, ["a", "z"])
        changing = write_file(folder / "changing", size)

        def write(_: object) -> None:
            with changing.open("ab") as file:
                file.write(b"more")

        faults.on("PUT", path=f"/{bucket}/changing").run(write)
        with pytest.raises(errors.PartialUpload) as caught:
            upload_files(faults.server.client(), folder, bucket)
        assert [(failure.key, failure.code) for failure in caught.value.failures] == [
            ("changing", "SourceChanged")
        ]
        assert caught.value.retryable
        assert {"a", "z"} <= set(listed(s3, bucket))

    def test_an_error_that_affects_all_files_ends_the_upload_at_once(
        self, faults: FaultProxy, tmp_path: Path
    ) -> None:
        folder = write_files(tmp_path, [f"{number:03}" for number in range(300)])
        with pytest.raises(errors.BucketNotFound):
            upload_files(faults.server.client(), folder, "s3ops-no-such-bucket")
        assert len(faults.requests) < 150


def descend(folder: Path, name: str, times: int) -> None:
    """Make nested folders, deeper than the longest possible path."""
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(times):
        os.mkdir(name, dir_fd=fd)
        deeper = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = deeper
    os.close(fd)


@pytest.mark.usefixtures("either_path")
def test_progress_is_reported_after_each_file(s3: S3Client, bucket: str, folder: Path) -> None:
    seen: list[FilesProgress] = []
    (folder / "missing").symlink_to("nowhere")
    with pytest.raises(errors.PartialUpload):
        upload_files(s3, folder, bucket, progress=seen.append)
    assert [progress.files for progress in seen] == [1, 2, 3, 4, 5]
    assert seen[-1] == FilesProgress(5, sum(len(name.encode()) for name in NAMES), 1)
