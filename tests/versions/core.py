"""The core of the tests: what every supported version of Airflow and Python must pass.

`pytest --core whole` runs it, and `--core short` a part of it. If a test file is moved, change its path here:
a path that does not exist ends the run with an error.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

# Folders and files under tests/, and whether the short form contains them.
CORE = {
    "versions": True,
    "hooks": True,
    "operators": True,
    "operators/test_kill_and_resume.py": False,
    "dags/test_all.py": False,
    "dags/test_s3_walkthrough.py": False,
    "dags/test_ingest_and_publish.py": False,
    "in_process": False,
    "testing": False,
    "test_provider_info.py": True,
    "s3/buckets/test_create.py": False,
    "s3/buckets/test_delete.py": False,
    "s3/buckets/test_settings_apply.py": False,
    "s3/uploads/small_files/test_fast_path.py": True,
    "s3/uploads/small_files/test_conditions.py": False,
    "s3/test_checksum.py": True,
    "s3/objects/test_delete.py": True,
    "s3/deletes/test_objects.py": False,
    "s3/listings": False,
    "s3/manifests/test_join.py": False,
    "s3/files/test_source.py": False,
    "s3/uploads/test_file.py": True,
    "s3/uploads/test_conditions.py": False,
    "s3/uploads/test_files.py": False,
    "s3/uploads/test_resume.py": False,
}
FORMS = ("whole", "short")


def is_in_core(path: Path, form: str) -> bool:
    """Return whether a test file belongs to a form of the core; the longest matching path decides."""
    matching = [name for name in CORE if path.is_relative_to(TESTS / name)]
    return bool(matching) and (form == "whole" or CORE[max(matching, key=len)])


def require_existing_paths() -> None:
    """Check that every path of the table exists.

    :raises pytest.UsageError: naming the paths that do not exist.
    """
    if missing := [name for name in CORE if not (TESTS / name).exists()]:
        raise pytest.UsageError(f"tests/versions/core.py names paths that do not exist: {', '.join(missing)}")
