"""A Versity Gateway whose users have exactly the rights that an IAM policy gives them.

The gateway of `tests.servers` supports only roles and bucket policies, so it cannot show which right
CreateBucket or ListBuckets needs. Versity's IAM service accepts the same JSON as AWS IAM, through the same
API. With it the gateway responds as AWS does: "User … is not authorized to perform: s3:PutObject on …".
"""

from __future__ import annotations

import json
import os
import secrets
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.servers.address import free_ports, healthy
from tests.servers.process import running, scratch_folder
from tests.servers.server import S3Server
from tests.servers.versity import HEALTH, NAME, REGION, binary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from types_boto3_s3 import S3Client

POLICY_NAME = "exactly-this"


@dataclass(frozen=True)
class Identity:
    """An IAM user with a key pair and one policy, which can be changed."""

    server: S3Server
    name: str
    iam: Any

    def allow_only(self, policy: Mapping[str, Any]) -> None:
        """Give the user exactly the rights of an IAM policy."""
        self.iam.put_user_policy(
            UserName=self.name, PolicyName=POLICY_NAME, PolicyDocument=json.dumps(policy)
        )


@dataclass(frozen=True)
class Account:
    """A gateway and its IAM service, with clients of root, which has all rights."""

    server: S3Server
    s3: S3Client
    iam: Any

    def user(self) -> Identity:
        """Create a user without any right."""
        name = f"user-{uuid.uuid4().hex[:12]}"
        self.iam.create_user(UserName=name)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        server = self.server.as_user(key["AccessKeyId"], key["SecretAccessKey"])
        return Identity(server, name, self.iam)


@contextmanager
def account() -> Iterator[Account]:
    """Run an empty gateway and its IAM service."""
    with scratch_folder("s3ops-iam-") as iam_folder, scratch_folder("s3ops-account-") as folder:
        for name in ("store", "versions"):
            (folder / name).mkdir()
        # A short path, not one in a test's folder: a Unix socket's path has 107 bytes at most.
        private = iam_folder / "private.sock"
        root, secret = "s3ops-root", secrets.token_urlsafe(24)
        iam_address, s3_address = (f"127.0.0.1:{port}" for port in free_ports(2))
        common = ("--health", HEALTH, "--quiet")
        iam_command: list[str | Path] = [
            *(binary(), "--port", iam_address, *common),
            *("iam", "--dir", iam_folder, "--private-ports", private),
        ]
        s3_command: list[str | Path] = [
            *(binary(), "--port", s3_address, *common, "--region", REGION, "--keep-alive"),
            *("--iam-cache-disable", "--iam-standalone-endpoint", private),
            *("posix", "--versioning-dir", folder / "versions", folder / "store"),
        ]
        # Passed in the environment: everyone on the machine can read arguments.
        environment = {**os.environ, "ROOT_ACCESS_KEY_ID": root, "ROOT_SECRET_ACCESS_KEY": secret}
        with (
            running(
                iam_command, iam_folder, healthy(f"http://{iam_address}", HEALTH), environment
            ) as iam_url,
            running(s3_command, folder, healthy(f"http://{s3_address}", HEALTH), environment) as s3_url,
        ):
            server = S3Server(NAME, s3_url, root, secret, REGION)
            yield Account(server, server.client(), _iam_client(server, iam_url))


def _iam_client(server: S3Server, url: str) -> Any:
    import boto3

    return boto3.session.Session().client(
        "iam",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
    )
