from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_s3ops.s3.checksum import algorithm_named
from airflow_s3ops.s3.errors import SourceChanged, Stopped
from airflow_s3ops.s3.uploads.engine import body as body_module
from airflow_s3ops.s3.uploads.engine.body import BodyAbortedError, PartBody
from airflow_s3ops.s3.uploads.engine.plan import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CRC = algorithm_named("CRC64NVME")
BLOCKSIZE = 16384  # what urllib3 asks for


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body_module, "BLOCK", 7)
        yield


def body_of(data: bytearray, window: int, check: Callable[[], None] = lambda: None) -> PartBody:
    def fill(buffer: memoryview, offset: int) -> None:
        buffer[:] = data[offset : offset + len(buffer)]

    part = Part(1, 0, len(data), is_last=True)
    return PartBody(part, memoryview(bytearray(window)), fill, check, len(data))


def read_all(body: PartBody) -> bytes:
    return b"".join(bytes(block) for block in iter(partial(body.read, BLOCKSIZE), b""))


@given(data=st.binary(max_size=100), window=st.integers(1, 120))
def test_repeated_reads_return_the_part_for_any_window_size(data: bytes, window: int) -> None:
    body = body_of(bytearray(data), window)
    assert body.checksum(CRC) == CRC.of([data])
    for _ in range(2):
        body.seek(0)
        assert read_all(body) == data


@given(data=st.binary(max_size=100), window=st.integers(1, 120), blocks=st.integers(0, 3))
def test_without_a_size_it_gives_the_rest_as_bytes(data: bytes, window: int, blocks: int) -> None:
    body = body_of(bytearray(data), window)
    body.checksum(CRC)
    for ask in (body.read, partial(body.read, None), partial(body.read, -1)):
        body.seek(0)
        sent = b"".join(bytes(body.read(BLOCKSIZE)) for _ in range(blocks))
        rest = ask()
        assert type(rest) is bytes
        assert sent + rest == data
        assert ask() == b""


def test_without_a_size_a_source_that_changed_is_seen_too() -> None:
    data = bytearray(b"x" * 30)
    body = body_of(data, 10)
    body.checksum(CRC)
    data[-1:] = b"y"
    with pytest.raises(BodyAbortedError):
        body.read()
    assert isinstance(body.failure, SourceChanged)


@given(data=st.binary(max_size=100), window=st.integers(1, 120), piece=st.integers(1, 30))
def test_it_fills_the_buffers_of_the_signer_to_the_end(data: bytes, window: int, piece: int) -> None:
    body = body_of(bytearray(data), window)
    body.checksum(CRC)
    received = bytearray()
    buffer = memoryview(bytearray(piece))
    while count := body.readinto(buffer):
        received += buffer[:count]
    assert received == data


def test_a_part_that_fits_the_window_is_read_once() -> None:
    data = bytearray(b"x" * 20)
    body = body_of(data, 20)
    checksum = body.checksum(CRC)
    data[:] = b"y" * 20
    assert read_all(body) == b"x" * 20
    body.seek(0)
    assert body.checksum(CRC) == checksum


def test_a_larger_part_that_changes_between_two_reads_is_not_sent_completely() -> None:
    data = bytearray(b"x" * 30)
    body = body_of(data, 10)
    body.checksum(CRC)
    data[-1:] = b"y"
    sent: list[bytes | memoryview] = []
    with pytest.raises(BodyAbortedError):
        sent.extend(iter(partial(body.read, BLOCKSIZE), b""))
    assert isinstance(body.failure, SourceChanged)
    assert sum(map(len, sent)) < 30


def test_cancellation_ends_it_between_two_blocks() -> None:
    is_cancelled = False

    def check() -> None:
        if is_cancelled:
            raise Stopped("now")

    body = body_of(bytearray(30), 30, check)
    body.checksum(CRC)
    assert len(body.read(BLOCKSIZE)) == 7
    is_cancelled = True
    with pytest.raises(BodyAbortedError):
        body.read(BLOCKSIZE)
    assert isinstance(body.failure, Stopped)


def test_a_failure_during_signing_ends_the_stream_and_is_raised_by_the_next_read() -> None:
    data = bytearray(b"x" * 30)
    fail = False

    def fill(buffer: memoryview, offset: int) -> None:
        if fail:
            raise SourceChanged("too short")
        buffer[:] = data[offset : offset + len(buffer)]

    body = PartBody(Part(1, 0, 30, is_last=True), memoryview(bytearray(10)), fill, lambda: None, 30)
    body.checksum(CRC)
    fail = True
    assert body.readinto(memoryview(bytearray(8))) == 0
    with pytest.raises(BodyAbortedError, match="too short"):
        body.read()


def test_botocore_can_get_its_length_and_rewind_it() -> None:
    body = body_of(bytearray(b"0123456789"), 10)
    assert len(body) == 10
    assert body.seek(0, io.SEEK_END) == body.tell() == 10
    assert bytes(body.read()) == b""
    assert body.seek(-4, io.SEEK_CUR) == 6
    assert bytes(body.read()) == b"6789"
