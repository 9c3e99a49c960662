"""ExtraArgs of an upload: checked with botocore's service model, and passed to the operations they belong to.

Every name of boto3's ``upload_file`` and of PutObject is accepted. The model says which operation takes which
name: ``StorageClass`` belongs to the request that creates the object, ``RequestPayer`` to all requests.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from botocore.validate import ParamValidator

from airflow_s3ops.s3.errors import InvalidExtraArgs
from airflow_s3ops.s3.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from botocore.model import StructureShape
    from types_boto3_s3 import S3Client

# Names that the upload sets itself, and our parameter for each, if there is one.
RESERVED = {
    "Body": "filename",
    "Bucket": "bucket",
    "ContentLength": None,
    "Key": "key",
    "MultipartUpload": None,
    "PartNumber": None,
    "UploadId": None,
    "WriteOffsetBytes": None,
}
# These describe the whole content: the upload compares them with the file, and sends its own values.
ABOUT_CONTENT = frozenset({"ChecksumAlgorithm", "ChecksumType", "ContentMD5", "MpuObjectSize"})
# HeadObject has members of the same names, but there they are conditions for reading.
CONDITIONS = frozenset({"IfMatch", "IfNoneMatch"})
# A header's name is a token: RFC 9110, 5.6.2. A metadata name is the end of a header's name.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_CREATORS = ("PutObject", "CreateMultipartUpload", "CompleteMultipartUpload")
_CONDITIONAL = frozenset({"PutObject", "CompleteMultipartUpload"})


def checked_extra_args(client: S3Client, extra_args: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a copy of the ExtraArgs if each of them can be sent to S3. No request is made.

    :raises InvalidExtraArgs: a name is unknown to S3 (the message has the nearest known name), a value has
        the wrong type (the message has the right type), or the upload sets the name itself.
    """
    if extra_args is None:
        return {}
    if not hasattr(extra_args, "items"):
        raise InvalidExtraArgs(
            f"extra_args is a {type(extra_args).__name__}, not a mapping of names to values"
        )
    shapes = _input_shapes(client)
    for name, value in extra_args.items():
        if name not in shapes:
            raise _unknown(name, shapes)
        _check_type(name, value, shapes[name])
        _check_characters(name, value)
    _check_metadata_names(dict(extra_args).get("Metadata", {}))
    return dict(extra_args)


def args_for(client: S3Client, operation: str, extra_args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ExtraArgs that belong to an operation; they must have been checked."""
    members = _input_of(client, operation).members
    chosen = {
        name: value
        for name, value in extra_args.items()
        if name in members and not is_about_content(name) and _fits(name, operation)
    }
    return _with_encoded_customer_key(chosen)


def is_about_content(name: str) -> bool:
    """Whether an ExtraArg describes the content: then it is compared with the file, and not passed on."""
    return name in ABOUT_CONTENT or name.startswith("Checksum")


def fingerprint(extra_args: Mapping[str, Any]) -> str:
    """Return a hash of the ExtraArgs: equal for equal ExtraArgs, and without revealing a secret."""
    text = json.dumps(dict(extra_args), sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def _fits(name: str, operation: str) -> bool:
    return name not in CONDITIONS or operation in _CONDITIONAL


def _input_shapes(client: S3Client) -> dict[str, StructureShape]:
    """Map every name to the input shape of an operation that takes it."""
    found: dict[str, StructureShape] = {}
    for operation in _CREATORS:
        shape = _input_of(client, operation)
        found.update(dict.fromkeys(shape.members, shape))
    return {name: shape for name, shape in found.items() if name not in RESERVED}


def _check_type(name: str, value: object, shape: StructureShape) -> None:
    others = dict.fromkeys(shape.required_members, "any")
    report = ParamValidator().validate({**others, name: value}, shape)
    if not report.has_errors():
        return
    secret = name.startswith("SSECustomerKey")  # botocore's report quotes the value
    complaint = f"a {type(value).__name__} is of the wrong type" if secret else report.generate_report()
    raise InvalidExtraArgs(f"extra_args[{name!r}] is invalid: {complaint}".replace("\n", "; "))


def _check_characters(name: str, value: object) -> None:
    """Refuse characters that an HTTP header cannot contain; each of these values is sent in a header."""
    if name.startswith("SSECustomerKey"):  # sent in base64
        return
    texts = value.items() if isinstance(value, Mapping) else [(name, value)]
    for part, text in texts:
        if _CONTROL.search(str(part)) or (isinstance(text, str) and _CONTROL.search(text)):
            raise InvalidExtraArgs(
                f"extra_args[{name!r}] has a control character, such as a line feed, in {part!r}",
                advice="Remove it, and check the template that it comes from; nothing was sent.",
            )


def _check_metadata_names(metadata: Mapping[str, str]) -> None:
    # A server that cannot parse the request's headers closes the connection: it looks like a network error.
    wrong = next((name for name in metadata if not _TOKEN.fullmatch(name)), None)
    if wrong is not None:
        raise InvalidExtraArgs(
            f"extra_args['Metadata'] has the name {wrong!r}, which is not valid in an HTTP header",
            advice="Use the letters a-z, digits, '-' and '_', as in 'run-id'; nothing was sent.",
        )


def _input_of(client: S3Client, operation: str) -> StructureShape:
    return cast("StructureShape", client.meta.service_model.operation_model(operation).input_shape)


def _unknown(name: str, known: Iterable[str]) -> InvalidExtraArgs:
    if name in RESERVED:
        parameter = RESERVED[name]
        advice = f"Use {parameter}= instead." if parameter else "Leave it out: the upload sets it itself."
        return InvalidExtraArgs(f"extra_args must not have {name}", advice=f"{advice} Nothing was sent.")
    near = nearest(name, known)
    advice = f"Did you mean {near!r}?" if near else f"S3 knows {', '.join(sorted(known))}."
    return InvalidExtraArgs(
        f"extra_args has {name!r}, which S3 does not know for an upload", advice=f"{advice} Nothing was sent."
    )


def _with_encoded_customer_key(args: dict[str, Any]) -> dict[str, Any]:
    # botocore does this for some operations, but not for ListParts, where S3 requires it.
    key = args.get("SSECustomerKey")
    if key is None or "SSECustomerKeyMD5" in args:
        return args
    raw = key.encode() if isinstance(key, str) else bytes(key)
    digest = hashlib.md5(raw, usedforsecurity=False).digest()
    return {
        **args,
        "SSECustomerKey": base64.b64encode(raw).decode(),
        "SSECustomerKeyMD5": base64.b64encode(digest).decode(),
    }
