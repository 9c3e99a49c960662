"""Read the demo's bucket with and without credentials, and compare it with what is expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

import boto3
from awscrt.checksums import crc64nvme
from botocore.config import Config

from airflow_s3ops.s3.checksum import encoded
from airflow_s3ops.s3.listings.objects import list_objects
from airflow_s3ops.s3.objects.head import head_object
from scripts.local_airflow import ACCESS_KEY, REGION, SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from types_boto3_s3 import S3Client

EVERYONE = "http://acs.amazonaws.com/groups/global/AllUsers"


@dataclass(frozen=True)
class StoredObject:
    """An object as its owner reads it, and the response to a request for its link without credentials.

    :param checksum: the CRC64NVME that S3 returns; None if it returns none.
    :param readers: who is allowed to read it, by its ACL.
    :param link: its web address.
    :param status: the HTTP status of a request without credentials.
    :param received: the body of that response; if the request is refused, S3's error.
    """

    key: str
    size: int
    content_type: str | None
    checksum: str | None
    readers: str
    link: str
    status: int
    received: bytes


def owner_client(address: str) -> S3Client:
    """Return a client with credentials."""
    return boto3.client(
        "s3",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(s3={"addressing_style": "path"}),
    )


def objects_in(client: S3Client, bucket: str) -> Iterator[StoredObject]:
    """Read every object of a bucket, as its owner and without credentials."""
    for entry in list_objects(client, bucket):
        head = head_object(client, bucket, entry.key)
        link = f"{client.meta.endpoint_url}/{bucket}/{quote(entry.key)}"
        yield StoredObject(
            entry.key,
            head.size,
            head.content_type,
            head.checksums.get("CRC64NVME"),
            _readers(client, bucket, entry.key),
            link,
            *read_anonymously(link),
        )


def read_anonymously(link: str) -> tuple[int, bytes]:
    """Open a link without credentials; return HTTP status and content."""
    try:
        with build_opener(ProxyHandler({})).open(link, timeout=30) as response:
            return response.status, response.read()
    except HTTPError as error:
        return error.code, error.read()


def problems_of(objects: Iterable[StoredObject], files: Mapping[str, bytes], public: str) -> list[str]:
    """Return what is not as expected; an empty list if there is no problem.

    :param files: the expected content of the bucket, by key.
    :param public: the prefix of the keys that everyone may read; all other objects are private.
    """
    found = {stored.key: stored for stored in objects}
    missing = [f"{key} is missing" for key in files.keys() - found.keys()]
    unknown = [f"{key} should not exist" for key in found.keys() - files.keys()]
    wrong = [
        f"{key}: {problem}"
        for key in files.keys() & found.keys()
        for problem in _problems(found[key], files[key], is_public=key.startswith(public))
    ]
    return sorted(missing + unknown + wrong)


def checksum_of(content: bytes) -> str:
    """Return the CRC64NVME of some bytes, as S3 writes it."""
    return encoded(crc64nvme(content).to_bytes(8, "big"))


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return the lines of a table; each column is as wide as its widest text, numbers are right-aligned."""
    texts = [list(map(str, row)) for row in (headers, *rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    right = [all(isinstance(cell, int) for cell in column) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            text.rjust(width) if is_number else text.ljust(width)
            for text, width, is_number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in texts
    )
    return "\n".join(f"  {line}" for line in lines)


def _readers(client: S3Client, bucket: str, key: str) -> str:
    grants = client.get_object_acl(Bucket=bucket, Key=key)["Grants"]
    return "everyone" if any(grant["Grantee"].get("URI") == EVERYONE for grant in grants) else "owner"


def _problems(stored: StoredObject, content: bytes, *, is_public: bool) -> Iterator[str]:
    if (stored.size, stored.checksum) != (len(content), checksum_of(content)):
        yield f"{stored.size} bytes with checksum {stored.checksum} differ from the file"
    readers, status = ("everyone", 200) if is_public else ("owner", 403)
    if stored.readers != readers:
        yield f"its ACL lets {stored.readers} read, not {readers}"
    if stored.status != status:
        yield f"without credentials the status is {stored.status}, not {status}"
    if (stored.received == content) is not is_public:
        yield (
            "without credentials the content can be read"
            if not is_public
            else "without credentials the content differs from the file"
        )
