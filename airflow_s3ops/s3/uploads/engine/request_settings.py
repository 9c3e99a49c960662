"""What botocore cannot be told by parameters: time-outs that fit, sending unasked, a hash that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.uploads.engine.body import PartBody
from airflow_s3ops.s3.uploads.engine.signing import BODY_IN_CONTEXT, choose_signer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# Silence after the last byte while the server checks and stores a part, or puts an object together from its
# parts: a slow disk's rate. (Sending has a time-out for each block: see body.py.)
STORE_RATE = 8 << 20
_HANDLER_ID = "airflow-s3ops"
_SIZE_HEADER = "x-amz-mp-object-size"


def apply_request_settings(client: S3Client) -> None:
    """Make the client wait for answers in proportion to the content, and spare it what the engine has done.

    It is done once for a client, and touches no request but the engine's.

    A botocore too old to know a time-out for a single request goes on with the client's.
    """
    # Last, and for all operations, because botocore's own handler that asks first is one for all.
    client.meta.events.register_last("before-call.s3", _apply, unique_id=_HANDLER_ID)
    client.meta.events.register("choose-signer.s3", choose_signer, unique_id=f"{_HANDLER_ID}-signer")


def read_timeout_after(least: float, size: int) -> float:
    """Return how many seconds of silence to allow after so many bytes.

    :param least: what any answer is allowed.
    """
    return least + size / STORE_RATE


def _apply(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    body = params.get("body")
    size = len(body) if isinstance(body, PartBody) else int(params["headers"].get(_SIZE_HEADER, 0))
    if isinstance(body, PartBody):
        context[BODY_IN_CONTEXT] = body
        if not body.asks_first:
            params["headers"].pop("Expect", None)
    least: float | None = context["client_config"].read_timeout
    if size and least is not None:  # None waits for ever already
        context["read_timeout"] = read_timeout_after(least, size)
