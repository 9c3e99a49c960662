"""The data that all steps of one upload share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.requests.parallel import run_in_thread
from airflow_s3ops.s3.requests.retry import Retries
from airflow_s3ops.s3.uploads.engine.content import Windows

if TYPE_CHECKING:
    from airflow_s3ops.s3.checksum import Algorithm, Form
    from airflow_s3ops.s3.requests.cancellation import Cancellation
    from airflow_s3ops.s3.uploads.engine.content import Content
    from airflow_s3ops.s3.uploads.engine.destination import Destination
    from airflow_s3ops.s3.uploads.progress import ProgressSubscriber


@dataclass(frozen=True)
class Transfer:
    """One upload: the content, its destination and the settings.

    :param form: the form of the checksum, if the object is made of parts.
    :param most_at_once: the most parts in flight at once.
    :param retries: the retries of each request.
    """

    destination: Destination
    content: Content
    algorithm: Algorithm
    form: Form
    most_at_once: int
    cancellation: Cancellation
    progress: ProgressSubscriber | None = None
    retries: Retries = field(default_factory=Retries)
    windows: Windows = field(default_factory=Windows)

    @property
    def is_signed_in_full(self) -> bool:
        """Whether signatures cover the content: always on http, and on https where the client says so."""
        meta = self.destination.client.meta
        s3: dict[str, Any] = meta.config.s3 or {}  # type: ignore[attr-defined] # a Config has it
        return meta.endpoint_url.startswith("http:") or bool(s3.get("payload_signing_enabled"))

    def request_once(self, operation: str, **own: Any) -> dict[str, Any]:
        """Make one request, once. A cancellation does not wait for its response.

        :raises S3OpsError: the error that S3 returned.
        :raises Stopped: the upload was cancelled; the result of the request is then unknown.
        """
        return run_in_thread(lambda: self.destination.request(operation, **own), self.cancellation)

    def request_with_retries(self, operation: str, **own: Any) -> dict[str, Any]:
        """Make one request without content, and retry it after a transient error.

        :raises S3OpsError: the error that S3 returned.
        """
        return self.retries.run(lambda: self.request_once(operation, **own), self.cancellation.sleep)

    def check(self) -> None:
        """Check that the upload may continue: it is not cancelled, and the file has not changed.

        :raises Stopped: the upload was cancelled.
        :raises SourceChanged: the file changed.
        """
        self.cancellation.check()
        self.content.source.check()
