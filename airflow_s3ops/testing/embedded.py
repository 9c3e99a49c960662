"""The embedded S3 server: it runs in its own process, which always ends with the context."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

# Run by its path, not by `-m`: then the server cannot import modules from the tests' working folder.
_SERVE = Path(__file__).with_name("serve.py")
_START_WITHIN = 60.0
_STOP_WITHIN = 5.0


class EmbeddedServerError(RuntimeError):
    """The embedded server did not start; the message contains the end of its log."""


@dataclass(frozen=True)
class EmbeddedServer:
    """A running embedded server: its address, and credentials for it.

    :param endpoint_url: the server's address.
    :param access_key: the server accepts any.
    :param secret_key: the server accepts any.
    :param region: the server accepts any. The default is not us-east-1, where CreateBucket must not name the
        region: in us-east-1 a test would not notice that the region is missing from the request.
    """

    endpoint_url: str
    access_key: str = "embedded"
    secret_key: str = "any-will-do"  # noqa: S105 - the server accepts any
    region: str = "eu-central-1"

    def connection(self) -> dict[str, Any]:
        """Return the fields of an Airflow connection to the server."""
        # Buckets have no host names of their own on this server, and a proxy of the machine cannot reach it.
        config = {"s3": {"addressing_style": "path"}, "proxies": {}}
        return {
            "conn_type": "aws",
            "login": self.access_key,
            "password": self.secret_key,
            "extra": {
                "endpoint_url": self.endpoint_url,
                "region_name": self.region,
                "config_kwargs": config,
            },
        }

    def connection_json(self) -> str:
        """Return the connection as JSON, for the environment variable ``AIRFLOW_CONN_<ID>``."""
        return json.dumps(self.connection())


@contextmanager
def embedded_server(
    *, environment: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[EmbeddedServer]:
    """Run an empty S3 server on a free loopback port, as long as the context lasts.

    The server also ends when this process ends, even if this process is killed.

    :param environment: the server's whole environment; None means ours.
    :param log: a file to which the server's errors are appended; None uses them only for the message of
        :class:`EmbeddedServerError`.
    :raises EmbeddedServerError: the server did not start, for example because moto is not installed.
    """
    with log.open("a+b") if log else tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, _SERVE, "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=None if environment is None else dict(environment),
            # Ctrl-C must only stop this process, which may still need the server for its clean-up.
            start_new_session=True,
        )
        try:
            yield EmbeddedServer(_address(process, errors))
        finally:
            _end(process)


def _address(process: subprocess.Popen[bytes], errors: IO[bytes]) -> str:
    output = cast("IO[bytes]", process.stdout)
    is_ready = select.select([output], [], [], _START_WITHIN)[0]
    address = output.readline().decode().strip() if is_ready else ""
    if address:
        return address
    errors.flush()
    errors.seek(0)
    log_end = errors.read().decode(errors="replace").strip()[-4000:]
    raise EmbeddedServerError(f"The embedded S3 server did not start. {log_end or 'Its log is empty.'}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
