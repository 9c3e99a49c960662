from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import AUTH_TYPE_MAPS

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.checksum import algorithm_named
from airflow_s3ops.s3.uploads.engine.body import PartBody
from airflow_s3ops.s3.uploads.engine.plan import Part
from airflow_s3ops.s3.uploads.engine.signing import BODY_IN_CONTEXT, WITH_KNOWN_HASH, choose_signer
from airflow_s3ops.s3.uploads.file import upload_file
from tests.s3.uploads.support import PART, assert_stored, one_try_client, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.faults import FaultProxy


def body_with_hash(*, known: bool) -> PartBody:
    window = memoryview(bytearray(b"content"))
    body = PartBody(Part(1, 0, 7, is_last=True), window, lambda *_: None, lambda: None, 7, is_filled=True)
    body.checksum(algorithm_named("CRC32"), for_signing=known)
    return body


@pytest.mark.parametrize("version", ["v4", "s3v4"])
def test_a_body_with_a_known_hash_is_signed_with_it(version: str) -> None:
    body = body_with_hash(known=True)
    assert body.sha256 == hashlib.sha256(b"content").hexdigest()
    assert choose_signer(version, {BODY_IN_CONTEXT: body}) == WITH_KNOWN_HASH
    assert WITH_KNOWN_HASH in AUTH_TYPE_MAPS


@pytest.mark.parametrize(
    ("version", "context"),
    [
        ("v4", {}),
        ("v4", {BODY_IN_CONTEXT: body_with_hash(known=False)}),
        ("v4a", {BODY_IN_CONTEXT: body_with_hash(known=True)}),
        ("v4-s3express", {BODY_IN_CONTEXT: body_with_hash(known=True)}),
        ("s3v4-query", {BODY_IN_CONTEXT: body_with_hash(known=True)}),
    ],
)
def test_other_signers_are_not_replaced(version: str, context: dict[str, Any]) -> None:
    assert choose_signer(version, context) is None


@pytest.mark.needs("signature_verification", "checksum_verification")
def test_the_server_checks_the_hash_that_was_signed(
    faults: FaultProxy, s3: S3Client, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(tmp_path / "f", PART + 1000)
    upload_file(one_try_client(faults), path, bucket, "k", part_size=PART)
    assert_stored(s3, bucket, "k", path)
    wrong = hashlib.sha256(b"other content").hexdigest()
    monkeypatch.setattr("airflow_s3ops.s3.uploads.engine.signing.KnownHashAuth.payload", lambda *_: wrong)
    with pytest.raises(errors.ChecksumMismatch):
        upload_file(one_try_client(faults), path, bucket, "k", part_size=PART)
