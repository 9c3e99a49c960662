"""One table of what each server lacks: a test is skipped because of this table, and for no other reason.

`tests/test_servers.py` runs a probe for every ability against the current server. It fails if an ability in
this table works, or if an ability that is not in this table does not work.
"""

from __future__ import annotations

import os
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMED_LACKS = "S3OPS_TEST_LACKS"


class Ability(Enum):
    """What a test may need from a server besides plain reading and writing; the values are for markers."""

    # Integrity and security
    CHECKSUM_VERIFICATION = "checksum_verification"
    MD5_VERIFICATION = "md5_verification"
    SIGNATURE_VERIFICATION = "signature_verification"
    UNKNOWN_KEYS_REFUSED = "unknown_keys_refused"
    PRESIGNED_EXPIRY = "presigned_expiry"
    USER_POLICIES = "user_policies"
    TLS = "tls"
    EXPECTED_BUCKET_OWNER = "expected_bucket_owner"
    # Who may read
    ANONYMOUS_REFUSED = "anonymous_refused"
    ANONYMOUS_READ_OF_OBJECT_ACL = "anonymous_read_of_object_acl"
    ANONYMOUS_READ_BY_POLICY = "anonymous_read_by_policy"
    ACL_REFUSAL = "acl_refusal"
    OWNERSHIP_CONTROLS = "ownership_controls"
    OWNERSHIP_AT_CREATION = "ownership_at_creation"
    BLOCK_PUBLIC_ACCESS = "block_public_access"
    BLOCK_PUBLIC_ACCESS_ENFORCED = "block_public_access_enforced"
    # Conditions
    IF_MATCH = "if_match"
    ATOMIC_CONDITIONS = "atomic_conditions"
    IF_MATCH_ON_COMPLETE = "if_match_on_complete"
    IF_NONE_MATCH = "if_none_match"
    IF_NONE_MATCH_ON_COMPLETE = "if_none_match_on_complete"
    IF_NONE_MATCH_ON_COPY = "if_none_match_on_copy"
    DELETE_IF_MATCH = "delete_if_match"
    # Multipart uploads
    FULL_OBJECT_CHECKSUM = "full_object_checksum"
    CHECKSUMS_IN_LIST_PARTS = "checksums_in_list_parts"
    PARTS_REPLACED = "parts_replaced"
    MPU_OBJECT_SIZE = "mpu_object_size"
    # Buckets
    ANY_REGION = "any_region"
    REGION_OF_BUCKET = "region_of_bucket"
    EMPTY_BEFORE_DELETE = "empty_before_delete"
    VERSIONING = "versioning"
    LIFECYCLE = "lifecycle"
    BUCKET_ENCRYPTION = "bucket_encryption"
    BUCKET_TAGGING = "bucket_tagging"
    OBJECT_LOCK = "object_lock"
    CORS = "cors"
    # Attributes of an object
    OBJECT_TAGGING = "object_tagging"
    SERVER_SIDE_ENCRYPTION = "server_side_encryption"
    CUSTOMER_KEYS = "customer_keys"
    STORAGE_CLASS = "storage_class"
    WEBSITE_REDIRECT = "website_redirect"


