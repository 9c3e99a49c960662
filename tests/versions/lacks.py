"""One table of what older versions lack: only this table and the one of servers skip tests.

`tests/versions/test_lacks.py` checks every feature in the installed packages. It fails if a feature exists
although this table says that it is missing, or is missing although this table says that it exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Version: TypeAlias = "tuple[int, ...]"

# Packages whose supported versions differ in what they can do, by the name that readers know.
DISTRIBUTIONS = {"Airflow": "apache-airflow-core", "awscrt": "awscrt"}
# The newest supported version of Airflow; every older one lacks something.
NEWEST_AIRFLOW = (3, 3)


class Feature(Enum):
    """What a test may need that the oldest supported versions lack; the values are for markers."""

    TASK_STATE_STORE = "task_state_store"
    NAMESPACE_LEVELS = "namespace_levels"
    AWSCRT_WITHOUT_RETRIES = "awscrt_without_retries"


@dataclass(frozen=True)
class Since:
    """The first version of a package that has a feature, and what older versions do instead."""

    package: str
    version: Version
    reason: str


SINCE: Mapping[Feature, Since] = {
    Feature.TASK_STATE_STORE: Since("Airflow", (3, 3), "no state is kept between the tries of a task"),
    Feature.NAMESPACE_LEVELS: Since("Airflow", (3, 2), "one log level applies to all packages"),
    Feature.AWSCRT_WITHOUT_RETRIES: Since(
        "awscrt", (0, 38, 1), "boto3 uploads all files, which is slower for many small ones"
    ),
}


def installed_versions() -> dict[str, Version]:
    """Return the installed versions of these packages, without importing them."""
    return {package: _numbers(version(name)) for package, name in DISTRIBUTIONS.items()}


def lacks_of(versions: Mapping[str, Version]) -> Mapping[Feature, str]:
    """Return what these versions lack, with the reasons."""
    return {
        feature: since.reason for feature, since in SINCE.items() if versions[since.package] < since.version
    }


def feature(name: str) -> Feature:
    """Return the feature with this name.

    :raises ValueError: the name is not a feature; the message has all names.
    """
    known = {feature.value: feature for feature in Feature}
    if name not in known:
        raise ValueError(f"no such feature: {name}; there are: {', '.join(sorted(known))}")
    return known[name]


def shown(version: Version) -> str:
    """Return a version as text."""
    return ".".join(map(str, version))


def _numbers(text: str) -> Version:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])
