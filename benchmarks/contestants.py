"""The contestants: for each one its version, and the commands that do its jobs."""

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

VERSION_WITHIN = 60.0


@dataclass(frozen=True)
class Method:
    """How a contestant does the work of a verb.

    :param title: its title in the tables.
    :param command: returns the command for a job.
    """

    title: str
    command: Callable[[Job], Sequence[str]]


@dataclass(frozen=True)
class Contestant:
    """A library or tool, with its default settings.

    :param is_library: it is called in a process that is ready; a command line tool starts for each job.
    :param version: returns the installed version, None if it is not installed.
    :param methods: a method for each verb that it supports.
    """

    name: str
    is_library: bool
    version: Callable[[], str | None]
    methods: Mapping[Verb, Method]


def _library(
    name: str, package: str, titles: Mapping[Verb, str], *, python: Path | None = None
) -> Contestant:
    interpreter = str(python or sys.executable)

    def start(_job: Job) -> Sequence[str]:
        return [interpreter, "-m", "benchmarks.child", name]

    find = (
        _version_of(package) if python is None else _printed_version(_version_command(interpreter, package))
    )
    methods = {verb: Method(title, start) for verb, title in titles.items()}
    return Contestant(name, is_library=True, version=find, methods=methods)


def _tool(name: str, version: Sequence[str], methods: Mapping[Verb, Method]) -> Contestant:
    return Contestant(name, is_library=False, version=_printed_version(version), methods=methods)


def _version_of(package: str) -> Callable[[], str | None]:
    def find() -> str | None:
        try:
            return version(package)
        except PackageNotFoundError:
            return None

    return find


def _version_command(interpreter: str, package: str) -> Sequence[str]:
    return [interpreter, "-c", f"from importlib.metadata import version as v; print(v({package!r}))"]


def _printed_version(command: Sequence[str]) -> Callable[[], str | None]:
    @cache
    def find() -> str | None:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=VERSION_WITHIN)
        except (OSError, subprocess.CalledProcessError):
            return None
        found = re.search(r"\d+\.\d+\.\d+", done.stdout)
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
            "upload_file": Method("s5cmd `cp`", tools.s5cmd_upload),
            "upload_files": Method("s5cmd `cp`", tools.s5cmd_upload_files),
            "delete_prefix": Method("s5cmd `rm`", tools.s5cmd_delete),
            "delete_versions": Method("s5cmd `rm --all-versions`", tools.s5cmd_delete_versions),
        },
    ),
    _tool(
        "rclone",
        [tools.RCLONE, "version"],
        {
            "upload_file": Method("rclone `copyto`", tools.rclone_upload),
            "upload_files": Method("rclone `copy`", tools.rclone_upload_files),
            "delete_prefix": Method("rclone `delete`", tools.rclone_delete),
            "delete_versions": Method("rclone `delete --s3-versions`", tools.rclone_delete_versions),
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
            "upload_file": Method("aws-cli `s3 cp`", tools.aws_upload),
            "upload_files": Method("aws-cli `s3 cp --recursive`", tools.aws_upload_files),
            "delete_prefix": Method("aws-cli `s3 rm --recursive`", tools.aws_delete),
        },
    ),
)
