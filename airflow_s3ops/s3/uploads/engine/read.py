"""Read the whole content before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_s3ops.s3.checksum import Digest
    from airflow_s3ops.s3.uploads.engine.transfer import Transfer


def read_through(transfer: Transfer, digests: Sequence[Digest]) -> int:
    """Read the content to upload once, add it to all digests, and return its size.

    :raises SourceChanged: the file changed.
    :raises Stopped: the upload was cancelled.
    """
    size = 0
    for body in transfer.content.bodies(transfer.windows, transfer.check):
        for block in body.blocks():
            for digest in digests:
                digest.update(block)
            size += len(block)
        transfer.windows.give_back(body.window)
    return size
