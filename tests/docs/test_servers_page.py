"""docs/servers.md agrees with the tests about each server, and its connections work."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.markdown import DOCS, blocks, section
from tests.servers import LACKS, Ability

if TYPE_CHECKING:
    from tests.servers import S3Server

PAGE = DOCS / "servers.md"
CONNECTIONS = {block.heading: json.loads(block.text) for block in blocks(PAGE, "json")}
HEADINGS = {"embedded": "The embedded server", "versity": "Versity Gateway", "seaweedfs": "SeaweedFS"}


def table_of_lacks() -> str:
    """Return the table as the page must have it."""
    rows = [
        [f"`{ability.value}`", *(lacks.get(ability, "yes") for lacks in LACKS.values())]
        for ability in Ability
    ]
    lines = [["needed by a test", *LACKS], ["---"] * (len(LACKS) + 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def hook_of(connection: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    from airflow_s3ops.hooks import S3OpsHook

    monkeypatch.setenv("AIRFLOW_CONN_S3OPS_PAGE", json.dumps(connection))
    return S3OpsHook("s3ops_page")


def test_the_table_is_the_one_that_skips_tests() -> None:
    wanted = table_of_lacks()
    found = "\n".join(
        line for line in section(PAGE, "What a server lacks").splitlines() if line.startswith("|")
    )
    assert found == wanted, f"the page needs this table:\n{wanted}"


def test_each_server_of_the_table_has_a_section_with_its_connection() -> None:
    assert set(HEADINGS) == set(LACKS)
    assert set(CONNECTIONS) == {"AWS", *HEADINGS.values()}


def test_the_connection_of_a_server_works_with_its_address_and_keys(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = CONNECTIONS[HEADINGS.get(server.name, "The embedded server")]
    extra = {**connection["extra"], "endpoint_url": server.endpoint_url, "region_name": server.region}
    extra.pop("verify", None)
    real = {**connection, "login": server.access_key, "password": server.secret_key, "extra": extra}
    works, why = hook_of(real, monkeypatch).test_connection()
    assert works, why
    assert server.endpoint_url in why


def test_the_connection_to_aws_uses_the_regions_own_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    client = hook_of(CONNECTIONS["AWS"], monkeypatch).client
    assert client.meta.region_name == "ap-northeast-2"
    assert client.meta.endpoint_url == "https://s3.ap-northeast-2.amazonaws.com"


@pytest.mark.parametrize("name", HEADINGS.values())
def test_the_connection_of_another_server_has_its_address_and_region(name: str) -> None:
    extra = CONNECTIONS[name]["extra"]
    assert {"endpoint_url", "region_name"} <= set(extra)
