"""Who takes part: for each contestant its version, and how it starts on a job."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from benchmarks import tools

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.job import Job
    from benchmarks.scenarios import Verb

LOOK_WITHIN = 60.0


@dataclass(frozen=True)
class Way:
    """How a contestant does what a verb says.

    :param title: as the tables show it.
    :param command: starts it on a job.
    """

    title: str
    command: Callable[[Job], Sequence[str]]


@dataclass(frozen=True)
class Contestant:
    """Somebody who can do work, as its makers ship it.

    :param is_library: it is called inside a process that is ready; a command line tool starts for each job.
    :param version: tells the installed version, None if there is none.
    :param ways: for each verb it knows.
    """

    name: str
    is_library: bool
    version: Callable[[], str | None]
    ways: Mapping[Verb, Way]


def _library(
    name: str, package: str, titles: Mapping[Verb, str], *, python: Path | None = None
) -> Contestant:
    interpreter = str(python or sys.executable)

    def start(_job: Job) -> Sequence[str]:
        return [interpreter, "-m", "benchmarks.child", name]

    find = _version_of(package) if python is None else _said_by(_version_elsewhere(interpreter, package))
    ways = {verb: Way(title, start) for verb, title in titles.items()}
    return Contestant(name, is_library=True, version=find, ways=ways)


def _tool(name: str, version: Sequence[str], ways: Mapping[Verb, Way]) -> Contestant:
    return Contestant(name, is_library=False, version=_said_by(version), ways=ways)


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
            reason = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LOOK_WITHIN)
        except (OSError, subprocess.CalledProcessError):
            return None
        found = re.search(r"\d+\.\d+\.\d+", reason.stdout)
        return found[0] if found else "unknown"

    return find


CONTESTANTS = (
    _library(
        "ours",
        "airflow-s3ops",
        {
            "upload_file": "**airflow-s3ops** `S3OpsHook.upload_file`",
            "upload_files": "**airflow-s3ops** `S3OpsHook.upload_files`",
            "delete_prefix": "**airflow-s3ops** `S3OpsHook.delete_objects`",
            "delete_versions": "**airflow-s3ops** `S3OpsHook.delete_objects(all_versions=True)`",
        },
    ),
    _library(
        "provider",
        "apache-airflow-providers-amazon",
        {
            "upload_file": "amazon provider `S3Hook.load_file`",
            "upload_files": "amazon provider `S3Hook.load_file` in a loop",
            "delete_prefix": "amazon provider `S3Hook.list_keys`, `delete_objects`",
            "delete_versions": "amazon provider `S3Hook.get_conn()`: by hand",
        },
    ),
    _library(
        "boto3",
        "boto3",
        {
            "upload_file": "boto3 `upload_file`",
            "upload_files": "boto3 `put_object` in a loop",
            "delete_prefix": "boto3 `Bucket.objects.filter().delete()`",
            "delete_versions": "boto3 `Bucket.object_versions.filter().delete()`",
        },
    ),
    _library("boto3_threads", "boto3", {"upload_files": "boto3 `put_object` in 10 threads"}),
    _tool(
        "s5cmd",
        [tools.S5CMD, "version"],
        {
            "upload_file": Way("s5cmd `cp`", tools.s5cmd_upload),
            "upload_files": Way("s5cmd `cp`", tools.s5cmd_upload_files),
            "delete_prefix": Way("s5cmd `rm`", tools.s5cmd_delete),
            "delete_versions": Way("s5cmd `rm --all-versions`", tools.s5cmd_delete_versions),
        },
    ),
    _tool(
        "rclone",
        [tools.RCLONE, "version"],
        {
            "upload_file": Way("rclone `copyto`", tools.rclone_upload),
            "upload_files": Way("rclone `copy`", tools.rclone_upload_files),
            "delete_prefix": Way("rclone `delete`", tools.rclone_delete),
            "delete_versions": Way("rclone `delete --s3-versions`", tools.rclone_delete_versions),
        },
    ),
    _library(
        "obstore",
        "obstore",
        {
            "upload_file": "obstore `put`",
            "upload_files": "obstore `put_async`, 64 at once",
            "delete_prefix": "obstore `list`, `delete`",
        },
        python=tools.PEERS,
    ),
    _tool(
        "aws",
        [tools.AWS, "--version"],
        {
            "upload_file": Way("aws-cli `s3 cp`", tools.aws_upload),
            "upload_files": Way("aws-cli `s3 cp --recursive`", tools.aws_upload_files),
            "delete_prefix": Way("aws-cli `s3 rm --recursive`", tools.aws_delete),
        },
    ),
)
