"""Probes of what a server does with objects: integrity, conditions, uploads, attributes."""

from __future__ import annotations

import base64

from tests.servers.lacks import Ability
from tests.servers.probe import BODY, KEY, Probe, finds, refuses

WRONG_CRC32 = base64.b64encode(bytes(4)).decode()
WRONG_MD5 = base64.b64encode(bytes(16)).decode()
WRONG_ETAG = f'"{"0" * 32}"'
# The CRC64NVME of BODY: the "check" value of CRC-64/NVME in the catalogue of CRCs.
CRC64NVME = base64.b64encode(bytes.fromhex("ae8b14860a799888")).decode()
CUSTOMER_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


@finds(Ability.CHECKSUM_VERIFICATION)
def _checksum_verification(probe: Probe) -> bool:
    return refuses(probe.put, ChecksumCRC32=WRONG_CRC32)


@finds(Ability.MD5_VERIFICATION)
def _md5_verification(probe: Probe) -> bool:
    return refuses(probe.put, ContentMD5=WRONG_MD5)


@finds(Ability.IF_NONE_MATCH)
def _if_none_match(probe: Probe) -> bool:
    probe.put(IfNoneMatch="*")
    return refuses(probe.put, "PreconditionFailed", IfNoneMatch="*")


@finds(Ability.IF_MATCH)
def _if_match(probe: Probe) -> bool:
    probe.put(IfMatch=probe.put())
    return refuses(probe.put, "PreconditionFailed", IfMatch=WRONG_ETAG)


@finds(Ability.ATOMIC_CONDITIONS)
def _atomic_conditions(probe: Probe) -> bool:
    # A race that fails only sometimes cannot be probed. On moto, two of many writers have both succeeded.
    return probe.server.name != "embedded"


@finds(Ability.IF_MATCH_ON_COMPLETE)
def _if_match_on_complete(probe: Probe) -> bool:
    complete = probe.put_part(probe.start_upload())
    probe.put()
    return refuses(probe.s3.complete_multipart_upload, "PreconditionFailed", **complete, IfMatch=WRONG_ETAG)


@finds(Ability.IF_NONE_MATCH_ON_COMPLETE)
def _if_none_match_on_complete(probe: Probe) -> bool:
    complete = probe.put_part(probe.start_upload())
    probe.put()
    return refuses(probe.s3.complete_multipart_upload, "PreconditionFailed", **complete, IfNoneMatch="*")


@finds(Ability.IF_NONE_MATCH_ON_COPY)
def _if_none_match_on_copy(probe: Probe) -> bool:
    probe.put()
    copy = {"Bucket": probe.bucket, "Key": "copy", "CopySource": f"{probe.bucket}/{KEY}", "IfNoneMatch": "*"}
    probe.s3.copy_object(**copy)  # type: ignore[arg-type]
    return refuses(probe.s3.copy_object, "PreconditionFailed", **copy)


@finds(Ability.DELETE_IF_MATCH)
def _delete_if_match(probe: Probe) -> bool:
    etag = probe.put()
    if not refuses(
        probe.s3.delete_object, "PreconditionFailed", Bucket=probe.bucket, Key=KEY, IfMatch=WRONG_ETAG
    ):
        return False
    probe.s3.delete_object(Bucket=probe.bucket, Key=KEY, IfMatch=etag)
    return refuses(probe.head)


@finds(Ability.FULL_OBJECT_CHECKSUM)
def _full_object_checksum(probe: Probe) -> bool:
    upload = probe.start_upload(ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT")
    complete = probe.put_part(upload, ChecksumCRC64NVME=CRC64NVME)
    whole = {"ChecksumCRC64NVME": CRC64NVME, "ChecksumType": "FULL_OBJECT"}
    done = probe.s3.complete_multipart_upload(**complete, **whole)  # type: ignore[arg-type]
    seen = probe.head(ChecksumMode="ENABLED")
    return done.get("ChecksumCRC64NVME") == CRC64NVME and bool(seen.get("ChecksumCRC64NVME") == CRC64NVME)


@finds(Ability.CHECKSUMS_IN_LIST_PARTS)
def _checksums_in_list_parts(probe: Probe) -> bool:
    upload = probe.start_upload(ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT")
    probe.put_part(upload, ChecksumCRC64NVME=CRC64NVME)
    return probe.s3.list_parts(**upload)["Parts"][0].get("ChecksumCRC64NVME") == CRC64NVME


@finds(Ability.PARTS_REPLACED)
def _parts_replaced(probe: Probe) -> bool:
    upload = probe.start_upload()
    for body in (b"first", b"second"):
        probe.s3.upload_part(**upload, PartNumber=1, Body=body)
    return [part["Size"] for part in probe.s3.list_parts(**upload)["Parts"]] == [len(b"second")]


@finds(Ability.MPU_OBJECT_SIZE)
def _mpu_object_size(probe: Probe) -> bool:
    complete = probe.put_part(probe.start_upload())
    return refuses(probe.s3.complete_multipart_upload, **complete, MpuObjectSize=len(BODY) + 1)


@finds(Ability.OBJECT_TAGGING)
def _object_tagging(probe: Probe) -> bool:
    probe.put(Tagging="team=data")
    tags = probe.s3.get_object_tagging(Bucket=probe.bucket, Key=KEY)["TagSet"]
    return tags == [{"Key": "team", "Value": "data"}]


@finds(Ability.SERVER_SIDE_ENCRYPTION)
def _server_side_encryption(probe: Probe) -> bool:
    probe.put(ServerSideEncryption="AES256")
    return bool(probe.head().get("ServerSideEncryption") == "AES256")


@finds(Ability.CUSTOMER_KEYS)
def _customer_keys(probe: Probe) -> bool:
    probe.put(**CUSTOMER_KEY)
    return refuses(probe.head) and not refuses(probe.head, **CUSTOMER_KEY)


@finds(Ability.STORAGE_CLASS)
def _storage_class(probe: Probe) -> bool:
    probe.put(StorageClass="STANDARD_IA")
    return bool(probe.head().get("StorageClass") == "STANDARD_IA")


@finds(Ability.WEBSITE_REDIRECT)
def _website_redirect(probe: Probe) -> bool:
    probe.put(WebsiteRedirectLocation="/elsewhere")
    return bool(probe.head().get("WebsiteRedirectLocation") == "/elsewhere")
