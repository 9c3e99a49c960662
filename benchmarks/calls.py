"""The contestants that are Python libraries: each prepares a client, and gives the call to be measured.

Imports stand in the functions: each has a process of its own, and some have an environment of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.job import Job

    Prepare = Callable[[Job], Callable[[], object]]

# The connection's id; the environment describes it.
CONNECTION = "s3ops_bench"


def ours_upload_file(job: Job) -> Callable[[], object]:
    """Prepare `S3OpsHook.upload_file`."""
    from airflow_s3ops.hooks import S3OpsHook

    hook = S3OpsHook(CONNECTION)
    hook.client  # noqa: B018 - built here, not in the call
    return lambda: hook.upload_file(job.source, job.bucket, job.key)


def load_file_upload_file(job: Job) -> Callable[[], object]:
    """Prepare the amazon provider's `S3Hook.load_file`."""
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    hook = S3Hook(CONNECTION)
    hook.get_conn()
    # replace=True saves it a request.
    return lambda: hook.load_file(job.source, job.key, job.bucket, replace=True)


def boto3_upload_file(job: Job) -> Callable[[], object]:
    """Prepare boto3's managed `upload_file`."""
    import boto3

    client = boto3.session.Session().client("s3", endpoint_url=job.endpoint_url)
    return lambda: client.upload_file(job.source, job.bucket, job.key)


def obstore_upload_file(job: Job) -> Callable[[], object]:
    """Prepare obstore's `put`."""
    # It is installed in the peers' environment only.
    import obstore  # type: ignore[import-not-found]
    from obstore.store import S3Store  # type: ignore[import-not-found]

    store = S3Store(
        job.bucket,
        endpoint=job.endpoint_url,
        region=job.region,
        access_key_id=job.access_key,
        secret_access_key=job.secret_key,
        # rustls takes no certificate that signs itself, told to trust it or not.
        client_options={"allow_http": True, "allow_invalid_certificates": job.ca_bundle is not None},
    )
    return lambda: obstore.put(store, job.key, Path(job.source))


CALLS: dict[tuple[str, str], Prepare] = {
    ("ours", "upload_file"): ours_upload_file,
    ("load_file", "upload_file"): load_file_upload_file,
    ("boto3", "upload_file"): boto3_upload_file,
    ("obstore", "upload_file"): obstore_upload_file,
}
