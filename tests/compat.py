"""What has different import paths in the supported versions of Airflow: tests import it from here.

What a version lacks altogether is in `tests/versions/lacks.py`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from airflow.sdk._shared.secrets_masker import redact

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.dag_processing.dagbag import BundleDagBag, DagBag
    from airflow.sdk.exceptions import AirflowFailException
    from airflow.serialization.serialized_objects import DagSerialization
else:
    try:
        from airflow.sdk.exceptions import AirflowFailException
    except ImportError:  # 3.1
        from airflow.exceptions import AirflowFailException

    try:
        from airflow.serialization.serialized_objects import DagSerialization
    except ImportError:  # 3.1
        from airflow.serialization.serialized_objects import SerializedDAG as DagSerialization

__all__ = [
    "AirflowFailException",
    "DagSerialization",
    "bundle_dag_bag",
    "dag_bag",
    "redact",
    "sync_bag_to_db",
]


def dag_bag(folder: Path | str, *, bundle_path: Path | None = None, bundle_name: str | None = None) -> DagBag:
    """Import the DAG files in `folder`."""
    bags, name_argument = _bags(bundle_name)
    return cast("DagBag", bags.DagBag(dag_folder=folder, bundle_path=bundle_path, **name_argument))


def bundle_dag_bag(folder: Path, *, bundle_path: Path, bundle_name: str) -> BundleDagBag:
    """Import the DAG files in `folder`; they may import from each other if Airflow supports that."""
    bags, name_argument = _bags(bundle_name)
    bag_class = getattr(bags, "BundleDagBag", bags.DagBag)
    return cast("BundleDagBag", bag_class(dag_folder=folder, bundle_path=bundle_path, **name_argument))


def sync_bag_to_db(bag: DagBag, bundle_name: str) -> None:
    """Store the DAGs, as the DAG processor does."""
    bags, _ = _bags(bundle_name)
    bags.sync_bag_to_db(bag, bundle_name, None)


def _bags(bundle_name: str | None) -> tuple[Any, dict[str, str | None]]:
    # Imported here, not at module level: the fixtures must set up Airflow's database first.
    try:
        return import_module("airflow.dag_processing.dagbag"), {"bundle_name": bundle_name}
    except ModuleNotFoundError:  # 3.1, where a DagBag has no bundle_name
        return import_module("airflow.models.dagbag"), {}
