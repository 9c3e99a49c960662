"""``JoinManifestsOperator``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_s3ops.operators.base import CONNECTION_FIELDS, S3OpsOperator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from airflow_s3ops.s3.results import JoinManifestsResult


class JoinManifestsOperator(S3OpsOperator):
    """Join the manifests of many uploads into one. All of them must exist; nothing is deleted.

    :param bucket: the bucket of the joined manifest, and of the manifests that are given as a key; None if
        ``manifest_key`` is an ``s3://`` URI.
    :param manifests: ``s3://`` URIs or keys; or the results of uploads, such as the ``output`` of a mapped
        ``UploadFilesOperator`` whose tasks have a ``manifest_key`` each.
    :param manifest_key: the key of the joined manifest; an existing object is replaced.
    :param extra_args: any parameter of S3's PutObject, for the joined manifest. Those that GetObject has as
        well, such as ``SSECustomerKey``, are also used to read each manifest.
    :raises ObjectNotFound: a manifest does not exist.
    :raises InvalidManifest: a line is not a valid row, a key or a manifest occurs twice, or a listed object
        has the joined manifest's key; the error names it.
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
        """Join the manifests."""
        return self.hook.join_manifests(
            self.bucket, self.manifests, self.manifest_key, extra_args=self.extra_args
        )
