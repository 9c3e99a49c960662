"""awscrt's S3 client for the length of one batch: made in the process that uses it, ended with it.

It is not fork-safe, so nothing of it outlives the batch. It signs, keeps the connections and sends; it never
repeats a request by itself, because only who repeats it knows that an answer may have been lost.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

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

from airflow_s3ops.s3.bulk.crt_credentials import CrtCredentials
from airflow_s3ops.s3.bulk.journey import Look, Put
from airflow_s3ops.s3.bulk.trust_store import trusted_authorities
from airflow_s3ops.s3.errors import InvalidInput
from airflow_s3ops.s3.requests.translate import translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_s3 import S3Client
    from typing_extensions import Self

    from airflow_s3ops.s3.bulk.answer import Refusals
    from airflow_s3ops.s3.bulk.burst_loop import Traveller
    from airflow_s3ops.s3.bulk.parcel import Parcel
    from airflow_s3ops.s3.bulk.template import Header, Template, Templates
    from airflow_s3ops.s3.errors import S3OpsError

# awscrt makes 5 connections for each 2 Gbit/s that it is to reach, and no more however many are allowed.
_GBPS_PER_CONNECTION = 0.4
# One thread feeds all connections: a second one costs more CPU in hand-overs than it brings.
_EVENT_LOOPS = 1
# Seconds, for a client without a time-out: by then the kernel has given up. awscrt takes 0 for a few seconds.
_LONGEST_CONNECT = 600
# Together less than the 2 seconds that a stop may take.
CLOSE_WITHIN = 1.0


class Sending:
    """One request under way, and what came back.

    :param ended: where it puts itself when it has ended.
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

    def __init__(self, owner: Traveller, operation: str, key: str, ended: SimpleQueue[Sending]) -> None:
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
        """Keep the head of the answer."""
        self.status = status_code
        self.headers = headers

    def on_done(self, error: Exception | None, error_body: bytes | None, **more: Any) -> None:
        """Keep what else there is. Everything else happens in the thread that takes it from the queue."""
        if error is not None:
            self.error = error
            self.body = error_body
            self.status = more["status_code"]
            self.headers = more["error_headers"] or ()
        self.seconds = time.monotonic() - self._begun
        self._ended.put(self)


class _Body(BytesIO):
    """Bytes that awscrt reads, in one go and without a step of Python: it asks for ``readinto1``."""

    readinto1 = BytesIO.readinto


class CrtClient:
    """Sends requests of one batch; a context manager.

    :param client: whose credentials, authorities and time-outs are used.
    :param templates: the batch's requests.
    :param connections: requests under way at once, at most.
    """

    def __init__(self, client: S3Client, templates: Templates, connections: int) -> None:
        template = templates.put  # host and signature are the same for all
        self._client = client
        self._templates = templates
        self._scope = template.scope
        self._ended: SimpleQueue[Sending] = SimpleQueue()
        self._under_way: set[Sending] = set()
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

    def ask(self, owner: Traveller, wish: Put | Look) -> None:
        """Begin a request; its owner comes back with what became of it."""
        if isinstance(wish, Put):
            self._begin(owner, "PutObject", self._templates.put, wish.key, wish.headers, wish.parcel)
        else:
            template = self._templates.look_at_first_part if wish.first_part else self._templates.look
            self._begin(owner, "HeadObject", template, wish.key, [], None)

    def _begin(
        self,
        owner: Traveller,
        operation: str,
        template: Template,
        key: str,
        own: Sequence[Header],
        parcel: Parcel | None,
    ) -> None:
        headers = [("Host", template.host), *template.headers, *own]
        body, payload = None, AwsSignedBodyValue.EMPTY_SHA256
        if parcel:
            payload = parcel.sha256 or payload
            headers.append(("Content-Length", str(len(parcel.data))))
            body = _Body(parcel.data) if parcel.data else None
        sending = Sending(owner, operation, key, self._ended)
        self._under_way.add(sending)
        sending.request = self._crt.make_request(
            type=crt.S3RequestType.DEFAULT,
            operation_name=operation,
            request=HttpRequest(template.method, template.path(key), HttpHeaders(headers), body),
            signing_config=self._signing(payload) if template.signs_payload else None,
            on_headers=sending.on_headers,
            on_done=sending.on_done,
        )

    def error_of(self, sending: Sending, refusals: Refusals) -> S3OpsError:
        """Return our error for a request that failed."""
        if sending.status is not None and isinstance(sending.error, crt.S3ResponseError):
            return refusals.of_answer(
                sending.operation, sending.key, sending.status, sending.headers, sending.body
            )
        return refusals.of_connection(sending.operation, sending.key, sending.error)

    def ended(self, within: float) -> Sending | None:
        """Return a request that has ended; None if none does.

        :param within: seconds to wait; 0 looks only.
        :raises S3OpsError: there are no credentials any more.
        """
        if self.credentials and self.credentials.failure:
            with translated(self._client):
                raise self.credentials.failure
        if within <= 0 and self._ended.empty():
            return None
        try:
            sending = self._ended.get(timeout=within) if within > 0 else self._ended.get_nowait()
        except Empty:
            return None
        self._forget(sending)
        return sending

    def _forget(self, sending: Sending) -> None:
        self._under_way.discard(sending)
        sending.request = None  # the two know each other, and a request keeps the client alive

    def close(self) -> None:
        """Cancel what is under way and end all threads, within :data:`CLOSE_WITHIN` seconds."""
        until = time.monotonic() + CLOSE_WITHIN
        for sending in list(self._under_way):
            if sending.request:
                sending.request.cancel()
        # Not by ended(): that raises what is wrong with the credentials, and all this would be left undone.
        while self._under_way and (rest := until - time.monotonic()) > 0:
            with suppress(Empty):
                self._forget(self._ended.get(timeout=rest))
        for sending in self._under_way:
            sending.request = None
        events = [self._crt.shutdown_event, self._bootstrap.shutdown_event, self._loops.shutdown_event]
        del self._crt, self._bootstrap, self._loops, self.credentials
        is_main = threading.current_thread() is threading.main_thread()  # no other may join awscrt's threads
        if all(_is_set(event, until) for event in events) and is_main:
            join_all_native_threads(timeout_sec=max(0.05, until - time.monotonic()))

    def _signing(self, payload: str) -> AwsSigningConfig | None:
        """Return how to sign. S3 takes a path as it is written: neither encoded again nor mended."""
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
            f"The authorities to trust cannot be read from {authorities!r}",
            advice="verify names a PEM file with certificates; nothing was sent.",
        ) from error
