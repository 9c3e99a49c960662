"""One job for one contestant, as it is passed to the process that does it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Job:
    """The server, the bucket, and the object or files of a job.

    :param key: the object's key, or a prefix that ends with a slash.
    :param source: the file or folder to upload; empty for other verbs.
    :param ca_bundle: the PEM file to trust; None over http.
    """

    verb: str
    endpoint_url: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    ca_bundle: str | None
    bucket: str
    key: str
    source: str

    @property
    def uri(self) -> str:
        """The object's URI for command line tools."""
        return f"s3://{self.bucket}/{self.key}"

    def to_json(self) -> str:
        """Return the JSON for `from_json`; it contains the secret key."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Return the job that `to_json` wrote."""
        return cls(**json.loads(text))
