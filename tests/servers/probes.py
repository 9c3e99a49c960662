"""All probes, and whether a server has an ability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tests.servers import access_probes, bucket_probes, object_probes
from tests.servers.probe import PROBES

if TYPE_CHECKING:
    from tests.servers.lacks import Ability
    from tests.servers.probe import Probe

# Importing these modules registers their probes.
MODULES = (access_probes, bucket_probes, object_probes)

__all__ = ["PROBES", "has"]


def has(ability: Ability, probe: Probe) -> bool:
    """Whether the server has an ability; it has not if it refuses a call of the probe."""
    try:
        return PROBES[ability](probe)
    except ClientError:
        return False
