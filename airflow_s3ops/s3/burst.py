"""Many small files, dozens of requests at once: the fast road.

One thread reads, checksums and decides; awscrt signs, sends and receives beside it. The reasons are in
docs/design-of-transfers.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_s3ops.s3.bulk.burst_limits import why_not
from airflow_s3ops.s3.bulk.burst_loop import BurstLoop
from airflow_s3ops.s3.bulk.crt_client import CrtClient
from airflow_s3ops.s3.bulk.descriptors import within_descriptors
from airflow_s3ops.s3.bulk.journey import Journeys
from airflow_s3ops.s3.bulk.template import Templates, template_of
from airflow_s3ops.s3.extra_args import args_for
from airflow_s3ops.s3.halt import Halt
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.conditions import Trust
from airflow_s3ops.s3.requests.endpoint import is_aws
from airflow_s3ops.s3.requests.retry import Retries

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.bulk.outgoing import BatchArgs, Delivered, Outgoing, Undelivered

__all__ = ["LARGEST", "MEMORY", "MOST_AT_ONCE", "Burst", "why_not"]

# Measured: docs/design-of-transfers.md.
MOST_AT_ONCE = 256
MEMORY = 64 << 20
LARGEST = 16 << 20


@dataclass(frozen=True)
class Burst:
    """Sends small files; a :class:`~airflow_s3ops.s3.bulk.outgoing.Road`. Ask :func:`why_not` first.

    :param client: its endpoint, credentials, addressing and trust are used.
    :param most_at_once: requests under way at once, at most. It begins with 64 or so many, has more while S3
        answers quickly, and fewer when it throttles. They take half of the file descriptors left, at most.
    :param memory: bytes of content held at once, at most; a single file may exceed it.
    :param largest: bytes that a file may have; one that has grown beyond it since it was found is not sent.
    :param retries: for each request.
    :param stop: ends the sending within 2 seconds when it is set.
    """

    client: S3Client
    args: BatchArgs
    most_at_once: int = MOST_AT_ONCE
    memory: int = MEMORY
    largest: int = LARGEST
    # botocore's tries are not beneath these, as they are beneath the engine's own.
    retries: Retries = field(default_factory=lambda: Retries(tries=8))
    stop: threading.Event | None = None

    def send(self, outgoing: Iterator[Outgoing]) -> Iterator[Delivered | Undelivered]:
        """Send the files, and yield one outcome for each, in the order in which they end.

        :raises S3OpsError: what no other file would survive either: credentials, no such bucket, a wrong
            region, a server that is away or ignores the condition, a stop.
        """
        templates = templates_of(self.client, self.args)
        trust = Trust(is_proven=is_aws(self.client.meta.endpoint_url))
        journeys = Journeys(self.args, self.largest, templates.put.signs_payload, trust, self.retries)
        halt = Halt(self.stop, s3_uri(self.args.bucket))
        most = within_descriptors(self.most_at_once)
        with CrtClient(self.client, templates, most) as crt:
            loop = BurstLoop(self.client, crt, journeys, halt, most, self.memory)
            yield from loop.outcomes(outgoing)


def templates_of(client: S3Client, args: BatchArgs) -> Templates:
    """Have botocore make one request of each kind.

    :raises S3OpsError: it refuses a parameter, or has no credentials.
    """
    put = args_for(client, "PutObject", args.extra_args)
    # For AWS the value is enough; moto keeps it only if the algorithm is named as well.
    own = {"Body": b"-", "ChecksumAlgorithm": args.algorithm.name, args.algorithm.member: "-"}
    look = {**args_for(client, "HeadObject", args.extra_args), "ChecksumMode": "ENABLED"}
    each = (
        {args.algorithm.header}
        if "ContentType" in args.extra_args
        else {args.algorithm.header, "content-type"}
    )
    return Templates(
        put=template_of(client, "PutObject", each, Bucket=args.bucket, **{**put, **own}),
        look=template_of(client, "HeadObject", each, Bucket=args.bucket, **look),
        look_at_first_part=template_of(client, "HeadObject", each, Bucket=args.bucket, **look, PartNumber=1),
    )
