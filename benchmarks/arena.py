"""The setup of a scenario: a server (with a delay, if wanted), a bucket, and the work to do."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from benchmarks.bucket import BUCKET, Bucket
from benchmarks.calls import CONNECTION
from benchmarks.job import Job
from benchmarks.relay import relayed
from benchmarks.works import WORKS
from tests.servers import process
from tests.servers.versity import BINARY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from benchmarks.scenarios import Scenario
    from benchmarks.works import Work
    from tests.servers import S3Server


class Serve(Protocol):
    """Runs a server during the context."""

    def __call__(self, *, tls: bool) -> AbstractContextManager[S3Server]:
        """Return the context."""
        ...


HERE = Path(__file__).parents[1]
# The environment variables that contestants get; others could hold credentials, proxies and settings.
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")


@dataclass(frozen=True)
class Arena:
    """A scenario that is set up.

    :param server: the server with the address that contestants use.
    :param bucket: the bucket, with a direct connection to the server.
    :param home: a home folder for the contestants.
    """

    scenario: Scenario
    server: S3Server
    bucket: Bucket
    work: Work
    home: Path

    def begin(self, count: int) -> Job:
        """Restore the state before a run, and return the job to do.

        :param count: the number of files or keys.
        """
        source, key = self.work.begin(self.bucket, count)
        if self.scenario.sparse:
            os.sync()  # data of the run before must not keep the disk busy now
        server = self.server
        return Job(
            verb=self.scenario.verb,
            endpoint_url=server.endpoint_url,
            region=server.region,
            access_key=server.access_key,
            secret_key=server.secret_key,
            ca_bundle=server.ca_bundle,
            bucket=BUCKET,
            key=key,
            source=source,
        )

    def check(self, count: int) -> None:
        """Check that the bucket has the expected content after a run.

        :raises WrongObjectsError: it has not.
        """
        self.bucket.check(self.work.left(count), versions=self.work.versions)

    def environment(self) -> dict[str, str]:
        """Return the whole environment for a contestant."""
        server = self.server
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        aws = {
            "AWS_ACCESS_KEY_ID": server.access_key,
            "AWS_SECRET_ACCESS_KEY": server.secret_key,
            "AWS_REGION": server.region,
            "AWS_DEFAULT_REGION": server.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        trust = {}
        if server.ca_bundle:
            # Over TLS the server refuses botocore's default requests: aws-chunked with a trailing checksum.
            trust = {
                "SSL_CERT_FILE": server.ca_bundle,
                "AWS_CA_BUNDLE": server.ca_bundle,
                "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
            }
        airflow = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            f"AIRFLOW_CONN_{CONNECTION.upper()}": server.connection_json(),
        }
        return {**kept, **aws, **trust, **airflow, "HOME": str(self.home), "PYTHONPATH": str(HERE)}


@contextmanager
def arena(scenario: Scenario, serve: Serve) -> Iterator[Arena]:
    """Set up a scenario, and remove everything afterwards.

    :param serve: starts a server.
    """
    with ExitStack() as stack:
        if scenario.sparse:
            stack.enter_context(_store_on_disk())
        folder = stack.enter_context(process.scratch_folder("s3ops-bench-"))
        server = stack.enter_context(serve(tls=scenario.tls))
        used = server
        if scenario.delay:
            address = urlsplit(server.endpoint_url).netloc
            port = stack.enter_context(relayed(address, scenario.delay))
            used = replace(server, endpoint_url=f"http://127.0.0.1:{port}")
        client = server.client(read_timeout=120)
        stack.callback(client.close)
        bucket = Bucket(server, client, versioned=scenario.verb == "delete_versions")
        stack.callback(bucket.delete)
        stack.callback(bucket.empty)
        work = WORKS[scenario.verb](scenario, folder / "source")
        (folder / "home").mkdir()
        yield Arena(scenario, used, bucket, work, folder / "home")


@contextmanager
def _store_on_disk() -> Iterator[None]:
    """Start servers on a disk: a sparse source is stored in full, and may not fit in memory."""
    memory, process.MEMORY_DISK = process.MEMORY_DISK, Path(tempfile.gettempdir())
    try:
        yield
    finally:
        process.MEMORY_DISK = memory


def server_version() -> str:
    """Return the gateway's name, and its version if that is known."""
    name = os.environ.get(BINARY_VARIABLE, "")
    # A binary built by `go install` does not contain its version; the file's name does.
    return f"Versity Gateway {Path(name).name.partition('-')[2]}".strip()
