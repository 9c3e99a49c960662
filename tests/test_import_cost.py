"""Importing our operators adds very little to the cost of `import airflow.sdk`."""

from __future__ import annotations

import pytest

from benchmarks.import_cost import OURS, PROVIDER, ImportCost, import_costs, markdown

MODULES_AT_MOST = 40
SHARE_AT_MOST = 1 / 10


@pytest.fixture(scope="module")
def costs() -> tuple[ImportCost, ImportCost]:
    """The costs of our operators and of the provider's."""
    ours, provider = import_costs()
    return ours, provider


@pytest.mark.slow
def test_our_operators_add_few_modules(costs: tuple[ImportCost, ImportCost]) -> None:
    ours, provider = costs
    assert OURS in ours.added
    assert PROVIDER in provider.added
    assert len(ours.added) <= MODULES_AT_MOST
    assert len(ours.added) <= SHARE_AT_MOST * len(provider.added)


@pytest.mark.slow
def test_our_operators_load_neither_boto3_nor_the_provider_nor_the_hook(
    costs: tuple[ImportCost, ImportCost],
) -> None:
    heavy = ("boto3", "botocore", "awscrt", "airflow.providers.amazon", "airflow_s3ops.hooks")
    assert [name for name in costs[0].added if name.startswith(heavy)] == []
    assert [
        name for name in costs[1].added if name.startswith("boto3")
    ]  # otherwise the list above proves nothing


@pytest.mark.slow
def test_our_operators_take_a_tenth_of_the_providers_time(costs: tuple[ImportCost, ImportCost]) -> None:
    # The minimum of several runs: other processes on the machine can only add time.
    ours, provider = (min(cost.seconds) for cost in costs)
    assert ours <= SHARE_AT_MOST * provider


def test_the_table_has_a_row_for_each_module() -> None:
    table = markdown([ImportCost("a", ("a",), (0.001, 0.002, 0.009)), ImportCost("b", ("b", "c"), (0.1,))])
    assert table.splitlines()[2:] == [
        "| `a` | 1 | 2.0 ms | 2% |",
        "| `b` | 2 | 100.0 ms | 100% |",
    ]
