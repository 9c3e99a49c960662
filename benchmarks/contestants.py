"""Who takes part: for each contestant its version, and how it starts on a job."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.job import Job

TOOLS = Path(__file__).parents[1] / ".bin"
PEERS = TOOLS / "bench-venv" / "bin" / "python"
LOOK_WITHIN = 60.0


@dataclass(frozen=True)
class Contestant:
    """One way to do the work, as its makers ship it.

    :param is_library: it is called inside a process that is ready; a command line tool starts for each job.
    :param version: tells the installed version, None if there is none.
    :param starts: for each verb it knows, the command that does a job.
    """

    name: str
    title: str
    is_library: bool
    version: Callable[[], str | None]
    starts: Mapping[str, Callable[[Job], Sequence[str]]]


def _library(name: str, title: str, package: str, *verbs: str, python: Path | None = None) -> Contestant:
    interpreter = str(python or sys.executable)

    def start(_job: Job) -> Sequence[str]:
        return [interpreter, "-m", "benchmarks.child", name]

    find = _version_of(package) if python is None else _said_by(_version_elsewhere(interpreter, package))
    return Contestant(name, title, is_library=True, version=find, starts=dict.fromkeys(verbs, start))


def _tool(
    name: str, title: str, version: Sequence[str], **starts: Callable[[Job], Sequence[str]]
) -> Contestant:
    return Contestant(name, title, is_library=False, version=_said_by(version), starts=starts)


def _version_of(package: str) -> Callable[[], str | None]:
    def find() -> str | None:
        try:
            return version(package)
        except PackageNotFoundError:
            return None

    return find


def _version_elsewhere(interpreter: str, package: str) -> Sequence[str]:
    return [interpreter, "-c", f"from importlib.metadata import version as v; print(v({package!r}))"]


def _said_by(command: Sequence[str]) -> Callable[[], str | None]:
    @cache
    def find() -> str | None:
        try:
            said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LOOK_WITHIN)
        except (OSError, subprocess.CalledProcessError):
            return None
        found = re.search(r"\d+\.\d+\.\d+", said.stdout)
        return found[0] if found else "unknown"

    return find


def _newest(pattern: str) -> str:
    """Find a tool in `.bin`; a name that is not there if there is none."""
    return str(max(TOOLS.glob(pattern), default=TOOLS / pattern))


# Not bin/s5cmd of that environment: that is a Python script which starts this.
S5CMD = _newest("bench-venv/lib/python*/site-packages/s5cmd/bin/s5cmd")
RCLONE = _newest("rclone-v*")
AWS = str(PEERS.with_name("aws"))


def _s5cmd_upload(job: Job) -> Sequence[str]:
    return [S5CMD, "--endpoint-url", job.endpoint_url, "cp", job.source, job.uri]


def _rclone_upload(job: Job) -> Sequence[str]:
    place = f"region={job.region},endpoint='{job.endpoint_url}'"
    remote = f":s3,provider=Other,env_auth=true,no_check_bucket=true,{place}"
    return [RCLONE, "copyto", job.source, f"{remote}:{job.bucket}/{job.key}"]


def _aws_upload(job: Job) -> Sequence[str]:
    return [AWS, "s3", "cp", job.source, job.uri, "--endpoint-url", job.endpoint_url, "--only-show-errors"]


CONTESTANTS = (
    _library("ours", "**airflow-s3ops** `S3OpsHook.upload_file`", "airflow-s3ops", "upload_file"),
    _library(
        "load_file",
        "amazon provider `S3Hook.load_file`",
        "apache-airflow-providers-amazon",
        "upload_file",
    ),
    _library("boto3", "boto3 `upload_file`", "boto3", "upload_file"),
    _tool("s5cmd", "s5cmd `cp`", [S5CMD, "version"], upload_file=_s5cmd_upload),
    _tool("rclone", "rclone `copyto`", [RCLONE, "version"], upload_file=_rclone_upload),
    _library("obstore", "obstore `put`", "obstore", "upload_file", python=PEERS),
    _tool("aws", "aws-cli `s3 cp`", [AWS, "--version"], upload_file=_aws_upload),
)
