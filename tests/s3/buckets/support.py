"""What tests of whole buckets share: names that are cleaned up, other regions, another account."""

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

# Waits that would take seconds, for tests.
AT_ONCE = (0.0, 0.01, 0.01, 0.01, 0.01, 0.01)
OTHER_ACCOUNT = "999999999999"
NO_BUCKETS = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListAllMyBucketsResult><Owner><ID>me</ID></Owner><Buckets></Buckets></ListAllMyBucketsResult>"""
ONE_TRY = {"total_max_attempts": 1}
# Servers with accounts that a test can make.
HAVE_ACCOUNTS = ("embedded", "versity")


def new_bucket_name() -> str:
    return f"s3ops-{uuid.uuid4().hex[:20]}"


@contextmanager
def cleaned_up(s3: S3Client, name: str) -> Iterator[str]:
    """Give the name, and remove whatever bucket has it afterwards."""
    try:
        yield name
    finally:
        delete_bucket(s3, name)


def client_in(server: S3Server, region: str, **config: Any) -> S3Client:
    """Give a client of the same server that signs for another region."""
    return replace(server, region=region).client(**config)


def stranger_to(server: S3Server, behind: FaultProxy) -> S3Client:
    """Give a client that owns no bucket: of another account where the server has accounts that we can make.

    Elsewhere it is ourselves behind a proxy that shows an empty list of buckets and refuses the creation.
    """
    if server.name == "embedded":
        client = server.client()
        client.meta.events.register("before-call.s3", _as_other_account)
        return client
    if server.name == "versity":
        name = f"stranger-{uuid.uuid4().hex[:8]}"
        return create_user(server, name, "a-secret-of-no-worth", role="userplus").client()
    # Neither need happen: not every test that has a stranger asks for both.
    behind.on(
        "GET", path="/", predicate=lambda request: request.path == "/", times=None, at_least=0
    ).answer_body(200, NO_BUCKETS)
    behind.on("PUT", times=None, at_least=0).respond(409, "BucketAlreadyExists")
    return behind.server.client()


def _as_other_account(params: dict[str, Any], **_: object) -> None:
    params["headers"]["x-moto-account-id"] = OTHER_ACCOUNT
