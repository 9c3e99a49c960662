"""Shared helpers for the tests of buckets: names with clean-up, clients of other regions and accounts."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.servers import create_user
from tests.servers.purge import delete_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy
    from tests.servers import S3Server

# Short waits, instead of seconds.
SHORT_WAITS = (0.0, 0.01, 0.01, 0.01, 0.01, 0.01)
OTHER_ACCOUNT = "999999999999"
NO_BUCKETS = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListAllMyBucketsResult><Owner><ID>me</ID></Owner><Buckets></Buckets></ListAllMyBucketsResult>"""
ONE_TRY = {"total_max_attempts": 1}
# Servers on which a test can create accounts.
SERVERS_WITH_ACCOUNTS = ("embedded", "versity")


def new_bucket_name() -> str:
    return f"s3ops-{uuid.uuid4().hex[:20]}"


@contextmanager
def deleted_afterwards(s3: S3Client, name: str) -> Iterator[str]:
    """Yield the name, and delete the bucket of that name afterwards."""
    try:
        yield name
    finally:
        delete_bucket(s3, name)


def client_in(server: S3Server, region: str, **config: Any) -> S3Client:
    """Return a client of the same server that signs for another region."""
    return replace(server, region=region).client(**config)


def other_account_client(server: S3Server, faults: FaultProxy) -> S3Client:
    """Return a client of another account, which owns no bucket.

    If a test cannot create accounts on the server, it is a client of the same account. The proxy then returns
    an empty list of buckets, and rejects CreateBucket.
    """
    if server.name == "embedded":
        client = server.client()
        client.meta.events.register("before-call.s3", _as_other_account)
        return client
    if server.name == "versity":
        name = f"other-{uuid.uuid4().hex[:8]}"
        return create_user(server, name, "a-secret-of-no-worth", role="userplus").client()
    # Not every test that uses this client sends both requests.
    faults.on(
        "GET", path="/", predicate=lambda request: request.path == "/", times=None, at_least=0
    ).respond_body(200, NO_BUCKETS)
    faults.on("PUT", times=None, at_least=0).respond(409, "BucketAlreadyExists")
    return faults.server.client()


def _as_other_account(params: dict[str, Any], **_: object) -> None:
    params["headers"]["x-moto-account-id"] = OTHER_ACCOUNT
