"""``s3://`` URIs, bucket names and keys: parsed and checked before any request.

Rules: "General purpose bucket naming rules" and "Naming Amazon S3 objects" in the Amazon S3 User Guide.
"""

from __future__ import annotations

import ipaddress
import re

from airflow_s3ops.s3.errors import InvalidBucketName, InvalidInput, InvalidKey

MAX_KEY_BYTES = 1024
_SCHEME = "s3://"
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_ARN = re.compile(r"^arn:(aws).*:(s3|s3-object-lambda|s3-outposts):.+")


def s3_uri(bucket: str | None, key: str | None = None) -> str:
    """Return ``s3://bucket/key``, for messages and results; ``S3`` if there is no bucket."""
    if not bucket:
        return "S3"
    return f"{_SCHEME}{bucket}/{key}" if key else f"{_SCHEME}{bucket}"


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Split ``s3://bucket/key``. Everything after the bucket's slash is the key, also ``?`` and ``#``.

    :raises InvalidInput: ``uri`` is not such a URI.
    """
    if not uri.startswith(_SCHEME):
        raise InvalidInput(f"{uri!r} is not an S3 URI", advice="Write s3://bucket/key.")
    bucket, _, key = uri[len(_SCHEME) :].partition("/")
    return bucket, key


def bucket_and_key(bucket: str | None, key: str | None) -> tuple[str, str]:
    """Return the checked bucket and key of an object, given separately or as one URI in ``key``.

    :param bucket: the bucket's name; None if ``key`` is an ``s3://`` URI.
    :raises InvalidBucketName: see :func:`checked_bucket`.
    :raises InvalidKey: see :func:`checked_key`.
    :raises InvalidInput: both a bucket and a URI are given, or neither.
    """
    bucket, key = bucket_and_prefix(bucket, key)
    return bucket, checked_key(key, bucket)


def bucket_and_prefix(bucket: str | None, prefix: str | None) -> tuple[str, str]:
    """Return the checked bucket and the unchanged prefix, given separately or as one URI in ``prefix``.

    If a bucket is given, ``prefix`` is not parsed: a key may begin with ``s3://``, but not with the URI of
    its own bucket.

    :raises InvalidBucketName: see :func:`checked_bucket`.
    :raises InvalidKey: ``prefix`` is not a text. A path object is refused: it has lost its last slash.
    :raises InvalidInput: there is no bucket, and ``prefix`` is not a URI; or the bucket is given twice.
    """
    if prefix is not None and not isinstance(prefix, str):
        raise InvalidKey(
            f"The key (or prefix) is not a text ({prefix!r})",
            bucket=bucket if isinstance(bucket, str) else None,
            advice="Give it as a text, and check the template or variable that it comes from.",
        )
    text = prefix or ""
    if bucket is not None:
        if text.startswith(f"{s3_uri(bucket)}/"):
            raise InvalidInput(
                f"The bucket {bucket!r} is given twice: {text[:60]!r} names it too",
                bucket=bucket,
                advice="Give bucket and key (or prefix) separately, or the whole URI and bucket=None.",
            )
        return checked_bucket(bucket), text
    if not text.startswith(_SCHEME):
        raise InvalidInput(
            f"No bucket is given, and {text!r} is not an S3 URI",
            advice="Give bucket and key, or s3://bucket/key as key.",
        )
    bucket, text = split_s3_uri(text)
    return checked_bucket(bucket), text


def checked_bucket(bucket: str | None) -> str:
    """Return the bucket's name if it may be used in requests: a name by S3's rules, or an access point's ARN.

    In us-east-1 there are names from before 2018 (upper case, underscores, up to 255 characters). Such
    buckets can be read and written, so this function refuses only names that no bucket ever had. For the
    rules of new names see :func:`checked_new_bucket`.

    :raises InvalidBucketName: with the rule that the name breaks.
    """
    if not bucket or not isinstance(bucket, str):
        raise InvalidBucketName(
            f"The bucket's name is {'not a text' if bucket else 'empty'} ({bucket!r})",
            advice="Check the template or variable that it comes from.",
        )
    if _ARN.match(bucket) or re.fullmatch(r"[A-Za-z0-9._-]{3,255}", bucket):
        return bucket
    raise _invalid(bucket, "3 to 63 of the letters a-z, digits, '.' and '-'")


def checked_new_bucket(bucket: str | None) -> str:
    """Return the name if S3 allows a new bucket with this name.

    :raises InvalidBucketName: with the rule that the name breaks.
    """
    if not bucket or not isinstance(bucket, str):
        return checked_bucket(bucket)
    broken = next((rule for rule, is_broken in _rules(bucket) if is_broken), None)
    if broken:
        raise _invalid(bucket, broken)
    return bucket


def checked_key(key: str | None, bucket: str | None = None) -> str:
    """Return the key if S3 can store it: 1 to 1,024 bytes in UTF-8.

    :raises InvalidKey: with the rule that the key breaks.
    """
    if not key or not isinstance(key, str):
        raise InvalidKey(
            f"The key is {'not a text' if key else 'empty'} ({key!r})",
            bucket=bucket,
            advice="Check the template or variable that it comes from.",
        )
    if bucket and key.startswith(f"{s3_uri(bucket)}/"):
        raise InvalidKey(
            f"The key {key[:60]!r} contains its bucket",
            bucket=bucket,
            advice="Give the key without the bucket, or the whole URI and bucket=None; nothing was sent.",
        )
    try:
        length = len(key.encode())
    except UnicodeEncodeError as error:
        raise InvalidKey(f"The key {key!r} is not valid Unicode text", bucket=bucket) from error
    if length > MAX_KEY_BYTES:
        raise InvalidKey(f"The key {key[:60]!r}… has {length} bytes in UTF-8", bucket=bucket, key=key)
    return key


def _invalid(bucket: str, rule: str) -> InvalidBucketName:
    return InvalidBucketName(f"The bucket name {bucket!r} breaks S3's rule: {rule}", bucket=bucket)


def _rules(bucket: str) -> tuple[tuple[str, bool], ...]:
    return (
        (f"3 to 63 characters (this one has {len(bucket)})", not 3 <= len(bucket) <= 63),
        ("only lower-case letters, digits, '.' and '-'", not re.fullmatch(r"[a-z0-9.-]+", bucket)),
        ("begins and ends with a letter or digit", not (bucket[0].isalnum() and bucket[-1].isalnum())),
        ("no two dots next to each other", ".." in bucket),
        ("not formatted like an IP address", _is_ip_address(bucket)),
        (f"does not begin with {', '.join(_RESERVED_PREFIXES)}", bucket.startswith(_RESERVED_PREFIXES)),
        (f"does not end with {', '.join(_RESERVED_SUFFIXES)}", bucket.endswith(_RESERVED_SUFFIXES)),
    )


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
