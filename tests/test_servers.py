"""The servers of the tests start, end, and lack exactly what the table says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests import conftest, servers
from tests.servers import Ability, S3Server, lacks_of
from tests.servers.access_probes import policy
from tests.servers.embedded import SCRIPT
from tests.servers.isolation import Isolation
from tests.servers.probe import Probe, refuses
from tests.servers.probes import PROBES, has
from tests.servers.process import ServerDidNotStartError, running
from tests.servers.purge import create_bucket, delete_bucket
from tests.servers.selection import OnlyWithServer
from tests.servers.skips import SkipsByTable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

Run = Callable[[str], pytest.RunResult]

pytest_plugins = ["pytester"]

REPOSITORY = Path(__file__).parents[1]
STARTER = """
import signal, sys
from tests.servers.embedded import SCRIPT
from tests.servers.process import running, scratch_folder

def address_in(log):
    return log.strip() or None

with scratch_folder("s3ops-starter-") as folder, running([sys.executable, SCRIPT], folder, address_in) as url:
    print(url, folder, flush=True)
    signal.pause()
"""


class TestTable:
    def test_every_ability_has_a_probe(self) -> None:
        assert set(PROBES) == set(Ability)

    @pytest.mark.parametrize("ability", Ability, ids=lambda ability: ability.value)
    def test_the_server_lacks_what_the_table_says_and_nothing_else(
        self, ability: Ability, server: S3Server, s3: S3Client, bucket: str
    ) -> None:
        found = has(ability, Probe(server, s3, bucket))
        reason = lacks_of(server.name).get(ability)
        if reason is None:
            assert found, f"{server.name} lacks {ability.value}: add it to the table"
        else:
            assert not found, f"{server.name} has {ability.value} now: remove it from the table ({reason})"

    def test_any_other_server_lacks_what_the_environment_names(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("S3OPS_TEST_LACKS", raising=False)
        assert not lacks_of("other")
        monkeypatch.setenv("S3OPS_TEST_LACKS", "lifecycle, tls")
        assert set(lacks_of("other")) == {Ability.LIFECYCLE, Ability.TLS}
        monkeypatch.setenv("S3OPS_TEST_LACKS", "luck")
        with pytest.raises(ValueError, match="no such ability: luck; there are: acl_refusal, "):
            lacks_of("other")


class TestServer:
    def test_a_secret_is_not_shown(self, server: S3Server) -> None:
        assert server.secret_key not in repr(server)

    def test_options_of_a_client_override_ours(self, server: S3Server) -> None:
        config = server.client(read_timeout=1.5).meta.config
        assert (config.read_timeout, config.connect_timeout) == (1.5, 5)  # type: ignore[attr-defined]

    def test_airflow_reads_the_connection(self, server: S3Server, connection: str) -> None:
        from airflow.sdk import Connection

        found = Connection.get(connection)
        assert (found.conn_type, found.login, found.password) == ("aws", server.access_key, server.secret_key)
        assert found.extra_dejson == server.connection_extra()

    def test_the_environment_describes_any_other_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("ENDPOINT", "ACCESS_KEY", "SECRET_KEY", "REGION"):
            monkeypatch.delenv(f"S3OPS_TEST_{name}", raising=False)
        monkeypatch.setenv("S3OPS_TEST_ENDPOINT", "https://s3.example.com")
        with pytest.raises(
            LookupError, match="S3OPS_TEST_ACCESS_KEY, S3OPS_TEST_SECRET_KEY, S3OPS_TEST_REGION"
        ):
            servers.from_environment().__enter__()
        monkeypatch.setenv("S3OPS_TEST_ACCESS_KEY", "a")
        monkeypatch.setenv("S3OPS_TEST_SECRET_KEY", "s")
        monkeypatch.setenv("S3OPS_TEST_REGION", "eu-west-1")
        with servers.from_environment() as other:
            assert other == S3Server("other", "https://s3.example.com", "a", "s", "eu-west-1")

    @pytest.mark.needs("tls")
    def test_a_client_trusts_the_server_over_tls(self, tls_server: S3Server) -> None:
        assert tls_server.endpoint_url.startswith("https://")
        assert tls_server.client().list_buckets()["Buckets"] == []


class TestAirflow:
    @pytest.mark.usefixtures("airflow_db")
    def test_airflow_has_a_home_and_a_database_of_this_run(self) -> None:
        from airflow.configuration import AIRFLOW_HOME, conf

        assert str(conftest.ISOLATION.home) == AIRFLOW_HOME
        assert conf.get("database", "sql_alchemy_conn") == f"sqlite:///{AIRFLOW_HOME}/airflow.db"
        assert Path(AIRFLOW_HOME, "airflow.db").is_file()

    def test_the_credentials_of_the_machine_are_hidden(self) -> None:
        import boto3

        assert boto3.session.Session().get_credentials() is None

    def test_the_environment_is_restored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "of-the-machine")
        monkeypatch.setenv("https_proxy", "http://proxy.example.com")
        before = dict(os.environ)
        isolation = Isolation()
        assert "AWS_PROFILE" not in os.environ
        assert "https_proxy" not in os.environ
        isolation.end()
        assert dict(os.environ) == before
        assert not isolation.home.exists()


class TestBuckets:
    def test_a_bucket_is_deleted_with_its_content(self, s3: S3Client) -> None:
        name = f"s3ops-{uuid.uuid4().hex[:20]}"
        create_bucket(s3, name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for body in (b"first", b"second"):
            s3.put_object(Bucket=name, Key="a/b", Body=body)
        s3.delete_object(Bucket=name, Key="a/b")
        s3.create_multipart_upload(Bucket=name, Key="open")
        delete_bucket(s3, name)
        with pytest.raises(ClientError, match="404"):
            s3.head_bucket(Bucket=name)

    def test_a_bucket_that_is_gone_already_is_fine(self, s3: S3Client) -> None:
        delete_bucket(s3, f"s3ops-{uuid.uuid4().hex[:20]}")


@pytest.mark.needs("user_policies")
class TestUsers:
    def test_a_user_may_do_what_the_policy_allows(self, server: S3Server, s3: S3Client, bucket: str) -> None:
        reader = servers.create_user(server, f"reader-{bucket}", "its-secret-key")
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, reader.access_key, "s3:GetObject"))
        assert reader.client().get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
        assert refuses(reader.client().put_object, "AccessDenied", Bucket=bucket, Key="k", Body=b"y")

    def test_the_owner_of_a_bucket_may_do_everything_in_it(self, server: S3Server, bucket: str) -> None:
        owner = servers.create_user(server, f"owner-{bucket}", "its-secret-key")
        assert refuses(owner.client().put_object, "AccessDenied", Bucket=bucket, Key="k", Body=b"")
        servers.change_owner(server, bucket, owner.access_key)
        owner.client().put_object(Bucket=bucket, Key="k", Body=b"")

    def test_a_user_can_be_created_only_once(self, server: S3Server, bucket: str) -> None:
        servers.create_user(server, f"twice-{bucket}", "its-secret-key")
        with pytest.raises(RuntimeError, match="create-user failed"):
            servers.create_user(server, f"twice-{bucket}", "its-secret-key")


class TestProcesses:
    def test_a_server_that_does_not_start_shows_its_log(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", "import sys; sys.exit('no room on the disk')"]
        with (
            pytest.raises(ServerDidNotStartError, match=r"ended with 1; its log:\nno room on the disk"),
            running(command, tmp_path, lambda _log: None),
        ):
            pass

    @pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=lambda end: end.name)
    def test_a_server_and_its_folder_end_with_the_process_that_started_it(self, end: signal.Signals) -> None:
        command = [sys.executable, "-c", STARTER]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as starter:
            assert starter.stdout is not None
            url, folder = starter.stdout.readline().split()
            client = S3Server("embedded", url, "any", "any", "eu-central-1").client()
            client.list_buckets()
            starter.send_signal(end)
        wait_until_gone(Path(folder))  # the last step of the supervisor
        with pytest.raises(EndpointConnectionError):
            client.list_buckets()

    def test_the_embedded_server_prints_one_line_and_ends_on_sigterm(self) -> None:
        output: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        with subprocess.Popen([sys.executable, SCRIPT], **output) as process:
            assert process.stdout is not None
            url = process.stdout.readline().removesuffix("\n")
            S3Server("embedded", url, "any", "any", "eu-central-1").client().list_buckets()
            process.terminate()
            assert process.wait(10) == 0
            assert process.stdout.read() == ""


def wait_until_gone(folder: Path) -> None:
    deadline = time.monotonic() + 10
    while folder.exists():
        assert time.monotonic() < deadline, f"{folder} is still there"
        time.sleep(0.01)


def test_only_tests_that_use_a_server_are_selected_on_request(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.fixture
        def server(): pass

        @pytest.fixture
        def bucket(server): pass

        def test_by_another_fixture(bucket): pass

        @pytest.mark.needs("versioning")
        def test_by_its_marker(): pass

        def test_elsewhere(tmp_path): assert False
    """)
    result = pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", plugins=[SkipsByTable("versity"), OnlyWithServer()]
    )
    result.assert_outcomes(passed=2, deselected=1)


