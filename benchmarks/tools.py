"""The command line tools: where they are installed, and the command of each for a job.

All use their defaults. Tools that would print a line for every object get an option that prevents it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.job import Job

TOOLS = Path(__file__).parents[1] / ".bin"
PEERS = TOOLS / "bench-venv" / "bin" / "python"


def _newest(pattern: str) -> str:
    """Find a tool in `.bin`; if it is not there, return a path that does not exist."""
    return str(max(TOOLS.glob(pattern), default=TOOLS / pattern))


# The binary itself: bin/s5cmd of that environment is a Python script that starts it.
S5CMD = _newest("bench-venv/lib/python*/site-packages/s5cmd/bin/s5cmd")
RCLONE = _newest("rclone-v*")
AWS = str(PEERS.with_name("aws"))


def s5cmd_upload(job: Job) -> Sequence[str]:
    """Send a file."""
    return _s5cmd(job, "cp", job.source, job.uri)


def s5cmd_upload_files(job: Job) -> Sequence[str]:
    """Send a folder."""
    return _s5cmd(job, "cp", job.source + "/", job.uri)


def s5cmd_delete(job: Job) -> Sequence[str]:
    """Delete a prefix."""
    return _s5cmd(job, "rm", job.uri + "*")


def s5cmd_delete_versions(job: Job) -> Sequence[str]:
    """Delete all versions under a prefix."""
    return _s5cmd(job, "rm", "--all-versions", job.uri + "*")


def rclone_upload(job: Job) -> Sequence[str]:
    """Send a file."""
    return _rclone(job, "copyto", job.source)


def rclone_upload_files(job: Job) -> Sequence[str]:
    """Send a folder."""
    return _rclone(job, "copy", job.source)


def rclone_delete(job: Job) -> Sequence[str]:
    """Delete a prefix."""
    return _rclone(job, "delete")


def rclone_delete_versions(job: Job) -> Sequence[str]:
    """Delete all versions under a prefix."""
    return _rclone(job, "delete", "--s3-versions")


def aws_upload(job: Job) -> Sequence[str]:
    """Send a file."""
    return _aws(job, "cp", job.source, job.uri)


def aws_upload_files(job: Job) -> Sequence[str]:
    """Send a folder."""
    return _aws(job, "cp", "--recursive", job.source, job.uri)


def aws_delete(job: Job) -> Sequence[str]:
    """Delete a prefix."""
    return _aws(job, "rm", "--recursive", job.uri)


def _s5cmd(job: Job, *arguments: str) -> Sequence[str]:
    return [S5CMD, "--log", "error", "--endpoint-url", job.endpoint_url, *arguments]


def _rclone(job: Job, *arguments: str) -> Sequence[str]:
    place = f"region={job.region},endpoint='{job.endpoint_url}'"
    remote = f":s3,provider=Other,env_auth=true,no_check_bucket=true,{place}"
    return [RCLONE, *arguments, f"{remote}:{job.bucket}/{job.key}"]


def _aws(job: Job, *arguments: str) -> Sequence[str]:
    return [AWS, "s3", *arguments, "--endpoint-url", job.endpoint_url, "--only-show-errors"]
