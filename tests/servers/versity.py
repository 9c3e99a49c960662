"""Versity Gateway: a real S3 server, which checks signatures and checksums."""

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
# Not a bucket's name, so that no bucket is hidden behind it.
HEALTH = "/_health"
ADMIN_WITHIN = 20.0


def binary() -> Path:
    """Find the gateway: `S3OPS_VERSITYGW`, else `.bin/versitygw`, maybe with its version behind the name.

    :raises FileNotFoundError: with the way to get it.
    """
    named = os.environ.get(BINARY_VARIABLE)
    installed = sorted(INSTALLED.parent.glob(f"{INSTALLED.name}*"))
    path = Path(named) if named else next(iter(installed), INSTALLED)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: `make test-real` installs it, {BINARY_VARIABLE} names it"
        )
    return path.absolute()


@contextmanager
def versity(*, tls: bool = False) -> Iterator[S3Server]:
    """Run an empty gateway, with versions and with users of its own, over http or https."""
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
            "--iam-cache-disable",  # a user just made must work, one just removed must not
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
        # Through the environment: arguments can be read by everyone on the machine.
        root = {"ROOT_ACCESS_KEY_ID": server.access_key, "ROOT_SECRET_ACCESS_KEY": server.secret_key}
        with running(
            command, folder, healthy(server.endpoint_url, HEALTH, server.ca_bundle), {**os.environ, **root}
        ):
            yield server


def create_user(
    server: S3Server, access_key: str, secret_key: str, role: Literal["user", "userplus", "admin"] = "user"
) -> S3Server:
    """Make a user, and give the server as that user sees it.

    A `user` may do what bucket policies and ownership allow, a `userplus` may create buckets too.
    """
    arguments = ["create-user", "--access", access_key, "--secret", secret_key, "--role", role]
    _administer(server, *arguments)
    return server.as_user(access_key, secret_key)


def change_owner(server: S3Server, bucket: str, access_key: str) -> None:
    """Give a bucket to another user: only a bucket's owner and its policy's principals may use it."""
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
        check=False,  # the error below shows what the tool said, CalledProcessError would show the secret
    )
    if done.returncode != 0:
        raise RuntimeError(f"versitygw admin {arguments[0]} failed: {done.stderr or done.stdout}")
