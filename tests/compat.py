"""What moved between the supported versions of Airflow: tests take it from here, whichever version runs them.

What a version cannot do at all is another matter: that stands in `tests/versions/lacks.py`.
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
    bags, named = _bags(bundle_name)
    return cast("DagBag", bags.DagBag(dag_folder=folder, bundle_path=bundle_path, **named))


def bundle_dag_bag(folder: Path, *, bundle_path: Path, bundle_name: str) -> BundleDagBag:
    """Import the DAG files in `folder`, which may import from each other where Airflow lets them."""
    bags, named = _bags(bundle_name)
    kind = getattr(bags, "BundleDagBag", bags.DagBag)
    return cast("BundleDagBag", kind(dag_folder=folder, bundle_path=bundle_path, **named))


def sync_bag_to_db(bag: DagBag, bundle_name: str) -> None:
    """Store the DAGs, as the DAG processor does."""
    bags, _ = _bags(bundle_name)
    bags.sync_bag_to_db(bag, bundle_name, None)


def _bags(bundle_name: str | None) -> tuple[Any, dict[str, str | None]]:
    # When it is called, not at import: the fixtures set Airflow's database up first.
    try:
        return import_module("airflow.dag_processing.dagbag"), {"bundle_name": bundle_name}
    except ModuleNotFoundError:  # 3.1, whose bags know no name
        return import_module("airflow.models.dagbag"), {}
