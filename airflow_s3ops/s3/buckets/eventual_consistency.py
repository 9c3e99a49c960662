"""Retry requests whose error goes away within seconds, because S3 is eventually consistent.

No retry library is used: botocore has already retried what can be retried for any request. These error codes
can be retried only if a bucket has just been created or changed.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from airflow_s3ops.s3.requests.translate import code_of

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds between attempts, 15.5 in all. A change of a bucket is usually visible everywhere in less time.
WAITS = (0.2, 0.4, 0.9, 2.0, 4.0, 8.0)

# "A conflicting conditional operation is currently in progress against this resource".
CONFLICT = "OperationAborted"


def retry_while(call: Callable[[], T], *codes: str, sleep: Callable[[float], None] = time.sleep) -> T:
    """Return the result of ``call``; retry it while S3 responds with one of these error codes.

    :param sleep: waits for a number of seconds; an error that it raises ends the retries.
    :raises ClientError: the error of the last attempt, or the first one with another code.
    """
    for wait in WAITS:
        try:
            return call()
        except ClientError as error:
            if code_of(error) not in codes:
                raise
            log.info("%s: %s; retrying in %s s", error.operation_name, code_of(error), wait)
        sleep(wait)
    return call()
