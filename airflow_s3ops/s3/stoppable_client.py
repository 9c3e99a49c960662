"""A client whose requests a stop does not wait for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from airflow_s3ops.s3.parallel import run_aside

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.halt import Halt


def stoppable(client: S3Client, halt: Halt) -> S3Client:
    """Return the same client for work that makes one request after the other.

    Each request is made as :func:`run_aside` does it: one that is never answered ends by its own time-out,
    and whoever waits for it gets ``Stopped``. What becomes of it is not known then.

    :param halt: looked at before each request, and while its answer is waited for.
    """
    return cast("S3Client", _StoppableClient(client, halt))


class _StoppableClient:
    def __init__(self, client: S3Client, halt: Halt) -> None:
        self._client = client
        self._halt = halt

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in self._client.meta.method_to_api_mapping:
            return found
        return partial(self._ask, found)

    def get_paginator(self, operation: str) -> Any:
        # boto3's own would make its requests by the client's methods, past ours.
        return cast("Any", type(self._client)).get_paginator(self, operation)

    def _ask(self, method: Any, **request: Any) -> Any:
        return run_aside(partial(method, **request), self._halt)
