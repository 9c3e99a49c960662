"""awscrt's S3 client, created for one batch in the process that uses it, and closed at the batch's end.

It is not fork-safe, so no part of it outlives the batch. It signs, sends and keeps the connections. It never
retries by itself: only the caller that retries a request knows that an earlier response may have been lost.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from awscrt import s3 as crt
from awscrt.auth import AwsSignedBodyHeaderType, AwsSignedBodyValue, AwsSigningConfig
from awscrt.common import join_all_native_threads
from awscrt.http import HttpHeaders, HttpRequest
from awscrt.io import (
    ClientBootstrap,
    ClientTlsContext,
    DefaultHostResolver,
    EventLoopGroup,
    TlsContextOptions,
)

from airflow_s3ops.s3.burst.credentials import CrtCredentials
from airflow_s3ops.s3.burst.trust_store import trusted_authorities
from airflow_s3ops.s3.errors import InvalidInput
from airflow_s3ops.s3.requests.translate import translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_s3 import S3Client
    from typing_extensions import Self

    from airflow_s3ops.s3.burst.request_template import Template
    from airflow_s3ops.s3.burst.response import ResponseErrors
    from airflow_s3ops.s3.burst.work import Request
    from airflow_s3ops.s3.errors import S3OpsError

Owner = TypeVar("Owner")

# awscrt opens 5 connections for each 2 Gbit/s of its target throughput, even if more are allowed.
_GBPS_PER_CONNECTION = 0.4
# One thread serves all connections: a second one costs more CPU for switching between threads than it gains.
_EVENT_LOOPS = 1
# Seconds, for a client without a connect time-out: the kernel gives up earlier. For awscrt, 0 means a few
# seconds.
_LONGEST_CONNECT = 600
# Seconds. A cancellation may take 2 seconds in all.
CLOSE_WITHIN = 1.0


class PendingRequest(Generic[Owner]):
    """One request in flight, and its response.

    :param ended: the queue that it puts itself into when it has ended.
    """

    __slots__ = (
        "_begun",
        "_ended",
        "body",
        "error",
        "headers",
        "key",
        "operation",
        "owner",
        "request",
        "seconds",
        "status",
    )

    def __init__(
        self, owner: Owner, operation: str, key: str, ended: SimpleQueue[PendingRequest[Owner]]
    ) -> None:
        self.owner = owner
        self.operation = operation
        self.key = key
        self.request: crt.S3Request | None = None
        self.status: int | None = None
        self.headers: Sequence[tuple[str, str]] = ()
        self.body: bytes | None = None
        self.error: Exception | None = None
        self.seconds = 0.0
        self._ended = ended
        self._begun = time.monotonic()

    def on_headers(self, status_code: int, headers: Sequence[tuple[str, str]], **_: object) -> None:
        """Keep the status and headers of the response."""
        self.status = status_code
        self.headers = headers

    def on_done(self, error: Exception | None, error_body: bytes | None, **more: Any) -> None:
        """Keep the rest of the response. The thread that reads the queue does everything else."""
        if error is not None:
            self.error = error
            self.body = error_body
            self.status = more["status_code"]
            self.headers = more["error_headers"] or ()
        self.seconds = time.monotonic() - self._begun
        self._ended.put(self)


class _Body(BytesIO):
    """Bytes that awscrt reads in one call, without running Python code: it calls ``readinto1``."""

    readinto1 = BytesIO.readinto


class CrtClient(Generic[Owner]):
    """Sends the requests of one batch; a context manager.

    :param client: the boto3 client whose credentials, certificate authorities and time-outs are used.
    :param template: of any of the batch's requests: all have the same host and the same kind of signature.
    :param connections: the highest number of requests in flight at once.
    """

    def __init__(self, client: S3Client, template: Template, connections: int) -> None:
        self._client = client
        self._scope = template.scope
        self._ended: SimpleQueue[PendingRequest[Owner]] = SimpleQueue()
        self._in_flight: set[PendingRequest[Owner]] = set()
        self._loops = EventLoopGroup(_EVENT_LOOPS)
        self._bootstrap = ClientBootstrap(self._loops, DefaultHostResolver(self._loops))
        self.credentials = CrtCredentials(client) if template.scope else None
        timeout: float | None = client.meta.config.connect_timeout  # type: ignore[attr-defined] # a Config has it
        self._crt = crt.S3Client(
            bootstrap=self._bootstrap,
            region=template.scope.region if template.scope else client.meta.region_name or "us-east-1",
            tls_mode=crt.S3RequestTlsMode.ENABLED if template.is_https else crt.S3RequestTlsMode.DISABLED,
            tls_connection_options=_tls_options(client) if template.is_https else None,
            signing_config=self._signing(AwsSignedBodyValue.UNSIGNED_PAYLOAD),
            throughput_target_gbps=connections * _GBPS_PER_CONNECTION,
            max_active_connections_override=connections,
            retry_config=crt.S3RetryConfig(retry_mode=crt.S3RetryMode.NONE),
            connect_timeout_ms=int((timeout or _LONGEST_CONNECT) * 1000),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, owner: Owner, request: Request) -> None:
        """Start a request; :meth:`ended` returns it with its owner and its response."""
        template = request.template
        headers = [("Host", template.host), *template.headers, *request.headers]
        body, payload = None, AwsSignedBodyValue.EMPTY_SHA256
        if request.body is not None:
            payload = request.sha256 or payload
            headers.append(("Content-Length", str(len(request.body))))
            body = _Body(request.body) if request.body else None
        pending = PendingRequest(owner, template.operation, request.key, self._ended)
        self._in_flight.add(pending)
        pending.request = self._crt.make_request(
            type=crt.S3RequestType.DEFAULT,
            operation_name=template.operation,
            request=HttpRequest(template.method, template.path(request.key), HttpHeaders(headers), body),
            signing_config=self._signing(payload) if template.signs_payload else None,
            on_headers=pending.on_headers,
            on_done=pending.on_done,
        )

    def error_of(self, pending: PendingRequest[Owner], response_errors: ResponseErrors) -> S3OpsError:
        """Return our error for a request that failed."""
        if pending.status is not None and isinstance(pending.error, crt.S3ResponseError):
            return response_errors.of_response(
                pending.operation, pending.key, pending.status, pending.headers, pending.body
            )
        return response_errors.of_connection(pending.operation, pending.key, pending.error)

    def ended(self, within: float) -> PendingRequest[Owner] | None:
        """Return a request that has ended; None if none has.

        :param within: seconds to wait; 0 does not wait.
        :raises S3OpsError: the credentials could not be renewed.
        """
        if self.credentials and self.credentials.failure:
            with translated(self._client):
                raise self.credentials.failure
        if within <= 0 and self._ended.empty():
            return None
        try:
            pending = self._ended.get(timeout=within) if within > 0 else self._ended.get_nowait()
        except Empty:
            return None
        self._forget(pending)
        return pending

    def _forget(self, pending: PendingRequest[Owner]) -> None:
        self._in_flight.discard(pending)
        pending.request = None  # breaks a reference cycle: an S3Request keeps the client alive

    def close(self) -> None:
        """Cancel the requests in flight and end all threads, within :data:`CLOSE_WITHIN` seconds."""
        until = time.monotonic() + CLOSE_WITHIN
        for pending in list(self._in_flight):
            if pending.request:
                pending.request.cancel()
        # Not by ended(): it raises an error of the credentials, and the clean-up would not be finished.
        while self._in_flight and (rest := until - time.monotonic()) > 0:
            with suppress(Empty):
                self._forget(self._ended.get(timeout=rest))
        for pending in self._in_flight:
            pending.request = None
        events = [self._crt.shutdown_event, self._bootstrap.shutdown_event, self._loops.shutdown_event]
        del self._crt, self._bootstrap, self._loops, self.credentials
        is_main = threading.current_thread() is threading.main_thread()  # only it may join awscrt's threads
        if all(_is_set(event, until) for event in events) and is_main:
            join_all_native_threads(timeout_sec=max(0.05, until - time.monotonic()))

    def _signing(self, payload: str) -> AwsSigningConfig | None:
        """Return how to sign. For S3, a path is signed as it is: neither encoded again nor normalised."""
        if self._scope is None or self.credentials is None:
            return None
        return AwsSigningConfig(
            credentials_provider=self.credentials.provider,
            region=self._scope.region,
            service=self._scope.service,
            use_double_uri_encode=False,
            should_normalize_uri_path=False,
            signed_body_value=payload,
            signed_body_header_type=AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256,
        )


def _is_set(event: threading.Event, until: float) -> bool:
    return event.wait(max(0.05, until - time.monotonic()))


def _tls_options(client: S3Client) -> Any:
    authorities = trusted_authorities(client)
    options = TlsContextOptions()
    if authorities is None:
        options.verify_peer = False
    else:
        options.override_default_trust_store_from_path(ca_filepath=authorities)
    try:
        return ClientTlsContext(options).new_connection_options()
    except RuntimeError as error:
        raise InvalidInput(
            f"The certificate authorities cannot be read from {authorities!r}",
            advice="Give verify the path of a PEM file with certificates; nothing was sent.",
        ) from error
