"""`make demo`: run the DAG ingest_and_publish for real, and show the results.

Everything runs on this machine: Airflow in `.airflow`, and S3 in a separate process, which starts empty and
keeps nothing. The exit code is 0 only if everything in the bucket is as expected.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.local_airflow import AIRFLOW, HOME, embedded_s3, environment, migrate
from scripts.processes import Failed, ending_on_signals, finished
from scripts.showcase import StoredObject, objects_in, owner_client, problems_of, table

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BUCKET = "s3ops-demo"
LOG = "demo.log"
SET_ASIDE = "iso3166.tab"


def main() -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=HOME, help="Airflow's home; .airflow by default")
    home: Path = parser.parse_args().home.resolve()
    home.mkdir(exist_ok=True)
    (home / LOG).unlink(missing_ok=True)
    try:
        with ending_on_signals():
            return demonstrate(home)
    except Failed as failure:
        print(f"\n{failure}\n\nThe demo failed.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def demonstrate(home: Path) -> int:
    """Run the DAG on an empty S3 server, show what is in the bucket, and check it."""
    day = datetime.now(timezone.utc).date().isoformat()
    with embedded_s3(home) as address:
        print(f"S3 server    {address}, embedded, empty", flush=True)
        run_dag(home, address, day)
        client = owner_client(address)
        objects = list(objects_in(client, BUCKET))
        reports = {stored.key: content_of(client, stored.key) for stored in objects if is_report(stored)}
    show(reports, objects)
    problems = problems_of(objects, {**expected(home, day), **reports}, public="published/")
    if len(reports) != 1:
        problems.append(f"there are {len(reports)} reports, not 1")
    if problems:
        print("\nNot as expected:\n" + "\n".join(f"  {problem}" for problem in problems))
        return 1
    print(f"\nAll {len(objects)} objects are as expected, byte for byte.")
    return 0


def run_dag(home: Path, address: str, day: str) -> None:
    """Run the DAG as `airflow dags test` does: every task for real, in one process.

    :raises Failed: the run failed.
    """
    settings = environment(home, address)
    since = time.monotonic()
    if migrate(home, settings, home / LOG):
        print(f"Airflow      its database was created in {time.monotonic() - since:.0f} s", flush=True)
    since = time.monotonic()
    form = json.dumps({"bucket": BUCKET, "access": "public-read", "day": day})
    finished((*AIRFLOW, "dags", "test", "ingest_and_publish", "--conf", form), home / LOG, settings)
    print(f"DAG run      ingest_and_publish succeeded in {time.monotonic() - since:.0f} s", flush=True)
    print(f"Airflow log  {home / LOG}")


def expected(home: Path, day: str) -> dict[str, bytes]:
    """Return the expected objects without the report: the sample tables under the DAG's keys."""
    files: dict[str, bytes] = {}
    for path in (home / "landing" / "time-zones").iterdir():
        places = ("set-aside",) if path.name == SET_ASIDE else ("raw", "published")
        files.update({f"{place}/dt={day}/{path.name}": path.read_bytes() for place in places})
    return files


def show(reports: dict[str, bytes], objects: list[StoredObject]) -> None:
    """Print the reports, the objects, and what a reader without credentials gets."""
    for report in reports.values():
        columns = ("file", "status", "detail")
        lines = [[line[name] for name in columns] for line in json.loads(report)["lines"]]
        print(f"\nWhat the DAG reports\n{table(columns, lines)}")
    stored = [(o.key, o.size, o.content_type, o.checksum, o.readers) for o in objects]
    print(f"\nWhat is in the bucket {BUCKET}")
    print(table(("key", "size", "type", "CRC64NVME", "who may read it"), stored))
    received = [(o.key, o.status, first_bytes(o.received)) for o in objects]
    print("\nWhat a reader without credentials gets from each link")
    print(table(("key", "status", "first bytes"), received))


def first_bytes(content: bytes) -> str:
    """Return the beginning of a response body, on one line."""
    return repr(content[:44].decode(errors="replace"))


def is_report(stored: StoredObject) -> bool:
    """Return whether an object is a run's report. Its key ends with the run's id, unknown before the run."""
    return stored.key.startswith("reports/")


def content_of(client: S3Client, key: str) -> bytes:
    """Read an object with credentials."""
    return client.get_object(Bucket=BUCKET, Key=key)["Body"].read()


if __name__ == "__main__":
    sys.exit(main())
