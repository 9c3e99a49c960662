"""What is in the demo's bucket: looked at with credentials and without, and held against what must be."""

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
    """An object as its owner sees it, and what a stranger gets from its link.

    :param checksum: CRC64NVME, as S3 tells it; None if it tells none.
    :param readers: who may read it, by its ACL.
    :param link: its web address.
    :param status: the HTTP status of a request without credentials.
    :param given: the bytes that came with it; with a refusal, S3's error.
    """

    key: str
    size: int
    content_type: str | None
    checksum: str | None
    readers: str
    link: str
    status: int
    given: bytes


def owner(address: str) -> S3Client:
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
    """Look at every object of a bucket, as its owner and as a stranger."""
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
            *as_a_stranger(link),
        )


def as_a_stranger(link: str) -> tuple[int, bytes]:
    """Open a link without credentials; return HTTP status and content."""
    try:
        with build_opener(ProxyHandler({})).open(link, timeout=30) as answer:
            return answer.status, answer.read()
    except HTTPError as refusal:
        return refusal.code, refusal.read()


def complaints(objects: Iterable[StoredObject], files: Mapping[str, bytes], public: str) -> list[str]:
    """Return what is not as it must be; nothing, if all is well.

    :param files: what must be in the bucket, by key.
    :param public: how the keys begin that everyone may read; all others are their owner's.
    """
    found = {stored.key: stored for stored in objects}
    missing = [f"{key} is not there" for key in files.keys() - found.keys()]
    unknown = [f"{key} should not be there" for key in found.keys() - files.keys()]
    wrong = [
        f"{key}: {complaint}"
        for key in files.keys() & found.keys()
        for complaint in _complaints(found[key], files[key], is_public=key.startswith(public))
    ]
    return sorted(missing + unknown + wrong)


def checksum_of(content: bytes) -> str:
    """Return the CRC64NVME of some bytes, as S3 writes it."""
    return encoded(crc64nvme(content).to_bytes(8, "big"))


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return lines of columns as wide as their widest text; numbers stand right."""
    texts = [list(map(str, row)) for row in (heads, *rows)]
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


def _complaints(stored: StoredObject, content: bytes, *, is_public: bool) -> Iterator[str]:
    if (stored.size, stored.checksum) != (len(content), checksum_of(content)):
        yield f"{stored.size} bytes with checksum {stored.checksum} are not those of the file"
    readers, status = ("everyone", 200) if is_public else ("owner", 403)
    if stored.readers != readers:
        yield f"its ACL lets {stored.readers} read, not {readers}"
    if stored.status != status:
        yield f"a stranger gets {stored.status}, not {status}"
    if (stored.given == content) is not is_public:
        yield (
            "a stranger gets the content" if not is_public else "a stranger gets other bytes than the file's"
        )