class TestSkips:
    @pytest.fixture
    def run(self, pytester: pytest.Pytester) -> Run:
        def run(source: str) -> pytest.RunResult:
            pytester.makepyfile(f"import pytest\n{source}")
            return pytester.runpytest_inprocess(
                "-ra", "-p", "no:cacheprovider", plugins=[SkipsByTable("versity")]
            )

        return run

    def test_a_test_runs_if_the_server_has_what_it_needs(self, run: Run) -> None:
        result = run("@pytest.mark.needs('versioning')\ndef test_it(): pass")
        result.assert_outcomes(passed=1)
        assert result.ret == 0

    def test_a_test_is_skipped_with_the_tables_reason(self, run: Run) -> None:
        result = run("@pytest.mark.needs('versioning', 'lifecycle')\ndef test_it(): assert False")
        result.assert_outcomes(skipped=1)
        result.stdout.fnmatch_lines("*The server lacks lifecycle: versity: 501 NotImplemented*")
        assert result.ret == 0

    def test_an_unknown_ability_is_an_error(self, run: Run) -> None:
        result = run("@pytest.mark.needs('luck')\ndef test_it(): pass")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines("*test_it: no such ability: luck; there are: *")

    @pytest.mark.parametrize(
        "source",
        [
            "def test_it(): pytest.skip('not today')",
            "@pytest.mark.skip(reason='not today')\ndef test_it(): pass",
            "@pytest.mark.skipif(True, reason='not today')\ndef test_it(): pass",
            "pytest.skip('not today', allow_module_level=True)",
        ],
    )
    def test_any_other_skip_fails_the_run(self, run: Run, source: str) -> None:
        result = run(f"def test_beside_it(): pass\n{source}")
        assert result.ret != 0
        result.stdout.fnmatch_lines("FAILED *: skipped: not today")

    def test_an_expected_failure_is_not_a_skip(self, run: Run) -> None:
        assert run("@pytest.mark.xfail(reason='known')\ndef test_it(): assert False").ret == 0
