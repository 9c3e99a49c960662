"""The arguments of probes, and their registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

    from tests.servers.lacks import Ability
    from tests.servers.server import S3Server

KEY = "k"
BODY = b"123456789"


@dataclass(frozen=True)
class Probe:
    """A server, a client for it, and a new bucket."""

    server: S3Server
    s3: S3Client
    bucket: str

    def put(self, **more: Any) -> str:
        """Put the object, and return its ETag."""
        return self.s3.put_object(Bucket=self.bucket, Key=KEY, Body=BODY, **more)["ETag"]

    def head(self, **more: Any) -> Any:
        """HEAD the object."""
        return self.s3.head_object(Bucket=self.bucket, Key=KEY, **more)

    def start_upload(self, **more: Any) -> dict[str, Any]:
        """Start a multipart upload, and return the arguments that identify it."""
        started = self.s3.create_multipart_upload(Bucket=self.bucket, Key=KEY, **more)
        return {"Bucket": self.bucket, "Key": KEY, "UploadId": started["UploadId"]}

    def put_part(self, upload: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Put the only part of an upload, and return the arguments that complete it."""
        etag = self.s3.upload_part(**upload, PartNumber=1, Body=BODY, **more)["ETag"]
        part = {"PartNumber": 1, "ETag": etag}
        part |= {
            name: value
            for name, value in more.items()
            if name.startswith("Checksum") and name[8:] != "Algorithm"
        }
        return {**upload, "MultipartUpload": {"Parts": [part]}}


def refuses(call: Callable[..., object], *codes: str, **arguments: Any) -> bool:
    """Whether the server refuses a call, with one of `codes` if any are given."""
    try:
        call(**arguments)
    except ClientError as error:
        return not codes or error.response["Error"]["Code"] in codes
    return False


PROBES: dict[Ability, Callable[[Probe], bool]] = {}


def finds(ability: Ability) -> Callable[[Callable[[Probe], bool]], Callable[[Probe], bool]]:
    """Register the probe of an ability."""

    def register(probe: Callable[[Probe], bool]) -> Callable[[Probe], bool]:
        PROBES[ability] = probe
        return probe

    return register
