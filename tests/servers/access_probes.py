"""Probes of a server's access control: signatures, users, policies, ACLs."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import urllib.error
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any
from unittest import mock

from botocore import UNSIGNED
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.servers.lacks import Ability
from tests.servers.probe import BODY, KEY, Probe, finds, refuses
from tests.servers.purge import create_bucket, delete_bucket
from tests.servers.tls import over_tls
from tests.servers.versity import create_user

if TYPE_CHECKING:
    from tests.servers.server import S3Server

ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def presigned_long_ago(server: S3Server, bucket: str, key: str) -> str:
    """Return a correctly signed URL of an object that expired hours ago."""
    day_ago = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=1)
    request = AWSRequest("GET", f"{server.endpoint_url}/{bucket}/{key}")
    credentials = Credentials(server.access_key, server.secret_key)
    # Not the client's signer: it may be the CRT's, which has its own clock. The clock is set back while this
    # signer signs, so that the test need not wait for the expiry.
    with mock.patch("botocore.auth.get_current_datetime", return_value=day_ago):
        S3SigV4QueryAuth(credentials, "s3", server.region, expires=3600).add_auth(request)
    return str(request.url)


def get(server: S3Server, url: str) -> tuple[int, bytes]:
    """Return the status and body of a GET without extra headers."""
    context = ssl.create_default_context(cafile=server.ca_bundle)
    try:
        with urllib.request.urlopen(url, timeout=10, context=context) as response:
            return int(response.status), response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def policy(bucket: str, principal: str, *actions: str) -> str:
    """Return a bucket policy that allows `actions` to one principal, or to `*`."""
    statement = {
        "Effect": "Allow",
        "Principal": principal if principal == "*" else {"AWS": [principal]},
        "Action": list(actions),
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    # A server may refuse a statement with an object action and a bucket resource, and the reverse.
    if all("Object" in action for action in actions):
        statement["Resource"] = [f"arn:aws:s3:::{bucket}/*"]
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _anyone_may_read(probe: Probe) -> bool:
    status, body = get(probe.server, f"{probe.server.endpoint_url}/{probe.bucket}/{KEY}")
    return status == 200 and body == BODY


def _set_ownership(probe: Probe, ownership: str) -> None:
    rules: Any = {"Rules": [{"ObjectOwnership": ownership}]}
    probe.s3.put_bucket_ownership_controls(Bucket=probe.bucket, OwnershipControls=rules)


@finds(Ability.SIGNATURE_VERIFICATION)
def _signature_verification(probe: Probe) -> bool:
    client = probe.server.as_user(probe.server.access_key, "wrong").client()
    return refuses(client.list_objects_v2, "SignatureDoesNotMatch", Bucket=probe.bucket)


@finds(Ability.UNKNOWN_KEYS_REFUSED)
def _unknown_keys_refused(probe: Probe) -> bool:
    client = probe.server.as_user("unknown-key", "wrong").client()
    return refuses(client.list_objects_v2, "InvalidAccessKeyId", Bucket=probe.bucket)


@finds(Ability.PRESIGNED_EXPIRY)
def _presigned_expiry(probe: Probe) -> bool:
    probe.put()
    status, body = get(probe.server, presigned_long_ago(probe.server, probe.bucket, KEY))
    return status == 403 and b"Request has expired" in body


@finds(Ability.USER_POLICIES)
def _user_policies(probe: Probe) -> bool:
    if probe.server.name != "versity":
        return False  # the tests cannot create a user there
    name = f"user-{uuid.uuid4().hex[:12]}"
    user = create_user(probe.server, name, "a-secret-of-its-own").client()
    if not refuses(user.list_objects_v2, "AccessDenied", Bucket=probe.bucket):
        return False
    probe.s3.put_bucket_policy(Bucket=probe.bucket, Policy=policy(probe.bucket, name, "s3:ListBucket"))
    may_list = not refuses(user.list_objects_v2, Bucket=probe.bucket)
    return may_list and refuses(user.put_object, "AccessDenied", Bucket=probe.bucket, Key=KEY, Body=b"")


@finds(Ability.TLS)
def _tls(probe: Probe) -> bool:
    with over_tls(probe.server) as secure:
        return secure is not None and bool(secure.client().list_buckets())


@finds(Ability.ANONYMOUS_REFUSED)
def _anonymous_refused(probe: Probe) -> bool:
    anonymous = probe.server.client(signature_version=UNSIGNED)
    return refuses(anonymous.list_objects_v2, "AccessDenied", Bucket=probe.bucket)


@finds(Ability.ANONYMOUS_READ_BY_POLICY)
def _anonymous_read_by_policy(probe: Probe) -> bool:
    probe.put()
    probe.s3.put_bucket_policy(Bucket=probe.bucket, Policy=policy(probe.bucket, "*", "s3:GetObject"))
    return _anyone_may_read(probe)


@finds(Ability.ANONYMOUS_READ_OF_OBJECT_ACL)
def _anonymous_read_of_object_acl(probe: Probe) -> bool:
    _set_ownership(probe, "ObjectWriter")
    probe.put()
    if _anyone_may_read(probe):
        return False
    probe.put(ACL="public-read")
    return _anyone_may_read(probe)


@finds(Ability.ACL_REFUSAL)
def _acl_refusal(probe: Probe) -> bool:
    _set_ownership(probe, "BucketOwnerEnforced")
    return refuses(probe.put, "AccessControlListNotSupported", ACL="public-read")


@finds(Ability.OWNERSHIP_CONTROLS)
def _ownership_controls(probe: Probe) -> bool:
    _set_ownership(probe, "ObjectWriter")
    return _ownership_of(probe, probe.bucket) == "ObjectWriter"


@finds(Ability.OWNERSHIP_AT_CREATION)
def _ownership_at_creation(probe: Probe) -> bool:
    name = f"s3ops-{uuid.uuid4().hex[:20]}"
    create_bucket(probe.s3, name, ObjectOwnership="ObjectWriter")
    try:
        return _ownership_of(probe, name) == "ObjectWriter"
    finally:
        delete_bucket(probe.s3, name)


def _ownership_of(probe: Probe, bucket: str) -> str:
    rules = probe.s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    return rules[0]["ObjectOwnership"]


@finds(Ability.BLOCK_PUBLIC_ACCESS)
def _block_public_access(probe: Probe) -> bool:
    blocked: Any = ALL_BLOCKED
    probe.s3.put_public_access_block(Bucket=probe.bucket, PublicAccessBlockConfiguration=blocked)
    return (
        probe.s3.get_public_access_block(Bucket=probe.bucket)["PublicAccessBlockConfiguration"] == ALL_BLOCKED
    )


@finds(Ability.BLOCK_PUBLIC_ACCESS_ENFORCED)
def _block_public_access_enforced(probe: Probe) -> bool:
    blocked: Any = ALL_BLOCKED
    probe.s3.put_public_access_block(Bucket=probe.bucket, PublicAccessBlockConfiguration=blocked)
    public = policy(probe.bucket, "*", "s3:GetObject")
    return refuses(probe.s3.put_bucket_policy, "AccessDenied", Bucket=probe.bucket, Policy=public)
