"""What a refused upload lacks: the one right, or the ACL that the bucket does not take."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_s3ops.s3.errors import PUBLIC_READ_WAYS_OUT, AccessDenied, PublicAccessBlocked
from airflow_s3ops.s3.requests.rights import actions_of
from airflow_s3ops.s3.requests.translate import code_of, error_class, from_client_error, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_s3ops.s3.engine.destination import Destination

_CREATORS = frozenset({"PutObject", "CreateMultipartUpload"})
_PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})
_PUBLIC_GROUPS = re.compile(r"acs\.amazonaws\.com/groups/global/(AllUsers|AuthenticatedUsers)")
# "Required permissions for Amazon S3 API operations": what an ExtraArg needs besides s3:PutObject.
_RIGHTS_OF_ARGS = {
    "ACL": "s3:PutObjectAcl",
    "GrantFullControl": "s3:PutObjectAcl",
    "GrantRead": "s3:PutObjectAcl",
    "GrantReadACP": "s3:PutObjectAcl",
    "GrantWriteACP": "s3:PutObjectAcl",
    "Tagging": "s3:PutObjectTagging",
    "ObjectLockLegalHoldStatus": "s3:PutObjectLegalHold",
    "ObjectLockMode": "s3:PutObjectRetention",
    "ObjectLockRetainUntilDate": "s3:PutObjectRetention",
    "SSEKMSKeyId": "kms:GenerateDataKey",
}
# AWS's own words where it tells: "… is not authorized to perform: s3:PutObjectAcl on resource …".
_NAMED_BY_S3 = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z*]+)")


@contextmanager
def explained(destination: Destination, operation: str) -> Iterator[None]:
    """Turn the 403 of a request that creates an object into the error that says what is missing.

    :raises PublicAccessBlocked: a public ACL was asked for, and Block Public Access is on.
    :raises AccessDenied: naming every right that the request needs, or the one that S3 names.
    """
    try:
        yield
    except ClientError as error:
        is_refusal = error_class(code_of(error), status_of(error)) is AccessDenied
        if operation not in _CREATORS or not is_refusal:
            raise
        raise _explanation(error, destination, operation) from error


def _explanation(error: ClientError, destination: Destination, operation: str) -> Exception:
    words = str(error.response.get("Error", {}).get("Message", ""))
    blocked = _is_blocked(words, destination) if asks_for_public(destination.extra_args) else False
    plain = from_client_error(error, destination.client, destination.bucket, destination.key)
    details = {
        "bucket": plain.bucket,
        "key": plain.key,
        "code": plain.code,
        "request_id": plain.request_id,
        "said": plain.said,
    }
    if blocked:
        return PublicAccessBlocked(f"The public ACL on {destination.uri} was refused", **details)
    action = _missing(words, operation, destination.extra_args)
    return AccessDenied(
        f"{operation} on {destination.uri} was refused: {action} is not granted",
        action=action,
        advice=_advice(action, destination, blocked=blocked),
        **details,
    )


def asks_for_public(extra_args: Mapping[str, Any]) -> bool:
    """Whether the ACL or the grants give everybody a right."""
    grants = " ".join(str(value) for name, value in extra_args.items() if name.startswith("Grant"))
    return extra_args.get("ACL") in _PUBLIC_ACLS or bool(_PUBLIC_GROUPS.search(grants))


def _is_blocked(words: str, destination: Destination) -> bool | None:
    """Return whether Block Public Access is the reason; None if that cannot be known."""
    if "BlockPublicAcls" in words or "Block Public Access" in words:
        return True
    try:
        answer = destination.client.get_public_access_block(Bucket=destination.bucket)
    except ClientError as error:
        # No setting of the bucket's own; but the account's, which a bucket's user cannot see, may block as
        # well.
        return None if code_of(error) != "NoSuchPublicAccessBlockConfiguration" else False
    except BotoCoreError:
        return None
    return bool(answer["PublicAccessBlockConfiguration"].get("BlockPublicAcls"))


def _missing(words: str, operation: str, extra_args: Mapping[str, Any]) -> str:
    named = _NAMED_BY_S3.search(words)
    if named:
        return named[1]
    rights = [actions_of(operation)]
    rights += [right for name, right in _RIGHTS_OF_ARGS.items() if name in extra_args and right not in rights]
    return ", or ".join(dict.fromkeys(rights))


def _advice(action: str, destination: Destination, *, blocked: bool | None) -> str:
    grant = (
        f"Grant {action.replace(', or ', ' and ')} on {destination.uri} to this identity: "
        "docs/credentials.md has the policy of every operator."
    )
    if not asks_for_public(destination.extra_args):
        return grant
    known = (
        "Block Public Access of the bucket is not the reason (that of the account may be)"
        if blocked is False
        else "Block Public Access may be the reason as well: without s3:GetBucketPublicAccessBlock "
        "this identity cannot tell"
    )
    return f"{grant} The request asks for a public ACL. {known}. {PUBLIC_READ_WAYS_OUT}"
