"""What older versions of Airflow lack, in one table: it and the one of servers skip tests, and nothing else.

`tests/versions/test_lacks.py` looks for every feature in the Airflow at hand: one that the table denies and
is there, and one that it promises and is not, both fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


# Of the supported versions; what is older lacks something.
NEWEST = (3, 3)


class Feature(Enum):
    """What a test may need of Airflow beyond its oldest version; the value is what a marker names."""

    TASK_STATE_STORE = "task_state_store"
    NAMESPACE_LEVELS = "namespace_levels"


@dataclass(frozen=True)
class Since:
    """The first version that has a feature, and what the older ones do instead."""

    version: tuple[int, int]
    reason: str


SINCE: Mapping[Feature, Since] = {
    Feature.TASK_STATE_STORE: Since((3, 3), "nothing is kept from one try of a task to the next"),
    Feature.NAMESPACE_LEVELS: Since((3, 2), "one level holds for the loggers of all packages"),
}


def airflow_version() -> tuple[int, int]:
    """Give major and minor version of the Airflow at hand, without importing it."""
    major, minor, *_ = version("apache-airflow-core").split(".")
    return int(major), int(minor)


def lacks_of(airflow: tuple[int, int]) -> Mapping[Feature, str]:
    """Give what a version of Airflow lacks, with the reasons."""
    return {feature: since.reason for feature, since in SINCE.items() if airflow < since.version}


def feature(name: str) -> Feature:
    """Read a feature from its name.

    :raises ValueError: for a name that is not one, with those that are.
    """
    known = {feature.value: feature for feature in Feature}
    if name not in known:
        raise ValueError(f"no such feature: {name}; there are: {', '.join(sorted(known))}")
    return known[name]
