"""The core of the tests: what every supported version of Airflow and Python must pass.

`pytest --core whole` runs it, and `--core short` a part of it. Where a test moves, its line here moves
with it: a path that is not there ends the run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

# Folders and files under tests/, and whether a short run has them.
CORE = {
    "versions": True,
    "hooks": True,
    "operators": True,
    "operators/test_kill_and_resume.py": False,
    "dags/test_all.py": False,
    "dags/test_s3_walkthrough.py": False,
    "test_provider_info.py": True,
    "s3/test_bucket_create.py": False,
    "s3/test_bucket_delete.py": False,
    "s3/test_bucket_settings_apply.py": False,
    "s3/test_burst.py": True,
    "s3/test_burst_conditions.py": False,
    "s3/test_checksum.py": True,
    "s3/test_delete.py": True,
    "s3/test_delete_many.py": False,
    "s3/test_listing.py": False,
    "s3/test_manifest_join.py": False,
    "s3/test_source.py": False,
    "s3/test_upload.py": True,
    "s3/test_upload_conditions.py": False,
    "s3/test_upload_files.py": False,
    "s3/test_upload_resume.py": False,
}
FORMS = ("whole", "short")


def is_in_core(path: Path, form: str) -> bool:
    """Say whether a test file belongs to a form of the core, by the longest line that fits."""
    lines = [line for line in CORE if path.is_relative_to(TESTS / line)]
    return bool(lines) and (form == "whole" or CORE[max(lines, key=len)])


def require_all_there() -> None:
    """Refuse a table with a line that names nothing.

    :raises pytest.UsageError: naming what is not there.
    """
    if gone := [line for line in CORE if not (TESTS / line).exists()]:
        raise pytest.UsageError(f"tests/versions/core.py names what is not there: {', '.join(gone)}")
