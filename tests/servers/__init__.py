"""The servers of the tests: what they are, how to start them, and what each server lacks."""

from __future__ import annotations

from tests.servers.embedded import embedded
from tests.servers.environment import from_environment
from tests.servers.lacks import LACKS, Ability, lacks_of
from tests.servers.process import ServerDidNotStartError
from tests.servers.seaweedfs import seaweedfs
from tests.servers.server import S3Server
from tests.servers.versity import change_owner, create_user, versity

__all__ = [
    "LACKS",
    "Ability",
    "S3Server",
    "ServerDidNotStartError",
    "change_owner",
    "create_user",
    "embedded",
    "from_environment",
    "lacks_of",
    "seaweedfs",
    "versity",
]
