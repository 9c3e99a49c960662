"""Compare the checksums and the size declared in ExtraArgs with the content, before anything is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow_s3ops.s3.checksum import ALGORITHMS, algorithm_named, encoded
from airflow_s3ops.s3.errors import InvalidExtraArgs
from airflow_s3ops.s3.uploads.engine.read import read_through

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_s3ops.s3.checksum import Algorithm, Form
    from airflow_s3ops.s3.uploads.engine.transfer import Transfer

DEFAULT_ALGORITHM = "CRC64NVME"
_VALUE = re.compile(r"Checksum(?!Algorithm$|Type$)(.+)")


def chosen_algorithm(extra_args: Mapping[str, Any], parameter: str) -> tuple[Algorithm, Form]:
    """Return the algorithm, and its form for an upload in parts.

    The algorithm can be set by the parameter, by ``ChecksumAlgorithm`` in ExtraArgs, or by a precomputed
    checksum there.

    :raises InvalidExtraArgs: they contradict each other, or name an algorithm that is not supported.
    """
    algorithm_named(parameter)
    names = [match[1] for match in map(_VALUE.fullmatch, extra_args) if match]
    names += [extra_args["ChecksumAlgorithm"]] if "ChecksumAlgorithm" in extra_args else []
    unknown = [name for name in names if name not in ALGORITHMS]
    if unknown:
        raise InvalidExtraArgs(
            f"extra_args requests a {unknown[0]} checksum; the supported ones are {', '.join(ALGORITHMS)}"
        )
    requested = dict.fromkeys(names + ([parameter] if parameter != DEFAULT_ALGORITHM else []))
    if len(requested) > 1:
        raise InvalidExtraArgs(
            f"checksum_algorithm and extra_args request different checksums: {', '.join(requested)}"
        )
    algorithm = algorithm_named(next(iter(requested), parameter))
    return algorithm, _form(extra_args, algorithm)


def check_declared_checksums(transfer: Transfer, extra_args: Mapping[str, Any]) -> None:
    """Compare the content with what ExtraArgs declare. If they declare anything, the content is read once.

    :raises InvalidExtraArgs: a precomputed checksum, ``ContentMD5`` or ``MpuObjectSize`` is not that of the
        content.
    """
    declared = {match[1]: extra_args[match[0]] for match in map(_VALUE.fullmatch, extra_args) if match}
    if "ContentMD5" in extra_args:
        declared["MD5"] = extra_args["ContentMD5"]
    if not declared and "MpuObjectSize" not in extra_args:
        return
    digests = {name: ALGORITHMS[name].new() for name in declared}
    size = read_through(transfer, list(digests.values()))
    for name, value in declared.items():
        _compare(transfer, name, value, encoded(digests[name].digest()))
    _compare(transfer, "size", extra_args.get("MpuObjectSize", size), size)


def _form(extra_args: Mapping[str, Any], algorithm: Algorithm) -> Form:
    requested = extra_args.get("ChecksumType", algorithm.form)
    possible = {"CRC64NVME": ["FULL_OBJECT"]}.get(
        algorithm.name, ["FULL_OBJECT", "COMPOSITE"] if algorithm.join else ["COMPOSITE"]
    )
    if requested not in possible:
        raise InvalidExtraArgs(
            f"S3 has no {requested} form of {algorithm.name}, only {' and '.join(possible)}"
        )
    return "FULL_OBJECT" if requested == "FULL_OBJECT" else "COMPOSITE"


def _compare(transfer: Transfer, what: str, value: object, found: object) -> None:
    if value != found:
        raise InvalidExtraArgs(
            f"extra_args declares {what} {value}, but {transfer.content.source.filename!r} has {found}",
            bucket=transfer.destination.bucket,
            key=transfer.destination.key,
            advice="Check that the file is the intended one, and complete; nothing was sent.",
        )
