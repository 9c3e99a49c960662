"""What all operators share: the connection's parameters, and the way from a hook's method to a task's end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow.sdk import BaseOperator

from airflow_s3ops.operators.coerce import as_verify, require_rendered, require_text
from airflow_s3ops.operators.links import S3ConsoleLink
from airflow_s3ops.operators.secrets import mask_secrets
from airflow_s3ops.s3.errors import S3OpsError
from airflow_s3ops.s3.names import bucket_and_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import jinja2
    from airflow.sdk import BaseOperatorLink, Context

    from airflow_s3ops.hooks import S3OpsHook
    from airflow_s3ops.s3.results import Result

CONNECTION_FIELDS = ("aws_conn_id", "region_name", "verify", "botocore_config")
TEXT_FIELDS = ("bucket", "key", "prefix", "manifest_key")
# Texts, or paths or lists of them.
RENDERED_FIELDS = ("filename", "source", "include", "exclude", "last", "manifests")


class S3OpsOperator(BaseOperator):
    """One S3 operation as a task. A subclass says which, in :meth:`operate` and :meth:`target`.

    A permanent error ends the task at once, without burning its retries; a transient one leaves them to
    Airflow.

    :param aws_conn_id: an ``aws`` connection's id; None means boto3's own chain.
    :param region_name: wins over the connection's.
    :param verify: TLS: False, or a CA bundle's path; wins over the connection's.
    :param botocore_config: fields of ``botocore.config.Config``, merged over the connection's
        ``config_kwargs``.
    """

    template_fields: Sequence[str] = CONNECTION_FIELDS
    template_fields_renderers: ClassVar[dict[str, str]] = {"botocore_config": "json"}
    ui_color = "#e7f3ea"
    operator_extra_links: Sequence[BaseOperatorLink] = (S3ConsoleLink(),)
    # A used hook holds a client and a lock, which no deep copy can be made of.
    shallow_copy_attrs: Sequence[str] = ("hook",)
    _stop_requested = False

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    @abstractmethod
    def operate(self, context: Context) -> Result:
        """Call the one method of the hook that this operator stands for."""

    @abstractmethod
    def target(self) -> tuple[str | None, str | None]:
        """Return bucket and key (or prefix) as they were given."""

    def start_message(self) -> str:
        """Return what the task is about to do, for the log line at its start."""
        target = "/".join(str(part) for part in self.target() if part)
        return f"{type(self).__name__.removesuffix('Operator')} on {target}"

    def execute(self, context: Context) -> dict[str, Any]:
        """Do it, and return the result as XCom holds it."""
        self.log.info("%s (connection %s)", self.start_message(), self.aws_conn_id or "boto3's own chain")
        with permanent_errors_end_the_task():
            for name in TEXT_FIELDS:
                require_text(name, getattr(self, name, None))
            for name in RENDERED_FIELDS:
                require_rendered(name, getattr(self, name, None))
            result = self.operate(context)
        xcom = result.to_xcom()
        self.log.info("Done: %s", ", ".join(f"{name}={value}" for name, value in xcom.items()))
        return xcom

    def on_kill(self) -> None:
        """Ask the transfer or deletion to end between two requests; S3 keeps what is done."""
        self.log.info("Stopping at the next request")
        self._stop_requested = True
        if "hook" in vars(self):
            self.hook.stop()

    @cached_property
    def hook(self) -> S3OpsHook:
        """Return the hook of this task, made once."""
        from airflow_s3ops.hooks import S3OpsHook

        hook = S3OpsHook(
            aws_conn_id=self.aws_conn_id,
            region_name=None if self.region_name == "None" else self.region_name,
            verify=as_verify(self.verify),
            config=self.botocore_config,
        )
        if self._stop_requested:  # while the import above, which takes seconds, was at work
            hook.stop()
        return hook

    def console_url(self) -> str:
        """Return the page that the extra link opens; "" where the target is not known."""
        from airflow_s3ops.s3.objects.console import console_url

        try:
            bucket, key = bucket_and_prefix(*self.target())
        except S3OpsError:
            return ""
        region_name, endpoint_url = self._region_and_endpoint()
        return console_url(bucket, key, region_name=region_name, endpoint_url=endpoint_url)

    def render_template(
        self,
        content: Any,
        context: Context | Mapping[str, Any],
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render, and tell Airflow's log which of the values are secrets.

        Here, and not in ``render_template_fields``, which mapped tasks do without.
        """
        rendered = super().render_template(content, context, jinja_env, seen_oids)  # type: ignore[arg-type]
        if isinstance(rendered, Mapping):
            mask_secrets(rendered)
        return rendered

    def _region_and_endpoint(self) -> tuple[str | None, str | None]:
        if "client" in vars(self.hook):  # knows what comes from ~/.aws/config and the environment, too
            return self.hook.client.meta.region_name, self.hook.client.meta.endpoint_url
        try:
            connection = self.hook.conn_config
        except S3OpsError:
            return self.region_name, None
        return connection.region_name, connection.get_service_endpoint_url("s3")


@contextmanager
def permanent_errors_end_the_task() -> Iterator[None]:
    """Raise what ends a task without retries from an error that a retry would not mend."""
    try:
        yield
    except S3OpsError as error:
        if error.retryable:
            raise
        raise _fail_exception()(str(error)) from error


def _fail_exception() -> type[Exception]:
    from airflow.sdk import exceptions as sdk_exceptions

    try:
        return sdk_exceptions.AirflowFailException
    except AttributeError:  # Airflow 3.1 keeps it elsewhere
        from airflow import exceptions

        return cast("type[Exception]", exceptions.AirflowFailException)
