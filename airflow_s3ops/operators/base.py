"""The base of all operators: the connection's parameters, and how a result or an error ends the task."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow.sdk import BaseOperator

from airflow_s3ops.operators.coerce import as_verify, refuse_python_repr, require_text
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
# Each is a text, a path, or a list of these.
PYTHON_REPR_REFUSED = ("filename", "source", "include", "exclude", "last", "manifests")


class S3OpsOperator(BaseOperator):
    """One S3 operation as a task. A subclass implements it in :meth:`operate` and :meth:`target`.

    A permanent error fails the task at once, without retries. After a transient error Airflow retries the
    task.

    :param aws_conn_id: the id of an ``aws`` connection; None means boto3's own credential chain.
    :param region_name: overrides the connection's region.
    :param verify: TLS verification: False, or the path of a CA bundle; overrides the connection's.
    :param botocore_config: fields of ``botocore.config.Config``, merged over the connection's
        ``config_kwargs``.
    """

    template_fields: Sequence[str] = CONNECTION_FIELDS
    template_fields_renderers: ClassVar[dict[str, str]] = {"botocore_config": "json"}
    ui_color = "#e7f3ea"
    operator_extra_links: Sequence[BaseOperatorLink] = (S3ConsoleLink(),)
    # Once used, a hook holds a client and a lock, which cannot be deep-copied.
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
        """Call the hook's method for this operation."""

    @abstractmethod
    def target(self) -> tuple[str | None, str | None]:
        """Return the bucket and the key (or prefix) as they were given."""

    def start_message(self) -> str:
        """Return the log line for the start of the task: operation and target."""
        target = "/".join(str(part) for part in self.target() if part)
        return f"{type(self).__name__.removesuffix('Operator')} on {target}"

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the operation, and return its result for XCom."""
        self.log.info(
            "%s (connection %s)", self.start_message(), self.aws_conn_id or "boto3's own credential chain"
        )
        with permanent_errors_end_the_task():
            for name in TEXT_FIELDS:
                require_text(name, getattr(self, name, None))
            for name in PYTHON_REPR_REFUSED:
                refuse_python_repr(name, getattr(self, name, None))
            result = self.operate(context)
        xcom = result.to_xcom()
        self.log.info("Done: %s", ", ".join(f"{name}={value}" for name, value in xcom.items()))
        return xcom

    def on_kill(self) -> None:
        """Cancel the transfer or deletion before its next request; what is done on S3 stays."""
        self.log.info("Stopping before the next request")
        self._stop_requested = True
        if "hook" in vars(self):
            self.hook.stop()

    @cached_property
    def hook(self) -> S3OpsHook:
        """Return the hook of this task, created once."""
        from airflow_s3ops.hooks import S3OpsHook

        hook = S3OpsHook(
            aws_conn_id=self.aws_conn_id,
            region_name=None if self.region_name == "None" else self.region_name,
            verify=as_verify(self.verify),
            config=self.botocore_config,
        )
        if self._stop_requested:  # during the import above, which takes seconds
            hook.stop()
        return hook

    def console_url(self) -> str:
        """Return the URL that the extra link opens; "" if the target is not known."""
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
        """Render, and register the secrets among the values with Airflow's log masker.

        It is done here because mapped tasks do not call ``render_template_fields``.
        """
        rendered = super().render_template(content, context, jinja_env, seen_oids)  # type: ignore[arg-type]
        if isinstance(rendered, Mapping):
            mask_secrets(rendered)
        return rendered

    def _region_and_endpoint(self) -> tuple[str | None, str | None]:
        if "client" in vars(self.hook):  # it also has the values from ~/.aws/config and the environment
            return self.hook.client.meta.region_name, self.hook.client.meta.endpoint_url
        try:
            connection = self.hook.conn_config
        except S3OpsError:
            return self.region_name, None
        return connection.region_name, connection.get_service_endpoint_url("s3")


@contextmanager
def permanent_errors_end_the_task() -> Iterator[None]:
    """Turn an error that a retry cannot fix into the exception that fails a task without retries."""
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
    except AttributeError:  # Airflow 3.1 has it in another module
        from airflow import exceptions

        return cast("type[Exception]", exceptions.AirflowFailException)
