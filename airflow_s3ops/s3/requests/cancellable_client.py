"""A client whose pending requests do not delay a cancellation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from airflow_s3ops.s3.requests.parallel import run_in_thread

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.requests.cancellation import Cancellation


def cancellable(client: S3Client, cancellation: Cancellation) -> S3Client:
    """Return a client for work that makes one request at a time, and that can be cancelled while it waits.

    Each request is made by :func:`run_in_thread`. When the work is cancelled, the caller gets ``Stopped`` at
    once; a request without a response ends later by its own time-out, and its outcome is unknown.

    :param cancellation: checked before each request, and while waiting for the response.
    """
    return cast("S3Client", _CancellableClient(client, cancellation))


class _CancellableClient:
    def __init__(self, client: S3Client, cancellation: Cancellation) -> None:
        self._client = client
        self._cancellation = cancellation

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name not in self._client.meta.method_to_api_mapping:
            return found
        return partial(self._request, found)

    def get_paginator(self, operation: str) -> Any:
        # A paginator of the inner client would call the inner client's methods directly.
        return cast("Any", type(self._client)).get_paginator(self, operation)

    def _request(self, method: Any, **request: Any) -> Any:
        return run_in_thread(partial(method, **request), self._cancellation)
