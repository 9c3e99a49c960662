"""The DAG ingest_and_publish: what it keeps, publishes, sets aside and reports."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.dags.conftest import GOOD_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow.dag_processing.dagbag import BundleDagBag
    from types_boto3_s3 import S3Client

    from tests.dags.conftest import Run, RunDag

    Keys = Callable[[str], list[str]]
    Report = Callable[[str, Run], dict[str, str]]
    AnonymousStatus = Callable[[str, str], int]

DAY = "2026-02-03"
PUBLISHED = f"published/dt={DAY}/good.tab"
RAW = f"raw/dt={DAY}/good.tab"
SAMPLE = ["zone.tab", "zone1970.tab", "zonenow.tab"]


@pytest.fixture
def ingest(run_dag: RunDag, landing: Path) -> Callable[..., Run]:
    """A function that runs the DAG on the landing folder for one day."""

    def run(bucket: str, **form: Any) -> Run:
        fields = {"landing_folder": str(landing), "day": DAY, **form}
        return run_dag("ingest_and_publish", bucket=bucket, **fields)

    return run


@pytest.mark.parametrize(
    ("access", "status"),
    [
        ("private", 403),
        ("bucket-policy", 200),
        pytest.param(
            "public-read",
            200,
            marks=pytest.mark.needs("anonymous_read_of_object_acl", "ownership_controls"),
        ),
    ],
)
def test_the_sample_tables_are_published_as_the_form_says(
    run_dag: RunDag,
    new_bucket: str,
    keys: Keys,
    report: Report,
    anonymous_status: AnonymousStatus,
    access: str,
    status: int,
) -> None:
    run = run_dag("ingest_and_publish", bucket=new_bucket, access=access)
    assert run.state == "success"
    files = {f"{place}/dt={run.day}/{name}" for place in ("raw", "published") for name in SAMPLE}
    others = {f"set-aside/dt={run.day}/iso3166.tab", f"reports/dt={run.day}/{run.run_id}.json"}
    assert set(keys(new_bucket)) == files | others
    outcomes = {**dict.fromkeys(SAMPLE, "published"), "iso3166.tab": "set aside"}
    assert report(new_bucket, run) == outcomes
    assert {key: anonymous_status(new_bucket, key) for key in keys(new_bucket) if "reports/" not in key} == {
        key: status if key.startswith("published/") else 403
        for key in keys(new_bucket)
        if "reports/" not in key
    }


def test_objects_have_the_headers_of_the_form_and_the_id_of_the_run(
    ingest: Callable[..., Run], new_bucket: str, s3: S3Client
) -> None:
    run = ingest(new_bucket, content_type="text/plain", cache_control="no-cache")
    published = s3.head_object(Bucket=new_bucket, Key=PUBLISHED)
    assert (published["ContentType"], published["CacheControl"]) == ("text/plain", "no-cache")
    assert s3.head_object(Bucket=new_bucket, Key=RAW)["Metadata"] == {"run-id": run.run_id}


@pytest.mark.needs("versioning")
class TestRunTwiceForOneDate:
    def test_it_publishes_once(
        self, ingest: Callable[..., Run], new_bucket: str, report: Report, s3: S3Client
    ) -> None:
        assert report(new_bucket, ingest(new_bucket)) == {"good.tab": "published"}
        again = ingest(new_bucket)
        assert again.state == "success"
        assert report(new_bucket, again) == {"good.tab": "already published"}
        assert versions(s3, new_bucket, PUBLISHED) == 1
        assert versions(s3, new_bucket, RAW) == 1

    def test_a_changed_file_replaces_the_object_and_the_old_bytes_stay_as_a_version(
        self, ingest: Callable[..., Run], new_bucket: str, landing: Path, report: Report, s3: S3Client
    ) -> None:
        ingest(new_bucket)
        changed = GOOD_TABLE + "JP\t+353916+1394441\tAsia/Tokyo\n"
        (landing / "good.tab").write_text(changed)
        assert report(new_bucket, ingest(new_bucket)) == {"good.tab": "published"}
        assert s3.get_object(Bucket=new_bucket, Key=PUBLISHED)["Body"].read() == changed.encode()
        assert versions(s3, new_bucket, PUBLISHED) == 2
        assert versions(s3, new_bucket, RAW) == 2


class TestBadFiles:
    @pytest.fixture
    def bad(self, landing: Path) -> Path:
        """The landing folder, with one more file for each kind of problem."""
        (landing / "empty.tab").touch()
        (landing / "latin.tab").write_bytes("#code\tcoordinates\tTZ\nQC\t+1\tMontréal\n".encode("latin-1"))
        (landing / "other.tab").write_text("#code\tname of country\nKR\t대한민국\n")
        (landing / "gap.tab").write_text(GOOD_TABLE + "KP\t\tAsia/Pyongyang\n")
        (landing / "header.tab").write_text("#code\tcoordinates\tTZ\n")
        (landing / "folder.tab").mkdir()
        (landing / "gone.tab").symlink_to(landing / "no-such-file")
        os.mkfifo(landing / "fifo.tab")
        return landing

    def test_they_are_set_aside_with_the_reason_and_the_others_are_published(
        self,
        ingest: Callable[..., Run],
        new_bucket: str,
        bad: Path,
        keys: Keys,
        report: Report,
        s3: S3Client,
    ) -> None:
        before = sorted((path.name, path.lstat().st_mtime_ns) for path in bad.iterdir())
        run = ingest(new_bucket)
        assert run.state == "success"
        outcomes = dict.fromkeys((path.name for path in bad.iterdir()), "set aside")
        assert report(new_bucket, run) == {**outcomes, "good.tab": "published"}
        aside = f"set-aside/dt={DAY}/"
        readable = ["empty.tab", "gap.tab", "header.tab", "latin.tab", "other.tab"]
        assert [key for key in keys(new_bucket) if key.startswith(aside)] == [
            aside + name for name in readable
        ]
        assert [key for key in keys(new_bucket) if key.startswith("published/")] == [PUBLISHED]
        assert s3.head_object(Bucket=new_bucket, Key=f"{aside}other.tab")["Metadata"] == {
            "run-id": run.run_id,
            "reason": "it lacks the columns coordinates, TZ; it has code, name of country",
        }
        assert sorted((path.name, path.lstat().st_mtime_ns) for path in bad.iterdir()) == before

    @pytest.mark.parametrize(
        ("name", "problem"),
        [
            ("good.tab", None),
            ("empty.tab", "it is empty"),
            ("latin.tab", "it is not a table in UTF-8: 'utf-8' codec can't decode"),
            ("other.tab", "it lacks the columns coordinates, TZ; it has code, name of country"),
            ("gap.tab", "the row 'KP  Asia/Pyongyang' has no coordinates"),
            ("header.tab", "it has no rows"),
            ("folder.tab", "it is not a regular file"),
            ("fifo.tab", "it is not a regular file"),
            ("gone.tab", "it cannot be read: No such file or directory"),
        ],
    )
    def test_the_reason_says_what_is_wrong(self, bad: Path, name: str, problem: str | None) -> None:
        from dags.ingest_and_publish import check

        found = check(bad / name, ["coordinates", "TZ"])["problem"]
        assert found == problem or (problem and found.startswith(problem))

    def test_a_csv_with_a_header_line_and_quotes_is_a_table(self, tmp_path: Path) -> None:
        from dags.ingest_and_publish import check

        (tmp_path / "t.csv").write_text('name,TZ\n"Seoul, Korea",Asia/Seoul\n')
        assert check(tmp_path / "t.csv", ["TZ"])["problem"] is None
        assert check(tmp_path / "t.csv", ["zone"])["problem"] == "it lacks the columns zone; it has name, TZ"


def test_a_run_without_a_good_file_reports_and_publishes_nothing(
    ingest: Callable[..., Run], new_bucket: str, landing: Path, keys: Keys, report: Report
) -> None:
    (landing / "good.tab").write_text("")
    run = ingest(new_bucket)
    assert run.state == "success"
    assert report(new_bucket, run) == {"good.tab": "set aside"}
    assert not [key for key in keys(new_bucket) if key.startswith(("raw/", "published/"))]


def test_a_landing_folder_without_files_fails_the_run(
    ingest: Callable[..., Run], new_bucket: str, landing: Path
) -> None:
    run = ingest(new_bucket, landing_folder=str(landing / "nowhere"))
    assert run.state == "failed"
    assert run.states["check_files"] == {"failed"}


def test_a_file_that_cannot_be_stored_fails_the_run_and_the_others_are_published(
    ingest: Callable[..., Run],
    new_bucket: str,
    landing: Path,
    report: Report,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from airflow_s3ops.hooks import S3OpsHook

    upload = S3OpsHook.upload_file

    def refuse_broken(self: S3OpsHook, filename: Any, *args: Any, **kwargs: Any) -> Any:
        if str(filename).endswith("broken.tab"):
            raise OSError("The disk is gone")
        return upload(self, filename, *args, **kwargs)

    (landing / "broken.tab").write_text(GOOD_TABLE)
    (landing / "broken.tab.tab").write_text("")
    monkeypatch.setattr(S3OpsHook, "upload_file", refuse_broken)
    run = ingest(new_bucket)
    assert run.state == "failed"
    outcomes = {"broken.tab": "failed", "broken.tab.tab": "set aside", "good.tab": "published"}
    assert report(new_bucket, run) == outcomes


class TestAnotherAccess:
    @pytest.mark.needs("anonymous_read_of_object_acl", "ownership_controls")
    def test_the_same_file_is_published_again_with_the_new_access(
        self, ingest: Callable[..., Run], new_bucket: str, report: Report, anonymous_status: AnonymousStatus
    ) -> None:
        for access, status in (("private", 403), ("public-read", 200), ("private", 403)):
            run = ingest(new_bucket, access=access)
            assert report(new_bucket, run) == {"good.tab": "published"}
            assert anonymous_status(new_bucket, PUBLISHED) == status

    def test_a_file_that_is_more_public_than_the_form_says_fails(
        self, ingest: Callable[..., Run], new_bucket: str, report: Report
    ) -> None:
        ingest(new_bucket, access="bucket-policy")
        run = ingest(new_bucket)
        assert run.state == "failed"
        assert report(new_bucket, run) == {"good.tab": "failed"}


def test_every_task_that_uses_the_bucket_runs_after_create_bucket(dag_bag: BundleDagBag) -> None:
    before = {"read_form", "find_landing_folder", "check_files", "create_bucket"}
    tasks = dag_bag.dags["ingest_and_publish"].tasks
    late = [task for task in tasks if task.task_id not in before]
    assert [task.task_id for task in late if "create_bucket" not in upstream_of(task)] == []


def upstream_of(task: Any) -> set[str]:
    """Return all tasks that must end before this one starts."""
    ids: set[str] = task.get_flat_relative_ids(upstream=True)
    return ids


def versions(s3: S3Client, bucket: str, key: str) -> int:
    """Count the versions of an object."""
    return len(s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"])
