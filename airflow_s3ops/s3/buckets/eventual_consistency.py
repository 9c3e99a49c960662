"""Refusals that pass by themselves within seconds, waited for.

Not a retry library's business: botocore has retried what is worth it on any request; these codes are
worth it only where a bucket has just been made or changed.
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

# Seconds between tries, 15.5 in all: S3 makes a change of a bucket known everywhere in less, as a rule.
WAITS = (0.2, 0.4, 0.9, 2.0, 4.0, 8.0)

# "A conflicting conditional operation is currently in progress against this resource".
CONFLICT = "OperationAborted"


def retry_while(call: Callable[[], T], *codes: str, sleep: Callable[[float], None] = time.sleep) -> T:
    """Return what ``call`` returns, tried again while S3 refuses it with one of these error codes.

    :param pause: waits so many seconds; what it raises ends the waiting.
    :raises ClientError: the last refusal, or the first with another code.
    """
    for wait in WAITS:
        try:
            return call()
        except ClientError as error:
            if code_of(error) not in codes:
                raise
            log.info("%s: %s; trying again in %s s", error.operation_name, code_of(error), wait)
        sleep(wait)
    return call()
