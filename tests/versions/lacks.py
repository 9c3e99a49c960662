"""One table of what older versions of Airflow lack: only this table and the one of servers skip tests.

`tests/versions/test_lacks.py` checks every feature in the installed Airflow. It fails if a feature exists
although this table says that it is missing, or is missing although this table says that it exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


# The newest supported version; every older one lacks something.
NEWEST = (3, 3)


class Feature(Enum):
    """What a test may need that the oldest supported Airflow lacks; the values are for markers."""

    TASK_STATE_STORE = "task_state_store"
    NAMESPACE_LEVELS = "namespace_levels"


@dataclass(frozen=True)
class Since:
    """The first version that has a feature, and what older versions do instead."""

    version: tuple[int, int]
    reason: str


SINCE: Mapping[Feature, Since] = {
    Feature.TASK_STATE_STORE: Since((3, 3), "no state is kept between the tries of a task"),
    Feature.NAMESPACE_LEVELS: Since((3, 2), "one log level applies to all packages"),
}


def airflow_version() -> tuple[int, int]:
    """Return the major and minor version of the installed Airflow, without importing it."""
    major, minor, *_ = version("apache-airflow-core").split(".")
    return int(major), int(minor)


def lacks_of(airflow: tuple[int, int]) -> Mapping[Feature, str]:
    """Return what a version of Airflow lacks, with the reasons."""
    return {feature: since.reason for feature, since in SINCE.items() if airflow < since.version}


def feature(name: str) -> Feature:
    """Return the feature with this name.

    :raises ValueError: the name is not a feature; the message has all names.
    """
    known = {feature.value: feature for feature in Feature}
    if name not in known:
        raise ValueError(f"no such feature: {name}; there are: {', '.join(sorted(known))}")
    return known[name]
