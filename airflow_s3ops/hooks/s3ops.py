"""``S3OpsHook``: one S3 client for an Airflow connection, and one method for each operation."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

from airflow_s3ops import __version__
from airflow_s3ops.hooks.client import role_assumed, s3_client
from airflow_s3ops.hooks.connection import aws_connection, merged_config
from airflow_s3ops.s3.buckets.create import create_bucket
from airflow_s3ops.s3.buckets.delete import delete_bucket
from airflow_s3ops.s3.deletes.objects import delete_objects
from airflow_s3ops.s3.errors import AccessDenied, S3OpsError
from airflow_s3ops.s3.files.source import checked_filename
from airflow_s3ops.s3.listings.multipart_uploads import abort_uploads, list_uploads
from airflow_s3ops.s3.listings.objects import list_objects
from airflow_s3ops.s3.listings.versions import list_versions
from airflow_s3ops.s3.manifests.join import join_manifests
from airflow_s3ops.s3.names import bucket_and_key, bucket_and_prefix
from airflow_s3ops.s3.objects.delete import delete_object
from airflow_s3ops.s3.objects.head import head_object
from airflow_s3ops.s3.objects.presign import presigned_url
from airflow_s3ops.s3.requests.caller import caller_of
from airflow_s3ops.s3.requests.translate import translated
from airflow_s3ops.s3.uploads.file import upload_file
from airflow_s3ops.s3.uploads.files import upload_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from botocore.config import Config
    from types_boto3_s3 import S3Client

    from airflow_s3ops.hooks.connection import AwsConnection
    from airflow_s3ops.s3.buckets.settings import BucketSettings
    from airflow_s3ops.s3.files.find import FilesSource
    from airflow_s3ops.s3.listings.multipart_uploads import UploadEntry
    from airflow_s3ops.s3.listings.objects import ObjectEntry
    from airflow_s3ops.s3.listings.versions import VersionEntry
    from airflow_s3ops.s3.objects.head import ObjectHead
    from airflow_s3ops.s3.results import (
        CreateBucketResult,
        DeleteBucketResult,
        DeleteObjectResult,
        DeleteObjectsResult,
        JoinManifestsResult,
        UploadFileResult,
        UploadFilesResult,
    )
    from airflow_s3ops.s3.uploads.checkpoint import Checkpoint
    from airflow_s3ops.s3.uploads.progress import FilesProgressSubscriber, ProgressSubscriber


class S3OpsHook(AwsBaseHook):
    """S3 with the credentials and settings of an ``aws`` connection.

    All fields of such a connection are used: key and secret, session token, ``profile_name``,
    ``role_arn``, ``region_name``, ``endpoint_url``, ``verify``, ``config_kwargs`` and ``service_config``.
    No request is sent before the first method is called.

    :param aws_conn_id: the connection's id. None means boto3's own credential chain (environment,
        ``~/.aws/credentials`` and ``~/.aws/config``, role); an unknown id is an error.
    :param region_name: overrides the connection's region.
    :param verify: TLS verification: False, or the path of a CA bundle; overrides the connection's.
    :param config: botocore settings, merged field by field over the connection's ``config_kwargs``.
    """

    def __init__(
        self,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,  # noqa: FBT001 - AwsBaseHook's signature
        config: Config | dict[str, Any] | None = None,
    ) -> None:
        super().__init__(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, client_type="s3")
        self._overrides = config
        self._stop = threading.Event()

    @cached_property
    def conn_config(self) -> AwsConnection:
        """Return the connection, with the caller's settings merged over it.

        :raises ConnectionNotFound: the id is unknown.
        :raises CredentialsMissing: the key pair is incomplete.
        :raises InvalidInput: botocore refuses the configuration.
        """
        connection = aws_connection(self.aws_conn_id, region_name=self._region_name, verify=self._verify)
        connection.botocore_config = merged_config(
            {"user_agent_extra": f"airflow-s3ops/{__version__}"},
            connection.botocore_config,
            self._overrides,
        )
        return connection

    @cached_property
    def client(self) -> S3Client:
        """Return the boto3 client, built once.

        :raises ConnectionNotFound: the connection id is unknown.
        :raises CredentialsMissing: the profile does not exist, or the role could not be assumed.
        """
        connection = self.conn_config
        with role_assumed(connection):
            session = self.get_session(region_name=connection.region_name)
        return s3_client(session, connection)

    @property
    def conn(self) -> S3Client:
        """Return the same client, under the name that :class:`AwsBaseHook` uses."""
        return self.client

    def stop(self) -> None:
        """Cancel a method that runs in another thread: it raises ``Stopped`` before its next request."""
        self._stop.set()

    def create_bucket(
        self,
        bucket: str,
        *,
        if_exists: Literal["adopt", "fail"] = "adopt",
        settings: BucketSettings | Mapping[str, Any] | None = None,
        extra_args: Mapping[str, Any] | None = None,
    ) -> CreateBucketResult:
        """Create a bucket in this hook's region, or adopt it if this account owns it already.

        See :func:`airflow_s3ops.s3.buckets.create.create_bucket`.
        """
        return create_bucket(
            self.client,
            bucket,
            region_name=self.region_name,
            if_exists=if_exists,
            settings=settings,
            extra_args=extra_args,
            stop=self._stop,
        )

    def delete_bucket(
        self, bucket: str, *, force: bool = False, if_missing: Literal["fail", "ignore"] = "fail"
    ) -> DeleteBucketResult:
        """Delete a bucket; see :func:`airflow_s3ops.s3.buckets.delete.delete_bucket`."""
        return delete_bucket(self.client, bucket, force=force, if_missing=if_missing, stop=self._stop)

    def upload_file(
        self,
        filename: str | PurePath,
        bucket: str | None,
        key: str | None = None,
        *,
        extra_args: Mapping[str, Any] | None = None,
        if_exists: Literal["replace", "fail", "skip", "skip_if_same"] = "replace",
        checksum_algorithm: str = "CRC64NVME",
        part_size: int | None = None,
        max_concurrency: int | None = None,
        resume: bool = True,
        compress: Literal["gzip"] | None = None,
        progress: ProgressSubscriber | None = None,
        checkpoint: str | PurePath | Checkpoint | None = None,
    ) -> UploadFileResult:
        """Upload one file; see :func:`airflow_s3ops.s3.uploads.file.upload_file`.

        :param key: None, or a URI that names only a bucket, means the file's own name.
        """
        default = PurePath(checked_filename(filename)).name
        if bucket is None:
            bucket, key = bucket_and_prefix(bucket, key)
            key = key or default
        return upload_file(
            self.client,
            filename,
            bucket,
            default if key is None else key,
            extra_args=extra_args,
            if_exists=if_exists,
            checksum_algorithm=checksum_algorithm,
            part_size=part_size,
            max_concurrency=max_concurrency,
            resume=resume,
            compress=compress,
            progress=progress,
            checkpoint=checkpoint,
            stop=self._stop,
        )

    def join_manifests(
        self,
        bucket: str | None,
        manifests: Sequence[str | Mapping[str, Any]],
        manifest_key: str,
        *,
        extra_args: Mapping[str, Any] | None = None,
    ) -> JoinManifestsResult:
        """Join manifests into one; see :func:`airflow_s3ops.s3.manifests.join.join_manifests`."""
        return join_manifests(
            self.client, bucket, manifests, manifest_key, extra_args=extra_args, stop=self._stop
        )

    def upload_files(
        self,
        source: FilesSource,
        bucket: str | None = None,
        prefix: str = "",
        *,
        extra_args: Mapping[str, Any] | None = None,
        if_exists: Literal["replace", "fail", "skip", "skip_if_same"] = "replace",
        include: str | Iterable[str] | None = None,
        exclude: str | Iterable[str] | None = None,
        checksum_algorithm: str = "CRC64NVME",
        max_concurrency: int | None = None,
        manifest_key: str | None = None,
        last: str | Iterable[str] = (),
        allow_empty: bool = False,
        progress: FilesProgressSubscriber | None = None,
        checkpoint_for: Callable[[str], Checkpoint | None] | None = None,
    ) -> UploadFilesResult:
        """Upload many files; see :func:`airflow_s3ops.s3.uploads.files.upload_files`."""
        return upload_files(
            self.client,
            source,
            bucket,
            prefix,
            extra_args=extra_args,
            if_exists=if_exists,
            include=include,
            exclude=exclude,
            checksum_algorithm=checksum_algorithm,
            max_concurrency=max_concurrency,
            manifest_key=manifest_key,
            last=last,
            allow_empty=allow_empty,
            progress=progress,
            checkpoint_for=checkpoint_for,
            stop=self._stop,
        )

    def delete_object(
        self,
        bucket: str | None,
        key: str,
        *,
        version_id: str | None = None,
        if_match: str | None = None,
        if_missing: Literal["ignore", "fail"] = "ignore",
    ) -> DeleteObjectResult:
        """Delete one object; see :func:`airflow_s3ops.s3.objects.delete.delete_object`."""
        bucket, key = bucket_and_key(bucket, key)
        return delete_object(
            self.client,
            bucket,
            key,
            version_id=version_id,
            if_match=if_match,
            if_missing=if_missing,
            stop=self._stop,
        )

    def delete_objects(
        self,
        bucket: str | None = None,
        *,
        keys: Sequence[str] | None = None,
        prefix: str | None = None,
        everything: bool = False,
        all_versions: bool = False,
        modified_before: datetime | str | None = None,
        max_objects: int | None = None,
        dry_run: bool = False,
    ) -> DeleteObjectsResult:
        """Delete many objects; see :func:`airflow_s3ops.s3.deletes.objects.delete_objects`."""
        if bucket is None:
            bucket, prefix = bucket_and_prefix(bucket, prefix)
        return delete_objects(
            self.client,
            bucket,
            keys=keys,
            prefix=prefix,
            everything=everything,
            all_versions=all_versions,
            modified_before=modified_before,
            max_objects=max_objects,
            dry_run=dry_run,
            stop=self._stop,
        )

    def head_object(self, bucket: str | None, key: str, *, version_id: str | None = None) -> ObjectHead:
        """Send HEAD for an object; see :func:`airflow_s3ops.s3.objects.head.head_object`."""
        return head_object(self.client, *bucket_and_key(bucket, key), version_id=version_id)

    def list_objects(self, bucket: str | None, prefix: str = "") -> Iterator[ObjectEntry]:
        """Yield the objects under a prefix, in S3's order; only one page of 1,000 is in memory."""
        return list_objects(self.client, *bucket_and_prefix(bucket, prefix))

    def list_versions(self, bucket: str | None, prefix: str = "") -> Iterator[VersionEntry]:
        """Yield the versions and delete markers under a prefix."""
        return list_versions(self.client, *bucket_and_prefix(bucket, prefix))

    def list_uploads(self, bucket: str | None, prefix: str = "") -> Iterator[UploadEntry]:
        """Yield the open multipart uploads under a prefix: neither completed nor aborted."""
        return list_uploads(self.client, *bucket_and_prefix(bucket, prefix))

    def abort_uploads(self, bucket: str | None, prefix: str = "", older_than: timedelta | None = None) -> int:
        """Abort open multipart uploads; return their number.

        :param older_than: abort only those that are older than this; None means all.
        """
        return abort_uploads(self.client, *bucket_and_prefix(bucket, prefix), older_than=older_than)

    def presigned_url(self, bucket: str | None, key: str, expires_in: int = 3600) -> str:
        """Return a link to read one object for a limited time; see :mod:`airflow_s3ops.s3.objects.presign`.

        :param expires_in: seconds, from 1 to 604,800 (a week).
        """
        return presigned_url(self.client, *bucket_and_key(bucket, key), expires_in)

    def test_connection(self) -> tuple[bool, str]:
        """Test this connection with a request to S3 itself (ListBuckets); STS is not needed.

        :return: whether S3 accepts the credentials, and a sentence that names identity, endpoint and region.
        """
        try:
            client = self.client
            with suppress(AccessDenied), translated(client):
                client.list_buckets(MaxBuckets=1)
                return True, f"S3 accepts {caller_of(client)}."
        except S3OpsError as error:
            return False, str(error)
        return True, (
            f"S3 accepts {caller_of(client)}. "
            "This identity is not allowed to list buckets (s3:ListAllMyBuckets)."
        )