LACKS: Mapping[str, Mapping[Ability, str]] = {
    # moto 5.2.5
    "embedded": {
        Ability.CHECKSUM_VERIFICATION: "moto stores any checksum without comparing it",
        Ability.MD5_VERIFICATION: "moto ignores Content-MD5",
        Ability.SIGNATURE_VERIFICATION: "moto accepts any secret key",
        Ability.UNKNOWN_KEYS_REFUSED: "moto accepts any access key",
        Ability.PRESIGNED_EXPIRY: "moto ignores X-Amz-Date and X-Amz-Expires",
        Ability.ANONYMOUS_REFUSED: "moto lists a private bucket without credentials; only GET evaluates ACLs",
        Ability.USER_POLICIES: "moto enforces no policies unless IAM is on for the whole process",
        Ability.EXPECTED_BUCKET_OWNER: "moto ignores the header",
        Ability.TLS: "moto is started on http",
        Ability.ACL_REFUSAL: "moto accepts ACLs under BucketOwnerEnforced",
        Ability.BLOCK_PUBLIC_ACCESS_ENFORCED: "moto stores the setting but does not enforce it",
        Ability.ATOMIC_CONDITIONS: "moto checks, then stores, in threads: two writers may both succeed",
        Ability.IF_MATCH_ON_COMPLETE: "moto evaluates it on PutObject only",
        Ability.IF_NONE_MATCH_ON_COPY: "moto evaluates it on PutObject and CompleteMultipartUpload only",
        Ability.FULL_OBJECT_CHECKSUM: "moto completes an upload without returning the checksum",
        Ability.CHECKSUMS_IN_LIST_PARTS: "moto lists number, size and ETag only",
        Ability.MPU_OBJECT_SIZE: "moto ignores the header",
        Ability.CUSTOMER_KEYS: "moto returns the object without the key",
    },
    # Versity Gateway 1.8.0, posix backend with --versioning-dir
    "versity": {
        Ability.ANONYMOUS_READ_OF_OBJECT_ACL: "object ACLs are ignored",
        Ability.ACL_REFUSAL: "object ACLs are ignored, also under BucketOwnerEnforced",
        Ability.BLOCK_PUBLIC_ACCESS: "501 NotImplemented",
        Ability.BLOCK_PUBLIC_ACCESS_ENFORCED: "501 NotImplemented",
        Ability.IF_NONE_MATCH_ON_COPY: "ignored: the copy replaces the existing object",
        Ability.ANY_REGION: "it has only the region of --region",
        Ability.LIFECYCLE: "501 NotImplemented",
        Ability.BUCKET_ENCRYPTION: "501 NotImplemented",
        Ability.SERVER_SIDE_ENCRYPTION: "ignored",
        Ability.CUSTOMER_KEYS: "ignored",
        Ability.STORAGE_CLASS: "ignored: everything is STANDARD",
    },
    # SeaweedFS 4.53
    "seaweedfs": {
        Ability.USER_POLICIES: "the tests can create users on Versity Gateway only",
        Ability.EXPECTED_BUCKET_OWNER: "the header is ignored",
        Ability.OWNERSHIP_AT_CREATION: "the header is ignored",
        Ability.BLOCK_PUBLIC_ACCESS_ENFORCED: "the setting is stored but not enforced",
        Ability.CHECKSUMS_IN_LIST_PARTS: "number, size and ETag only",
        Ability.PARTS_REPLACED: "a part sent twice is listed twice; Complete uses the one of the given ETag",
        Ability.MPU_OBJECT_SIZE: "the header is ignored",
        Ability.ANY_REGION: "GetBucketLocation returns none",
        Ability.REGION_OF_BUCKET: "HeadBucket returns none",
        Ability.SERVER_SIDE_ENCRYPTION: "500 InternalError",
        Ability.WEBSITE_REDIRECT: "ignored",
    },
}


def lacks_of(server: str) -> Mapping[Ability, str]:
    """Return what `server` lacks, with the reasons; for any other server what `S3OPS_TEST_LACKS=a,b` names.

    :raises ValueError: the variable has a name that is not an ability.
    """
    if server in LACKS:
        return LACKS[server]
    names = [name.strip() for name in os.environ.get(NAMED_LACKS, "").split(",")]
    return dict.fromkeys(abilities(name for name in names if name), f"{NAMED_LACKS} names it")


def abilities(names: Iterable[str]) -> list[Ability]:
    """Return the abilities with these names.

    :raises ValueError: a name is not an ability; the message has all names.
    """
    known = {ability.value: ability for ability in Ability}
    names = list(names)
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no such ability: {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    return [known[name] for name in names]
