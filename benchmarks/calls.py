"""The contestants that are Python libraries: each function prepares a client and returns the measured call.

Imports are inside the functions: each runs in a separate process, and some in a separate environment.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.job import Job

    Prepare = Callable[[Job], Callable[[], object]]

# The connection's id; its fields are in the environment.
CONNECTION = "s3ops_bench"
BOTO3_CONNECTIONS = 10  # the default size of its pool
OBSTORE_AT_ONCE = 64  # obstore has no limit of its own, so we must set one
KEYS_A_REQUEST = 1_000


def ours_upload_file(job: Job) -> Callable[[], object]:
    """Prepare `S3OpsHook.upload_file`."""
    from airflow_s3ops.hooks import S3OpsHook

    hook = S3OpsHook(CONNECTION)
    hook.client  # noqa: B018 - built here, not in the call
    return lambda: hook.upload_file(job.source, job.bucket, job.key)


def provider_upload_file(job: Job) -> Callable[[], object]:
    """Prepare the amazon provider's `S3Hook.load_file`."""
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    hook = S3Hook(CONNECTION)
    hook.get_conn()
    # With replace=True it sends one request less.
    return lambda: hook.load_file(job.source, job.key, job.bucket, replace=True)


def boto3_upload_file(job: Job) -> Callable[[], object]:
    """Prepare boto3's managed `upload_file`."""
    import boto3

    client = boto3.session.Session().client("s3", endpoint_url=job.endpoint_url)
    return lambda: client.upload_file(job.source, job.bucket, job.key)


def obstore_upload_file(job: Job) -> Callable[[], object]:
    """Prepare obstore's `put`."""
    import obstore  # type: ignore[import-not-found]

    store = _obstore(job)
    return lambda: obstore.put(store, job.key, Path(job.source))


def ours_upload_files(job: Job) -> Callable[[], object]:
    """Prepare `S3OpsHook.upload_files`."""
    from airflow_s3ops.hooks import S3OpsHook

    hook: Any = S3OpsHook(CONNECTION)
    hook.client  # noqa: B018
    return lambda: hook.upload_files(job.source, job.bucket, job.key)


def provider_upload_files(job: Job) -> Callable[[], object]:
    """Prepare `S3Hook.load_file` in a loop."""
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    hook = S3Hook(CONNECTION)
    hook.get_conn()

    def call() -> None:
        for path, key in _files(job):
            hook.load_file(path, key, job.bucket, replace=True)

    return call


def boto3_upload_files(job: Job) -> Callable[[], object]:
    """Prepare boto3's `put_object` in a loop: for small files it is twice as fast as `upload_file`."""
    put = _boto3_put(job)

    def call() -> None:
        for path, key in _files(job):
            put(path, key)

    return call


def boto3_threads_upload_files(job: Job) -> Callable[[], object]:
    """Prepare the same with one thread for each connection of a client's pool."""
    from concurrent.futures import ThreadPoolExecutor

    put = _boto3_put(job)

    def call() -> None:
        with ThreadPoolExecutor(BOTO3_CONNECTIONS) as pool:
            for done in [pool.submit(put, path, key) for path, key in _files(job)]:
                done.result()

    return call


def obstore_upload_files(job: Job) -> Callable[[], object]:
    """Prepare obstore's `put_async`."""
    import asyncio

    import obstore

    store = _obstore(job)

    async def all_of_them() -> None:
        limit = asyncio.Semaphore(OBSTORE_AT_ONCE)

        async def put(path: str, key: str) -> None:
            async with limit:
                await obstore.put_async(store, key, Path(path))

        await asyncio.gather(*(put(path, key) for path, key in _files(job)))

    return lambda: asyncio.run(all_of_them())


def ours_delete_prefix(job: Job) -> Callable[[], object]:
    """Prepare `S3OpsHook.delete_objects`."""
    from airflow_s3ops.hooks import S3OpsHook

    hook = S3OpsHook(CONNECTION)
    hook.client  # noqa: B018
    return lambda: hook.delete_objects(job.bucket, prefix=job.key)


def ours_delete_versions(job: Job) -> Callable[[], object]:
    """Prepare the same with all versions."""
    from airflow_s3ops.hooks import S3OpsHook

    hook = S3OpsHook(CONNECTION)
    hook.client  # noqa: B018
    return lambda: hook.delete_objects(job.bucket, prefix=job.key, all_versions=True)


