"""ExtraArgs of an upload: checked against botocore's own service model, and dealt out to the operations.

Every name of boto3's ``upload_file`` and of PutObject is taken. Which operation gets which is read from the
model: ``StorageClass`` belongs to the request that creates the object, ``RequestPayer`` to all of them.
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

# What only the engine can know, and the parameter that says it instead, where there is one.
OURS = {
    "Body": "filename",
    "Bucket": "bucket",
    "ContentLength": None,
    "Key": "key",
    "MultipartUpload": None,
    "PartNumber": None,
    "UploadId": None,
    "WriteOffsetBytes": None,
}
# About the whole content: the engine compares them with the file, and sends its own.
ABOUT_CONTENT = frozenset({"ChecksumAlgorithm", "ChecksumType", "ContentMD5", "MpuObjectSize"})
# HeadObject knows them as well, but to decide what to read.
CONDITIONS = frozenset({"IfMatch", "IfNoneMatch"})
# A header's name is a token: RFC 9110, 5.6.2. Metadata's names end one.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_CREATORS = ("PutObject", "CreateMultipartUpload", "CompleteMultipartUpload")
_CONDITIONAL = frozenset({"PutObject", "CompleteMultipartUpload"})


def checked_extra_args(client: S3Client, extra_args: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a copy of the ExtraArgs if S3 can be sent each of them. No request is made.

    :raises InvalidExtraArgs: a name that S3 does not know, with the nearest that it does; a wrong type, with
        the right one; or something that only the upload itself can say.
    """
    if extra_args is None:
        return {}
    if not hasattr(extra_args, "items"):
        raise InvalidExtraArgs(
            f"extra_args is a {type(extra_args).__name__}, not a mapping of names to values"
        )
    homes = _homes(client)
    for name, value in extra_args.items():
        if name not in homes:
            raise _unknown(name, homes)
        _check_type(name, value, homes[name])
        _check_characters(name, value)
    _check_metadata_names(dict(extra_args).get("Metadata", {}))
    return dict(extra_args)


def args_for(client: S3Client, operation: str, extra_args: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the checked ExtraArgs that an operation is to be sent."""
    members = _input_of(client, operation).members
    chosen = {
        name: value
        for name, value in extra_args.items()
        if name in members and not is_about_content(name) and _fits(name, operation)
    }
    return _with_encoded_customer_key(chosen)


def is_about_content(name: str) -> bool:
    """Whether an ExtraArg speaks of the content, so that it is compared and not passed on."""
    return name in ABOUT_CONTENT or name.startswith("Checksum")


def fingerprint(extra_args: Mapping[str, Any]) -> str:
    """Return a hash of the ExtraArgs: it tells equal ones from others and gives no secret away."""
    text = json.dumps(dict(extra_args), sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def _fits(name: str, operation: str) -> bool:
    return name not in CONDITIONS or operation in _CONDITIONAL


def _homes(client: S3Client) -> dict[str, StructureShape]:
    """Map every name to the input of an operation that takes it."""
    found: dict[str, StructureShape] = {}
    for operation in _CREATORS:
        shape = _input_of(client, operation)
        found.update(dict.fromkeys(shape.members, shape))
    return {name: shape for name, shape in found.items() if name not in OURS}


def _check_type(name: str, value: object, home: StructureShape) -> None:
    others = dict.fromkeys(home.required_members, "any")
    report = ParamValidator().validate({**others, name: value}, home)
    if not report.has_errors():
        return
    secret = name.startswith("SSECustomerKey")  # botocore's report quotes the value
    complaint = f"a {type(value).__name__} is of the wrong type" if secret else report.generate_report()
    raise InvalidExtraArgs(f"extra_args[{name!r}] does not fit: {complaint}".replace("\n", "; "))


def _check_characters(name: str, value: object) -> None:
    """Refuse what no header can carry; each of these values travels in one."""
    if name.startswith("SSECustomerKey"):  # travels in base64
        return
    texts = value.items() if isinstance(value, Mapping) else [(name, value)]
    for part, text in texts:
        if _CONTROL.search(str(part)) or (isinstance(text, str) and _CONTROL.search(text)):
            raise InvalidExtraArgs(
                f"extra_args[{name!r}] has a control character, such as a line's end, in {part!r}",
                advice="Take it out, and check the template that it comes from; nothing was sent.",
            )


def _check_metadata_names(metadata: Mapping[str, str]) -> None:
    # A server that cannot read the request's headers hangs up, which looks like a broken network.
    wrong = next((name for name in metadata if not _TOKEN.fullmatch(name)), None)
    if wrong is not None:
        raise InvalidExtraArgs(
            f"extra_args['Metadata'] has the name {wrong!r}, which no header can have",
            advice="Use letters of a-z, digits, '-' and '_', as in 'run-id'; nothing was sent.",
        )


def _input_of(client: S3Client, operation: str) -> StructureShape:
    return cast("StructureShape", client.meta.service_model.operation_model(operation).input_shape)


def _unknown(name: str, known: Iterable[str]) -> InvalidExtraArgs:
    if name in OURS:
        parameter = OURS[name]
        advice = f"Give {parameter}= instead." if parameter else "Leave it out: the upload sets it itself."
        return InvalidExtraArgs(f"extra_args says {name}", advice=f"{advice} Nothing was sent.")
    near = nearest(name, known)
    advice = f"Did you mean {near!r}?" if near else f"S3 knows {', '.join(sorted(known))}."
    return InvalidExtraArgs(
        f"S3 knows no {name!r} for an upload (extra_args)", advice=f"{advice} Nothing was sent."
    )


def _with_encoded_customer_key(args: dict[str, Any]) -> dict[str, Any]:
    # botocore does this for some operations; ListParts, which S3 demands it of, is not among them.
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
