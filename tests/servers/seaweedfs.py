"""SeaweedFS: another real S3 server, which verifies signatures and checksums."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.address import free_ports, healthy
from tests.servers.certificate import make_certificate
from tests.servers.process import running, scratch_folder
from tests.servers.purge import create_bucket, delete_bucket
from tests.servers.server import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "seaweedfs"
REGION = "ap-northeast-2"
BINARY_VARIABLE = "S3OPS_SEAWEEDFS"
# Each part of it listens on an http and a grpc port; 0 would mean the default port, not a free port.
PARTS = ("master", "volume", "filer", "s3")
VOLUMES, VOLUME_MIB = 512, 64
# Each bucket has its own volumes; its first object creates seven of them. A test's bucket needs only one.
ONE_AT_A_TIME = {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}


def binary() -> Path:
    """Return the path of `weed` from `S3OPS_SEAWEEDFS`.

    :raises FileNotFoundError: there is no such file; the message says how to get it.
    """
    named = os.environ.get(BINARY_VARIABLE)
    if not named or not Path(named).is_file():
        raise FileNotFoundError(
            f"{BINARY_VARIABLE} is not the path of a file: `make test-seaweedfs` builds it"
        )
    return Path(named).absolute()


@contextmanager
def seaweedfs(*, tls: bool = False) -> Iterator[S3Server]:
    """Run an empty server, on http or https: master, volume server, filer and S3 gateway in one process."""
    with scratch_folder("s3ops-seaweedfs-") as folder:
        ports = free_ports(2 * len(PARTS))
        certificate = make_certificate(folder) if tls else None
        files = []
        if certificate:
            files = [f"-s3.cert.file={certificate.certificate}", f"-s3.key.file={certificate.key}"]
        server = S3Server(
            NAME,
            endpoint_url=f"{'https' if tls else 'http'}://127.0.0.1:{ports[-2]}",
            access_key="s3ops-root",
            secret_key=secrets.token_urlsafe(24),
            region=REGION,
            ca_bundle=str(certificate.certificate) if certificate else None,
        )
        command: list[str | Path] = [
            *(binary(), "server", "-s3", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *(f"-{part}.port={port}" for part, port in zip(PARTS, ports[::2], strict=True)),
            *(f"-{part}.port.grpc={port}" for part, port in zip(PARTS, ports[1::2], strict=True)),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={_identities(folder, server)}"),
            *("-s3.allowDeleteBucketNotEmpty=false", "-s3.autoCreateBucket=false"),
            *("-s3.allowBackslashInKey", "-master.telemetry=false", *files),
            *(f"-volume.max={VOLUMES}", f"-master.volumeSizeLimitMB={VOLUME_MIB}"),
        ]
        with running(
            command,
            folder,
            healthy(server.endpoint_url, "/healthz", server.ca_bundle),
            os.environ | ONE_AT_A_TIME,
        ):
            _store_one_object(server)
            yield server


def _store_one_object(server: S3Server) -> None:
    """Wait for the volume server: the gateway reports itself as healthy long before it can store objects."""
    s3 = server.client()
    create_bucket(s3, "first")
    s3.put_object(Bucket="first", Key="first", Body=b"first")
    delete_bucket(s3, "first")
    s3.close()


def _identities(folder: Path, server: S3Server) -> Path:
    """Write the file with the identities and their permissions."""
    path = folder / "identities.json"
    path.touch(mode=0o600)
    root = {
        "name": server.access_key,
        "credentials": [{"accessKey": server.access_key, "secretKey": server.secret_key}],
        "actions": ["Admin"],
    }
    path.write_text(json.dumps({"identities": [root]}))
    return path
