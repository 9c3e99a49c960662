from __future__ import annotations

import pytest

from airflow_s3ops.s3.nearest import nearest


@pytest.mark.parametrize(
    ("name", "near"),
    [("acl", "ACL"), ("ACLs", "ACL"), ("object_ownership", "ObjectOwnership"), ("Tagging", None), (7, None)],
)
def test_the_nearest_name_is_found_in_any_case(name: object, near: str | None) -> None:
    assert nearest(name, ["ACL", "ObjectOwnership"]) == near
