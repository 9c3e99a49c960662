"""The embedded S3 server: started in a process of its own, and surely ended."""

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

# By its path: what lies in the folder that tests run in must not be imported by a server.
_SERVE = Path(__file__).with_name("serve.py")
_START_WITHIN = 60.0
_STOP_WITHIN = 5.0


class EmbeddedServerError(RuntimeError):
    """The embedded server did not start; the message holds the end of its log."""


@dataclass(frozen=True)
class EmbeddedServer:
    """An embedded server, and how to reach it.

    :param endpoint_url: its address.
    :param access_key: it takes any.
    :param secret_key: it takes any.
    :param region: it takes any. Not us-east-1, where CreateBucket must not name the region: a test on that
        would not notice it forgotten.
    """

    endpoint_url: str
    access_key: str = "embedded"
    secret_key: str = "any-will-do"  # noqa: S105 - it takes any
    region: str = "eu-central-1"

    def connection(self) -> dict[str, Any]:
        """Return the fields of an Airflow connection to it."""
        # A bucket has no host name of its own there, and no proxy of the machine leads there.
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
        """Return the connection as the environment variable ``AIRFLOW_CONN_<ID>`` takes it."""
        return json.dumps(self.connection())


@contextmanager
def embedded_server(
    *, environment: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator[EmbeddedServer]:
    """Run an empty S3 server on loopback and a free port, for as long as the context lasts.

    It ends with this process, too, however that ends.

    :param environment: the server's whole environment; None hands down ours.
    :param log: its errors are added there; None keeps them for the message of an error only.
    :raises EmbeddedServerError: it did not start, because moto is not installed, for one.
    """
    with log.open("a+b") if log else tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, _SERVE, "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=None if environment is None else dict(environment),
            # Ctrl-C is for us, who may still need the server to clean up.
            start_new_session=True,
        )
        try:
            yield EmbeddedServer(_address(process, errors))
        finally:
            _end(process)


def _address(process: subprocess.Popen[bytes], errors: IO[bytes]) -> str:
    output = cast("IO[bytes]", process.stdout)
    is_told = select.select([output], [], [], _START_WITHIN)[0]
    address = output.readline().decode().strip() if is_told else ""
    if address:
        return address
    errors.flush()
    errors.seek(0)
    told = errors.read().decode(errors="replace").strip()[-4000:]
    raise EmbeddedServerError(f"The embedded S3 server did not start. {told or 'It said nothing.'}")


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
