from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_s3ops.s3.checksum import ALGORITHMS, CompositeDigest, PartChecksum, value_of, whole

SHA256 = ALGORITHMS["SHA256"]


@given(data=st.binary(max_size=200), part_size=st.integers(1, 60), piece=st.integers(1, 60))
def test_it_is_the_composite_of_the_parts_for_any_pieces(data: bytes, part_size: int, piece: int) -> None:
    digest = CompositeDigest(SHA256, part_size)
    for at in range(0, len(data), piece):
        digest.update(memoryview(data)[at : at + piece])
    part_checksums = [data[at : at + part_size] for at in range(0, len(data), part_size)] or [b""]
    expected = whole(
        SHA256, "COMPOSITE", [PartChecksum(SHA256.of([each]), len(each)) for each in part_checksums]
    )
    assert value_of(digest) == expected


@pytest.mark.parametrize("name", ["CRC64NVME", "SHA256", "MD5"])
def test_the_value_of_a_plain_digest_has_no_number_of_parts(name: str) -> None:
    digest = ALGORITHMS[name].new()
    digest.update(b"abc")
    assert "-" not in value_of(digest)


def test_etags_of_parts_are_md5_sums_of_md5_sums() -> None:
    digest = CompositeDigest(ALGORITHMS["MD5"], 3)
    digest.update(b"abcdef")
    sums = hashlib.md5(b"abc").digest() + hashlib.md5(b"def").digest()
    assert value_of(digest) == base64.b64encode(hashlib.md5(sums).digest()).decode() + "-2"
