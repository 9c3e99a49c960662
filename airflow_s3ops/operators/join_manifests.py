"""``JoinManifestsOperator``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_s3ops.operators.base import CONNECTION_FIELDS, S3OpsOperator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from airflow_s3ops.s3.results import JoinManifestsResult


class JoinManifestsOperator(S3OpsOperator):
    """Join the manifests of many uploads into one, when all of them are there; delete nothing.

    :param bucket: of the joined manifest, and of those that are given as a key; None if ``manifest_key`` is
        an ``s3://`` URI.
    :param manifests: ``s3://`` URIs or keys; or the results of uploads, such as the ``output`` of a mapped
        ``UploadFilesOperator`` whose tasks have a ``manifest_key`` each.
    :param manifest_key: of the joined manifest; what is there is replaced.
    :param extra_args: any parameter of S3's PutObject, for the joined manifest; those that GetObject knows
        as well, such as ``SSECustomerKey``, go with the reading of each manifest, too.
    :raises ObjectNotFound: a manifest is not there.
    :raises InvalidManifest: a row is none, a key or a manifest is there twice, or an object that is listed
        has the joined manifest's key; with its name.
    """

    template_fields: Sequence[str] = (
        "bucket",
        "manifests",
        "manifest_key",
        "extra_args",
        *CONNECTION_FIELDS,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **S3OpsOperator.template_fields_renderers,
        "extra_args": "json",
    }

    def __init__(
        self,
        *,
        bucket: str | None = None,
        manifests: Sequence[str | Mapping[str, Any]],
        manifest_key: str,
        extra_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket
        self.manifests = manifests
        self.manifest_key = manifest_key
        self.extra_args = extra_args

    def target(self) -> tuple[str | None, str | None]:
        """Return the joined manifest."""
        return self.bucket, self.manifest_key

    def operate(self, context: Context) -> JoinManifestsResult:  # noqa: ARG002 - the base's signature
        """Join them."""
        return self.hook.join_manifests(
            self.bucket, self.manifests, self.manifest_key, extra_args=self.extra_args
        )
