"""In a user's pytest run, the fixtures do what their docstrings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]

CONFTEST = 'pytest_plugins = ["airflow_s3ops.testing"]\n'
LEFTOVERS = """
    import os
    from airflow_s3ops.hooks import S3OpsHook

    BUCKETS = []

    def test_leaves_versions_markers_and_an_open_upload(s3ops_bucket):
        hook = S3OpsHook()
        assert [entry for entry in hook.list_versions(s3ops_bucket)] == []
        hook.create_bucket(s3ops_bucket, settings={"versioning": "Enabled"})
        hook.client.put_object(Bucket=s3ops_bucket, Key="a")
        hook.client.delete_object(Bucket=s3ops_bucket, Key="a")
        hook.client.create_multipart_upload(Bucket=s3ops_bucket, Key="b")
        BUCKETS.append(s3ops_bucket)

    def test_the_next_test_finds_nothing_of_them(s3ops_bucket):
        found = [bucket["Name"] for bucket in S3OpsHook().client.list_buckets()["Buckets"]]
        assert found == [s3ops_bucket]
        assert s3ops_bucket not in BUCKETS

    def test_may_delete_its_bucket_itself(s3ops_bucket):
        S3OpsHook().delete_bucket(s3ops_bucket)

    def test_without_a_fixture_there_is_no_connection(s3ops_server):
        assert "AIRFLOW_CONN_AWS_DEFAULT" not in os.environ
        assert s3ops_server.endpoint_url.startswith("http://127.0.0.1:")
"""
ANOTHER_ID = """
    import pytest
    from airflow_s3ops.hooks import S3OpsHook

    @pytest.fixture(scope="session")
    def s3ops_connection_id():
        return "reports_s3"

    def test_it(s3ops_connection):
        assert s3ops_connection == "reports_s3"
        works, message = S3OpsHook("reports_s3").test_connection()
        assert works, message
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with tests that use the plugin."""
    monkeypatch.delenv("AIRFLOW_CONN_AWS_DEFAULT", raising=False)
    pytester.makeconftest(CONFTEST)
    return pytester


def test_a_bucket_is_emptied_and_deleted_after_each_test(project: pytest.Pytester) -> None:
    project.makepyfile(LEFTOVERS)
    project.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=4)


def test_the_connection_may_have_another_id(project: pytest.Pytester) -> None:
    project.makepyfile(ANOTHER_ID)
    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_without_moto_the_error_says_what_to_install_without_a_traceback(
    project: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "moto.py").write_text("raise ImportError(\"No module named 'moto'\")")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    project.makepyfile("def test_it(s3ops_bucket): ...")
    result = project.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*pip install 'moto?server?'*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_it_works_with_warnings_as_errors_and_if_imported_before(project: pytest.Pytester) -> None:
    project.makeconftest(f"import airflow_s3ops.testing\n{CONFTEST}")
    project.makepyfile("def test_it(s3ops_server): assert s3ops_server.region")
    project.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)


def test_pytest_shows_these_fixtures_and_no_others(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(): ...")
    shown = project.runpytest_subprocess("--fixtures").stdout.str()
    assert {line.split()[0] for line in shown.splitlines() if line.startswith("s3ops_")} == {
        "s3ops_server",
        "s3ops_connection_id",
        "s3ops_connection",
        "s3ops_bucket",
    }
