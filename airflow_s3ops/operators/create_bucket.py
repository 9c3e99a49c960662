"""``CreateBucketOperator``."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_s3ops.operators.base import CONNECTION_FIELDS, S3OpsOperator
from airflow_s3ops.s3.buckets.settings import BucketSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import jinja2
    from airflow.sdk import Context

    from airflow_s3ops.s3.results import CreateBucketResult


class CreateBucketOperator(S3OpsOperator):
    """Create a bucket, or adopt it if this account owns it already; then apply the requested settings.

    The region is ``region_name``, else the connection's, else the client's. A second run changes nothing and
    reports it: ``{"bucket": …, "region": …, "status": "existed", "applied": []}``.

    :param bucket: 3 to 63 characters, by S3's naming rules; the name is unique among all AWS accounts.
    :param if_exists: ``adopt`` accepts an existing bucket only if this account owns it and it is in the
        requested region; ``fail`` accepts no existing bucket.
    :param settings: a :class:`BucketSettings`, or its fields as a dict. None leaves a setting as it is.
    :param extra_args: further parameters of S3's CreateBucket.
    :raises InvalidBucketName: the name breaks a rule; the error names the rule.
    :raises BucketNotMine: another account has a bucket of that name.
    :raises BucketInOtherRegion: the bucket is in another region; the error names both.
    :raises BucketExists: the bucket exists, with ``if_exists="fail"``.
    :raises NotSupportedByServer: the server does not implement a setting; the error names it.
    """

    template_fields: Sequence[str] = ("bucket", "if_exists", "settings", "extra_args", *CONNECTION_FIELDS)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **S3OpsOperator.template_fields_renderers,
        "settings": "json",
        "extra_args": "json",
    }

    def __init__(
        self,
        *,
        bucket: str,
        if_exists: Literal["adopt", "fail"] = "adopt",
        settings: BucketSettings | dict[str, Any] | None = None,
        extra_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self.if_exists = if_exists
        self.settings = settings
        self.extra_args = extra_args

    def target(self) -> tuple[str | None, str | None]:
        """Return the bucket."""
        return self.bucket, None

    def operate(self, context: Context) -> CreateBucketResult:  # noqa: ARG002 - the base's signature
        """Create or adopt the bucket."""
        return self.hook.create_bucket(
            self.bucket, if_exists=self.if_exists, settings=self.settings, extra_args=self.extra_args
        )

    def render_template(
        self,
        content: Any,
        context: Context | Mapping[str, Any],
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render the fields of a :class:`BucketSettings` too: Airflow renders plain containers only."""
        if not isinstance(content, BucketSettings):
            return super().render_template(content, context, jinja_env, seen_oids)
        rendered = {
            field.name: self.render_template(getattr(content, field.name), context, jinja_env, seen_oids)
            for field in fields(content)
        }
        return replace(content, **rendered)
