"""A client whose requests a stop does not wait for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from airflow_s3ops.s3.requests.parallel import run_in_thread

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.requests.cancellation import Cancellation


def cancellable(client: S3Client, cancellation: Cancellation) -> S3Client:
    """Return the same client for work that makes one request after the other.

    Each request is made by :func:`run_in_thread`: one without a response ends by its own time-out, and its
    caller gets ``Stopped``. What becomes of it is not known then.

    :param halt: looked at before each request, and while its answer is waited for.
    """
    return cast("S3Client", _CancellableClient(client, cancellation))


class _CancellableClient:
    def __init__(self, client: S3Client, cancellation: Cancellation) -> None:
        self._client = client
        self._halt = cancellation

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in self._client.meta.method_to_api_mapping:
            return found
        return partial(self._request, found)

    def get_paginator(self, operation: str) -> Any:
        # boto3's own would make its requests by the client's methods, past ours.
        return cast("Any", type(self._client)).get_paginator(self, operation)

    def _request(self, method: Any, **request: Any) -> Any:
        return run_in_thread(partial(method, **request), self._halt)
