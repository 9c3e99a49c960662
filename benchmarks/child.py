"""The process in which a Python library does a job.

Run it as ``python -m benchmarks.child CONTESTANT`` with the job on stdin. It prints the call's usage as JSON.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from benchmarks.calls import CALLS
from benchmarks.job import Job
from benchmarks.usage import of_call


def main() -> None:
    """Prepare, call, and print."""
    job = Job.from_json(sys.stdin.read())
    call = CALLS[sys.argv[1], job.verb](job)
    print(json.dumps(asdict(of_call(call))))


if __name__ == "__main__":
    main()
