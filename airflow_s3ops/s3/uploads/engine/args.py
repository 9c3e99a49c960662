"""Check and complete the parameters of an upload, before anything is read or sent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal, get_args

from airflow_s3ops.s3.errors import InvalidExtraArgs, InvalidInput
from airflow_s3ops.s3.extra_args import CONDITIONS, checked_extra_args
from airflow_s3ops.s3.files.content_type import content_type_of
from airflow_s3ops.s3.requests.concurrency import DEFAULT_CONCURRENCY

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client

log = logging.getLogger(__name__)

IfExists = Literal["replace", "fail", "skip", "skip_if_same"]


def check_options(if_exists: str, compress: str | None, max_concurrency: int | None) -> None:
    """Check the parameters that allow only a few values.

    :raises InvalidInput: naming the parameter and the allowed values.
    """
    if if_exists not in get_args(IfExists):
        raise InvalidInput(f"if_exists={if_exists!r} is not one of {', '.join(get_args(IfExists))}")
    if compress not in (None, "gzip"):
        raise InvalidInput(f"compress={compress!r} is neither None nor 'gzip'")
    is_number = isinstance(max_concurrency, int) and not isinstance(max_concurrency, bool)
    if max_concurrency is not None and (not is_number or max_concurrency < 1):
        raise InvalidInput(f"max_concurrency={max_concurrency!r} is not a whole number of 1 or more")


def args_to_send(
    client: S3Client,
    extra_args: Mapping[str, Any] | None,
    filename: str | os.PathLike[str],
    if_exists: str,
    compress: str | None,
) -> dict[str, Any]:
    """Return the checked ExtraArgs, completed from the other parameters.

    :raises InvalidExtraArgs: they are wrong, or contradict another parameter.
    """
    args = checked_extra_args(client, extra_args)
    given = sorted(CONDITIONS & args.keys())
    if given and if_exists != "replace":
        raise InvalidExtraArgs(
            f"extra_args has a condition ({given[0]}), but if_exists={if_exists!r} sets a condition, too"
        )
    if compress and args.setdefault("ContentEncoding", compress) != compress:
        raise InvalidExtraArgs(
            f"extra_args has ContentEncoding={args['ContentEncoding']!r}, but compress={compress!r}"
        )
    args.setdefault("ContentType", content_type_of(str(filename)))
    return {**args, **({"IfNoneMatch": "*"} if if_exists in ("fail", "skip") else {})}


def most_at_once(client: S3Client, max_concurrency: int | None) -> int:
    """Return how many parts may be in flight at once: no more than the client has connections."""
    pool: int = client.meta.config.max_pool_connections  # type: ignore[attr-defined] # a Config has it
    if max_concurrency is not None and max_concurrency > pool:
        log.warning(
            "max_concurrency=%s, but the client has %s connections, so that is the limit: raise it with "
            'botocore_config={"max_pool_connections": %s}',
            *(max_concurrency, pool, max_concurrency + 2),
        )
    return min(max_concurrency or DEFAULT_CONCURRENCY, pool)
