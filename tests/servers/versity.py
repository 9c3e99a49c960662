"""Versity Gateway: a real S3 server, which verifies signatures and checksums."""

from __future__ import annotations

import os
import secrets
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.servers.address import free_port, healthy
from tests.servers.certificate import make_certificate
from tests.servers.process import running, scratch_folder
from tests.servers.server import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "versity"
REGION = "ap-northeast-2"
BINARY_VARIABLE = "S3OPS_VERSITYGW"
INSTALLED = Path(__file__).parents[2] / ".bin" / "versitygw"
# Not a valid bucket name, so that it hides no bucket.
HEALTH = "/_health"
ADMIN_WITHIN = 20.0


def binary() -> Path:
    """Return the gateway's path: `S3OPS_VERSITYGW`, else `.bin/versitygw`, maybe followed by its version.

    :raises FileNotFoundError: there is no such file; the message says how to get it.
    """
    named = os.environ.get(BINARY_VARIABLE)
    installed = sorted(INSTALLED.parent.glob(f"{INSTALLED.name}*"))
    path = Path(named) if named else next(iter(installed), INSTALLED)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: `make test-real` installs it, or set {BINARY_VARIABLE} to its path"
        )
    return path.absolute()


@contextmanager
def versity(*, tls: bool = False) -> Iterator[S3Server]:
    """Run an empty gateway, with versioning and with its own users, on http or https."""
    with scratch_folder("s3ops-versity-") as folder:
        for name in ("store", "versions", "users"):
            (folder / name).mkdir()
        certificate = make_certificate(folder) if tls else None
        files: list[str | Path] = []
        if certificate:
            files = ["--cert", certificate.certificate, "--key", certificate.key]
        port = free_port()
        command: list[str | Path] = [
            *(binary(), "--port", f"127.0.0.1:{port}", "--region", REGION, "--health", HEALTH),
            *("--keep-alive", "--quiet", "--iam-dir", folder / "users"),
            "--iam-cache-disable",  # new and removed users must take effect at once
            *files,
            *("posix", "--versioning-dir", folder / "versions", folder / "store"),
        ]
        server = S3Server(
            NAME,
            endpoint_url=f"{'https' if tls else 'http'}://127.0.0.1:{port}",
            access_key="s3ops-root",
            secret_key=secrets.token_urlsafe(24),
            region=REGION,
            ca_bundle=str(certificate.certificate) if certificate else None,
            folder=str(folder),
        )
        # In the environment, because every user of the machine can read a process's arguments.
        root = {"ROOT_ACCESS_KEY_ID": server.access_key, "ROOT_SECRET_ACCESS_KEY": server.secret_key}
        with running(
            command, folder, healthy(server.endpoint_url, HEALTH, server.ca_bundle), {**os.environ, **root}
        ):
            yield server


def create_user(
    server: S3Server, access_key: str, secret_key: str, role: Literal["user", "userplus", "admin"] = "user"
) -> S3Server:
    """Create a user, and return the server with that user's keys.

    A `user` may do what bucket policies and ownership allow; a `userplus` may also create buckets.
    """
    arguments = ["create-user", "--access", access_key, "--secret", secret_key, "--role", role]
    _administer(server, *arguments)
    return server.as_user(access_key, secret_key)


def change_owner(server: S3Server, bucket: str, access_key: str) -> None:
    """Change a bucket's owner: only its owner and its policy's principals may use a bucket."""
    _administer(server, "change-bucket-owner", "--bucket", bucket, "--owner", access_key)


def _administer(server: S3Server, *arguments: str) -> None:
    environment = {
        "ADMIN_ACCESS_KEY_ID": server.access_key,
        "ADMIN_SECRET_ACCESS_KEY": server.secret_key,
        "ADMIN_ENDPOINT_URL": server.endpoint_url,
        "ADMIN_REGION": server.region,
        # The tool takes no CA bundle; the server is our own, on loopback.
        "ADMIN_ALLOW_INSECURE": "true" if server.ca_bundle else "false",
    }
    done = subprocess.run(
        [binary(), "admin", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=ADMIN_WITHIN,
        check=False,  # the error below shows the tool's output, CalledProcessError would show the secret
    )
    if done.returncode != 0:
        raise RuntimeError(f"versitygw admin {arguments[0]} failed: {done.stderr or done.stdout}")