def provider_delete_prefix(job: Job) -> Callable[[], object]:
    """Prepare `S3Hook.list_keys` and `delete_objects`, as `S3DeleteObjectsOperator` does it."""
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    hook = S3Hook(CONNECTION)
    hook.get_conn()
    return lambda: hook.delete_objects(job.bucket, hook.list_keys(job.bucket, prefix=job.key))


def provider_delete_versions(job: Job) -> Callable[[], object]:
    """Prepare the same for versions: by hand on the provider's client, as its methods ignore versions."""
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    client: Any = S3Hook(CONNECTION).get_conn()

    def call() -> None:
        found: list[dict[str, str]] = []
        for page in client.get_paginator("list_object_versions").paginate(Bucket=job.bucket, Prefix=job.key):
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            found += [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in entries]
        for begin in range(0, len(found), KEYS_A_REQUEST):
            client.delete_objects(
                Bucket=job.bucket, Delete={"Objects": found[begin : begin + KEYS_A_REQUEST], "Quiet": True}
            )

    return call


def boto3_delete_prefix(job: Job) -> Callable[[], object]:
    """Prepare boto3's collection of objects."""
    bucket = _boto3_bucket(job)
    return lambda: bucket.objects.filter(Prefix=job.key).delete()


def boto3_delete_versions(job: Job) -> Callable[[], object]:
    """Prepare boto3's collection of versions."""
    bucket = _boto3_bucket(job)
    return lambda: bucket.object_versions.filter(Prefix=job.key).delete()


def obstore_delete_prefix(job: Job) -> Callable[[], object]:
    """Prepare obstore's `list` and `delete`."""
    import obstore

    store = _obstore(job)
    return lambda: obstore.delete(
        store, [one["path"] for page in obstore.list(store, prefix=job.key) for one in page]
    )


def _files(job: Job) -> Iterator[tuple[str, str]]:
    """Yield each file's path, in sorted order, and its key."""
    for folder, folders, names in os.walk(job.source):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)  # noqa: PTH118 - pathlib would take a third of the loop's own time
            yield path, job.key + os.path.relpath(path, job.source)


def _boto3_put(job: Job) -> Callable[[str, str], None]:
    import boto3

    client = boto3.session.Session().client("s3", endpoint_url=job.endpoint_url)

    def put(path: str, key: str) -> None:
        with Path(path).open("rb") as file:
            client.put_object(Bucket=job.bucket, Key=key, Body=file)

    return put


def _boto3_bucket(job: Job) -> Any:
    import boto3

    bucket = boto3.session.Session().resource("s3", endpoint_url=job.endpoint_url).Bucket(job.bucket)
    bucket.meta.client  # noqa: B018
    return bucket


def _obstore(job: Job) -> Any:
    # It is installed only in the peers' environment.
    from obstore.store import S3Store  # type: ignore[import-not-found]

    return S3Store(
        job.bucket,
        endpoint=job.endpoint_url,
        region=job.region,
        access_key_id=job.access_key,
        secret_access_key=job.secret_key,
        # rustls refuses every self-signed certificate, even if it is configured as trusted.
        client_options={"allow_http": True, "allow_invalid_certificates": job.ca_bundle is not None},
    )


CALLS: dict[tuple[str, str], Prepare] = {
    ("ours", "upload_file"): ours_upload_file,
    ("ours", "upload_files"): ours_upload_files,
    ("ours", "delete_prefix"): ours_delete_prefix,
    ("ours", "delete_versions"): ours_delete_versions,
    ("provider", "upload_file"): provider_upload_file,
    ("provider", "upload_files"): provider_upload_files,
    ("provider", "delete_prefix"): provider_delete_prefix,
    ("provider", "delete_versions"): provider_delete_versions,
    ("boto3", "upload_file"): boto3_upload_file,
    ("boto3", "upload_files"): boto3_upload_files,
    ("boto3", "delete_prefix"): boto3_delete_prefix,
    ("boto3", "delete_versions"): boto3_delete_versions,
    ("boto3_threads", "upload_files"): boto3_threads_upload_files,
    ("obstore", "upload_file"): obstore_upload_file,
    ("obstore", "upload_files"): obstore_upload_files,
    ("obstore", "delete_prefix"): obstore_delete_prefix,
}
