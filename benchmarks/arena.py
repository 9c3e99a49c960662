"""The place of a scenario: a server, perhaps far away, a bucket and a source file."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from benchmarks.calls import CONNECTION
from benchmarks.job import Job
from benchmarks.relay import relayed
from benchmarks.scenarios import MIB
from tests.servers import process
from tests.servers.purge import create_bucket, delete_bucket
from tests.servers.versity import BINARY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from types_boto3_s3 import S3Client

    from benchmarks.scenarios import Scenario
    from tests.servers import S3Server


class Serve(Protocol):
    """Starts a server for as long as the context lasts."""

    def __call__(self, *, tls: bool) -> AbstractContextManager[S3Server]:
        """Return the context."""
        ...


BUCKET = "s3ops-bench"
HERE = Path(__file__).parents[1]
# What contestants see of this machine; the rest could hold its credentials, proxies and settings.
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")


class WrongObjectError(Exception):
    """What lies in the bucket is not what was sent."""


@dataclass(frozen=True)
class Arena:
    """A scenario that can begin.

    :param server: as contestants see it.
    :param client: for arranging and looking, straight to the server.
    :param source: the file to upload.
    :param home: an empty home folder for the contestants.
    """

    scenario: Scenario
    server: S3Server
    client: S3Client
    source: Path
    home: Path

    def job(self) -> Job:
        """Return the work to be done."""
        server = self.server
        return Job(
            verb=self.scenario.verb,
            endpoint_url=server.endpoint_url,
            region=server.region,
            access_key=server.access_key,
            secret_key=server.secret_key,
            ca_bundle=server.ca_bundle,
            bucket=BUCKET,
            key="folder/" + self.source.name,
            source=str(self.source),
        )

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
            # Over TLS the server refuses what botocore sends by default: aws-chunked, a trailing checksum.
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

    def check(self, job: Job) -> None:
        """Look whether the object is there and whole.

        :raises WrongObjectError: it is not.
        """
        found = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        if [one["Key"] for one in found] != [job.key]:
            raise WrongObjectError(f"the bucket holds {[one['Key'] for one in found]}")
        if found[0]["Size"] != self.source.stat().st_size or not found[0]["ETag"].strip('"'):
            raise WrongObjectError(f"the object has {found[0]['Size']} bytes and the ETag {found[0]['ETag']}")

    def clear(self) -> None:
        """Leave the bucket empty, whatever a contestant left there."""
        delete_bucket(self.client, BUCKET)
        create_bucket(self.client, BUCKET)


@contextmanager
def arena(scenario: Scenario, serve: Serve) -> Iterator[Arena]:
    """Set a scenario up, and take everything down again afterwards.

    :param serve: starts a server.
    """
    with ExitStack() as stack:
        if scenario.sparse:
            stack.enter_context(_store_on_disk())
        folder = stack.enter_context(process.scratch_folder("s3ops-bench-"))
        server = stack.enter_context(serve(tls=scenario.tls))
        seen = server
        if scenario.delay:
            address = urlsplit(server.endpoint_url).netloc
            port = stack.enter_context(relayed(address, scenario.delay))
            seen = replace(server, endpoint_url=f"http://127.0.0.1:{port}")
        client = server.client(read_timeout=120)
        stack.callback(client.close)
        create_bucket(client, BUCKET)
        stack.callback(delete_bucket, client, BUCKET)
        (folder / "home").mkdir()
        yield Arena(scenario, seen, client, _source(folder, scenario), folder / "home")


@contextmanager
def _store_on_disk() -> Iterator[None]:
    """Start servers on a disk: what is sparse here is not sparse there, and may not fit in memory."""
    memory, process.MEMORY_DISK = process.MEMORY_DISK, Path(tempfile.gettempdir())
    try:
        yield
    finally:
        process.MEMORY_DISK = memory


def _source(folder: Path, scenario: Scenario) -> Path:
    path = folder / "source.bin"
    with path.open("wb") as file:
        if scenario.sparse:
            file.truncate(scenario.size)
        else:
            block = os.urandom(MIB)
            for begin in range(0, scenario.size, MIB):
                file.write(block[: scenario.size - begin])
    return path


def server_version() -> str:
    """Return the gateway's name, and its version where that is known."""
    name = os.environ.get(BINARY_VARIABLE, "")
    # Built by `go install` it does not know its version; its file's name does.
    return f"Versity Gateway {Path(name).name.partition('-')[2]}".strip()
