from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_s3ops.s3.errors import InvalidInput
from airflow_s3ops.s3.uploads.engine.plan import (
    DEFAULT_PART_SIZE,
    MAX_OBJECT_SIZE,
    MAX_PART_SIZE,
    MAX_PARTS,
    MAX_PUT_SIZE,
    MIB,
    MIN_PART_SIZE,
    plan_upload,
)

SIZES = st.integers(0, MAX_OBJECT_SIZE)
REQUESTED_PART_SIZES = st.none() | st.integers(MIN_PART_SIZE, MAX_PART_SIZE)
# Few enough parts to check all of them.
SIZES_OF_FEW_PARTS = st.integers(0, 50 * MIN_PART_SIZE)


@given(SIZES, REQUESTED_PART_SIZES)
def test_every_plan_is_within_the_limits_of_s3(size: int, requested: int | None) -> None:
    plan = plan_upload(size, requested)
    if plan.is_single:
        assert size <= MAX_PUT_SIZE
    else:
        assert MIN_PART_SIZE <= plan.part_size <= MAX_PART_SIZE
        assert 1 <= plan.count <= MAX_PARTS
        assert (plan.count - 1) * plan.part_size < size <= plan.count * plan.part_size


@given(SIZES, REQUESTED_PART_SIZES)
def test_parts_have_the_requested_size_unless_there_would_be_too_many(
    size: int, requested: int | None
) -> None:
    plan = plan_upload(size, requested)
    expected = requested or DEFAULT_PART_SIZE
    if plan.part_size != expected:
        assert plan.part_size > expected
        assert expected * MAX_PARTS < size
        assert plan.part_size * MAX_PARTS < size + MAX_PARTS * MIB, "larger than needed for 10,000 parts"


@given(SIZES_OF_FEW_PARTS, st.integers(MIN_PART_SIZE, 9 * MIB))
def test_parts_cover_all_bytes_in_order_without_gaps(size: int, part_size: int) -> None:
    parts = list(plan_upload(size, part_size).parts())
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert [part.is_last for part in parts] == [False] * (len(parts) - 1) + [True]
    end = 0
    for part in parts:
        assert part.offset == end
        assert part.size == part_size or part.is_last
        end += part.size
    assert end == size


@pytest.mark.parametrize(
    ("size", "count"),
    [
        (0, 1),
        (1, 1),
        (DEFAULT_PART_SIZE, 1),
        (DEFAULT_PART_SIZE + 1, 2),
        (1024 * MIB, 64),
        (10_000 * DEFAULT_PART_SIZE, 10_000),
    ],
)
def test_number_of_parts(size: int, count: int) -> None:
    plan = plan_upload(size)
    assert plan.count == count
    assert plan.is_single == (count == 1)


def test_fifty_terabytes_fit_into_ten_thousand_parts() -> None:
    plan = plan_upload(50 * 10**12)
    assert plan.part_size == 4769 * MIB
    assert plan.count == 9_999
    last = list(plan.parts())[-1]
    assert (last.offset + last.size, last.is_last) == (50 * 10**12, True)


def test_the_largest_object_is_ten_thousand_of_the_largest_parts() -> None:
    plan = plan_upload(MAX_OBJECT_SIZE)
    assert (plan.part_size, plan.count) == (MAX_PART_SIZE, MAX_PARTS)
    with pytest.raises(InvalidInput, match="S3 stores at most"):
        plan_upload(MAX_OBJECT_SIZE + 1)


def test_more_than_the_limit_of_one_put_is_never_one_put() -> None:
    assert plan_upload(MAX_PUT_SIZE, MAX_PART_SIZE).is_single
    assert not plan_upload(MAX_PUT_SIZE + 1, MAX_PART_SIZE).is_single


@pytest.mark.parametrize("requested", [0, -1, MIN_PART_SIZE - 1, MAX_PART_SIZE + 1, True, 8.5 * MIB, "8 MiB"])
def test_a_part_size_that_s3_refuses_is_refused_here(requested: int) -> None:
    with pytest.raises(InvalidInput, match="part_size="):
        plan_upload(10, requested)
