from __future__ import annotations

import base64
import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_s3ops.s3.checksum import (
    ALGORITHMS,
    Algorithm,
    PartChecksum,
    algorithm_named,
    combined,
    encoded,
    whole,
)
from airflow_s3ops.s3.errors import InvalidInput

CRCS = [algorithm for algorithm in ALGORITHMS.values() if algorithm.join]
HASHES = [algorithm for algorithm in ALGORITHMS.values() if not algorithm.join]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # The check values in the algorithms' definitions, for the text "123456789".
        ("CRC64NVME", "ae8b14860a799888"),
        ("CRC32C", "e3069283"),
        ("CRC32", "cbf43926"),
    ],
)
def test_values_are_those_of_the_definition(name: str, value: str) -> None:
    assert algorithm_named(name).of([b"123456789"]).hex() == value


def test_hashes_are_those_of_hashlib() -> None:
    assert algorithm_named("SHA256").of([b"a", b"bc"]) == hashlib.sha256(b"abc").digest()
    assert algorithm_named("SHA1").of([b"abc"]) == hashlib.sha1(b"abc").digest()


@pytest.mark.parametrize("algorithm", CRCS, ids=lambda algorithm: algorithm.name)
@given(parts=st.lists(st.binary(max_size=300), max_size=8))
def test_checksums_of_parts_combine_to_the_checksum_of_the_whole(
    algorithm: Algorithm, parts: list[bytes]
) -> None:
    part_checksums = [PartChecksum(algorithm.of([part]), len(part)) for part in parts]
    assert combined(algorithm, part_checksums) == algorithm.of([b"".join(parts)])
    assert whole(algorithm, "FULL_OBJECT", part_checksums) == encoded(algorithm.of(parts))


@given(data=st.binary(max_size=1000), cut=st.integers(0, 1000))
def test_bytes_may_be_added_in_pieces(data: bytes, cut: int) -> None:
    for algorithm in ALGORITHMS.values():
        assert algorithm.of([data[:cut], memoryview(data)[cut:]]) == algorithm.of([data])


@given(data=st.binary(max_size=1000))
def test_crc32_is_that_of_zlib(data: bytes) -> None:
    assert int.from_bytes(algorithm_named("CRC32").of([data]), "big") == zlib.crc32(data)


def test_a_composite_checksum_is_the_checksum_of_the_checksums_with_their_number() -> None:
    sums = [hashlib.sha256(part).digest() for part in (b"one", b"two")]
    part_checksums = [PartChecksum(checksum, 3) for checksum in sums]
    expected = base64.b64encode(hashlib.sha256(b"".join(sums)).digest()).decode()
    assert whole(algorithm_named("SHA256"), "COMPOSITE", part_checksums) == f"{expected}-2"


@pytest.mark.parametrize("algorithm", HASHES, ids=lambda algorithm: algorithm.name)
def test_a_hash_cannot_be_combined(algorithm: Algorithm) -> None:
    assert algorithm.form == "COMPOSITE"
    with pytest.raises(TypeError, match="cannot be combined"):
        combined(algorithm, [])


@pytest.mark.parametrize("name", ["crc64nvme", "XXHASH64", "", None])
def test_an_unknown_algorithm_is_refused_and_the_known_ones_are_named(name: str) -> None:
    with pytest.raises(InvalidInput, match="CRC64NVME, CRC32C, CRC32, SHA256"):
        algorithm_named(name)


def test_members_have_the_names_of_s3() -> None:
    assert algorithm_named("CRC64NVME").member == "ChecksumCRC64NVME"
