"""The fast path: many small files, dozens of requests at once, through awscrt.

One thread reads the files, computes checksums and decides which requests to make. awscrt signs, sends and
receives in threads of its own. The reasons are in docs/design-of-transfers.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_s3ops.s3.burst.client import CrtClient
from airflow_s3ops.s3.burst.descriptors import within_descriptors
from airflow_s3ops.s3.burst.loop import Loop
from airflow_s3ops.s3.burst.request_template import template_of
from airflow_s3ops.s3.burst.response import ResponseErrors
from airflow_s3ops.s3.extra_args import args_for
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.cancellation import Cancellation
from airflow_s3ops.s3.requests.conditions import ConditionSupport
from airflow_s3ops.s3.requests.endpoint import is_aws
from airflow_s3ops.s3.requests.retry import Retries
from airflow_s3ops.s3.uploads.small_files.steps import Templates, UploadSteps

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.burst.loop import InFlight
    from airflow_s3ops.s3.uploads.items import BatchArgs, Outcome, UploadItem

# Measured: docs/design-of-transfers.md.
MOST_AT_ONCE = 256
MEMORY = 64 << 20
LARGEST = 16 << 20


@dataclass(frozen=True)
class FastPath:
    """Uploads small files; an :class:`~airflow_s3ops.s3.uploads.items.UploadPath`.

    Call :func:`~airflow_s3ops.s3.burst.unsupported.unsupported_reason` first.

    :param client: its endpoint, credentials, addressing style and CA certificates are used.
    :param most_at_once: the most requests in flight at once. The number starts at 64 (or at ``most_at_once``,
        if that is less), rises while S3 responds quickly, and falls when it throttles. Connections use at
        most half of the file descriptors that are left.
    :param memory: the most bytes of content in memory at once; a single file may exceed it.
    :param largest: the most bytes of a file. A file that has grown beyond it since it was found is not sent.
    :param retries: for each request.
    :param stop: cancels the uploads within 2 seconds when it is set.
    """

    client: S3Client
    args: BatchArgs
    most_at_once: int = MOST_AT_ONCE
    memory: int = MEMORY
    largest: int = LARGEST
    # More tries than in the engine, because botocore does not add its own retries here.
    retries: Retries = field(default_factory=lambda: Retries(tries=8))
    stop: threading.Event | None = None

    def send(self, items: Iterator[UploadItem]) -> Iterator[Outcome]:
        """Upload the files, and yield one outcome for each, in the order in which they finish.

        :raises S3OpsError: an error that every other file would meet, too: wrong credentials, no such bucket,
            a wrong region, a server that is unreachable or ignores the condition, a cancellation.
        """
        templates = templates_of(self.client, self.args)
        condition_support = ConditionSupport(is_proven=is_aws(self.client.meta.endpoint_url))
        steps = UploadSteps(self.args, templates, self.largest, condition_support, self.retries)
        cancellation = Cancellation(self.stop, s3_uri(self.args.bucket))
        response_errors = ResponseErrors(self.client, self.args.bucket, self.args.extra_args)
        most = within_descriptors(self.most_at_once)
        crt: CrtClient[InFlight[UploadItem, Outcome]]
        with CrtClient(self.client, templates.put, most) as crt:
            loop = Loop(crt, steps, response_errors, cancellation, most, self.memory)
            yield from loop.outcomes(items)


def templates_of(client: S3Client, args: BatchArgs) -> Templates:
    """Let botocore make one request of each operation, as templates.

    :raises S3OpsError: botocore rejects a parameter, or has no credentials.
    """
    put = args_for(client, "PutObject", args.extra_args)
    # For AWS the value is enough; moto stores it only if the algorithm is given, too.
    own = {"Body": b"-", "ChecksumAlgorithm": args.algorithm.name, args.algorithm.member: "-"}
    head = {**args_for(client, "HeadObject", args.extra_args), "ChecksumMode": "ENABLED"}
    each = (
        {args.algorithm.header}
        if "ContentType" in args.extra_args
        else {args.algorithm.header, "content-type"}
    )
    return Templates(
        put=template_of(client, "PutObject", each, Bucket=args.bucket, **{**put, **own}),
        head=template_of(client, "HeadObject", each, Bucket=args.bucket, **head),
        head_first_part=template_of(client, "HeadObject", each, Bucket=args.bucket, **head, PartNumber=1),
    )
