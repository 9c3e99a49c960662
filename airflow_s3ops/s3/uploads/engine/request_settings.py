"""Request settings that botocore has no parameter for: time-outs by size, the Expect header, a known hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.uploads.engine.body import PartBody
from airflow_s3ops.s3.uploads.engine.signing import BODY_IN_CONTEXT, choose_signer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# Bytes a second: the rate of a slow disk. After the last byte the server sends nothing while it checks and
# stores a part, or assembles an object from its parts. (Sending has a time-out for each block: see body.py.)
STORE_RATE = 8 << 20
_HANDLER_ID = "airflow-s3ops"
_SIZE_HEADER = "x-amz-mp-object-size"


def apply_request_settings(client: S3Client) -> None:
    """Give each request a time-out in proportion to its content, and reuse the hash that the engine computed.

    It takes effect once for each client, and changes only the requests of the upload engine.

    A botocore that is too old for a time-out of a single request uses the client's time-out.
    """
    # Last, and for all operations, because so is botocore's own handler for the Expect header.
    client.meta.events.register_last("before-call.s3", _apply, unique_id=_HANDLER_ID)
    client.meta.events.register("choose-signer.s3", choose_signer, unique_id=f"{_HANDLER_ID}-signer")


def read_timeout_after(least: float, size: int) -> float:
    """Return how many seconds to wait for a response.

    :param least: the seconds that any response may take.
    :param size: the bytes that were sent, or, at completion, the bytes of the object.
    """
    return least + size / STORE_RATE


def _apply(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    body = params.get("body")
    size = len(body) if isinstance(body, PartBody) else int(params["headers"].get(_SIZE_HEADER, 0))
    if isinstance(body, PartBody):
        context[BODY_IN_CONTEXT] = body
        if not body.expects_continue:
            params["headers"].pop("Expect", None)
    least: float | None = context["client_config"].read_timeout
    if size and least is not None:  # None means no time-out
        context["read_timeout"] = read_timeout_after(least, size)
