"""Why an upload was denied: a missing permission, or an ACL that the bucket does not accept."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from airflow_s3ops.s3.errors import PUBLIC_READ_OPTIONS, AccessDenied, PublicAccessBlocked
from airflow_s3ops.s3.requests.iam_actions import actions_of
from airflow_s3ops.s3.requests.translate import code_of, error_class, from_client_error, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_s3ops.s3.requests.object_address import ObjectAddress

_CREATORS = frozenset({"PutObject", "CreateMultipartUpload"})
_PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read"})
_PUBLIC_GROUPS = re.compile(r"acs\.amazonaws\.com/groups/global/(AllUsers|AuthenticatedUsers)")
# "Required permissions for Amazon S3 API operations": what an ExtraArg needs besides s3:PutObject.
_ACTIONS_OF_ARGS = {
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
# AWS often names the action: "… is not authorized to perform: s3:PutObjectAcl on resource …".
_NAMED_BY_S3 = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z*]+)")


@contextmanager
def explain_denied(address: ObjectAddress, operation: str) -> Iterator[None]:
    """Turn the 403 of a request that creates an object into the error that names what is missing.

    :raises PublicAccessBlocked: the request has a public ACL, and Block Public Access is on.
    :raises AccessDenied: naming every action that the request needs, or the one that S3 names.
    """
    try:
        yield
    except ClientError as error:
        is_denied = error_class(code_of(error), status_of(error)) is AccessDenied
        if operation not in _CREATORS or not is_denied:
            raise
        raise _explanation(error, address, operation) from error


def _explanation(error: ClientError, address: ObjectAddress, operation: str) -> Exception:
    message = str(error.response.get("Error", {}).get("Message", ""))
    blocked = _is_blocked(message, address) if asks_for_public(address.extra_args) else False
    plain = from_client_error(error, address.client, address.bucket, address.key)
    details = {
        "bucket": plain.bucket,
        "key": plain.key,
        "code": plain.code,
        "request_id": plain.request_id,
        "reason": plain.reason,
    }
    if blocked:
        return PublicAccessBlocked(f"The public ACL on {address.uri} was refused", **details)
    action = _missing(message, operation, address.extra_args)
    return AccessDenied(
        f"{operation} on {address.uri} was refused: {action} is not granted",
        action=action,
        advice=_advice(action, address, blocked=blocked),
        **details,
    )


def asks_for_public(extra_args: Mapping[str, Any]) -> bool:
    """Whether the ACL or the grants give access to everyone or to every AWS account."""
    grants = " ".join(str(value) for name, value in extra_args.items() if name.startswith("Grant"))
    return extra_args.get("ACL") in _PUBLIC_ACLS or bool(_PUBLIC_GROUPS.search(grants))


def _is_blocked(message: str, address: ObjectAddress) -> bool | None:
    """Return whether Block Public Access is the reason; None if that cannot be known."""
    if "BlockPublicAcls" in message or "Block Public Access" in message:
        return True
    try:
        response = address.client.get_public_access_block(Bucket=address.bucket)
    except ClientError as error:
        # The bucket has no setting. The account's setting may block too, but a user of the bucket cannot
        # read it.
        return None if code_of(error) != "NoSuchPublicAccessBlockConfiguration" else False
    except BotoCoreError:
        return None
    return bool(response["PublicAccessBlockConfiguration"].get("BlockPublicAcls"))


def _missing(message: str, operation: str, extra_args: Mapping[str, Any]) -> str:
    named = _NAMED_BY_S3.search(message)
    if named:
        return named[1]
    actions = [actions_of(operation)]
    actions += [
        action for name, action in _ACTIONS_OF_ARGS.items() if name in extra_args and action not in actions
    ]
    return ", or ".join(dict.fromkeys(actions))


def _advice(action: str, address: ObjectAddress, *, blocked: bool | None) -> str:
    grant = (
        f"Grant {action.replace(', or ', ' and ')} on {address.uri} to this identity: "
        "docs/credentials.md has the policy of every operator."
    )
    if not asks_for_public(address.extra_args):
        return grant
    known = (
        "Block Public Access of the bucket is not the reason (that of the account may be)"
        if blocked is False
        else "Block Public Access may be the reason too: this identity cannot check it without "
        "s3:GetBucketPublicAccessBlock"
    )
    return f"{grant} The request asks for a public ACL. {known}. {PUBLIC_READ_OPTIONS}"
