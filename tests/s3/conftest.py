"""What several modules here need."""

from __future__ import annotations

import pytest

from airflow_s3ops.s3.bulk import roads


@pytest.fixture(params=["fast", "engine"])
def either_road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test with both roads for small files: awscrt, and boto3 where that cannot serve."""
    if request.param == "engine":
        monkeypatch.setattr(roads, "why_not", lambda *_: "the test wants it so")
    return str(request.param)
