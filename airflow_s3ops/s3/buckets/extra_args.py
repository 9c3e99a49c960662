"""The parameters of CreateBucket besides the name: region, settings of a new bucket, ``extra_args``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from botocore.validate import ParamValidator

from airflow_s3ops.s3.errors import InvalidExtraArgs
from airflow_s3ops.s3.nearest import nearest

if TYPE_CHECKING:
    from botocore.model import StructureShape
    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.buckets.settings import BucketSettings

# Parameters of CreateBucket, and the parameter here that sets each of them.
OWN_PARAMETERS = {"Bucket": "bucket", "LocationConstraint": "region_name"}


def create_bucket_args(
    client: S3Client,
    settings: BucketSettings,
    extra_args: Mapping[str, Any] | None,
    location: Mapping[str, Any],
) -> dict[str, Any]:
    """Return CreateBucket's parameters without the name, checked against botocore's service model.

    :param settings: settings that are already checked.
    :param location: what CreateBucketConfiguration must contain for the region.
    :raises InvalidExtraArgs: a name that is not a parameter of CreateBucket, with the most similar one that
        is; a wrong type; or something that another parameter sets.
    """
    if extra_args is not None and not isinstance(extra_args, Mapping):
        raise InvalidExtraArgs(
            f"extra_args is a {type(extra_args).__name__}, not a mapping of names to values"
        )
    args = dict(extra_args or {})
    _check_names(client, args)
    _check_types(client, args)
    configuration = {**args.pop("CreateBucketConfiguration", {}), **location}
    return {
        **_merged(args, _of_settings(settings)),
        **({"CreateBucketConfiguration": configuration} if configuration else {}),
    }


def _of_settings(settings: BucketSettings) -> dict[str, Any]:
    args: dict[str, Any] = {}
    if settings.object_ownership:
        args["ObjectOwnership"] = settings.object_ownership
    if settings.object_lock:
        args["ObjectLockEnabledForBucket"] = True
    return args


def _merged(args: dict[str, Any], of_settings: dict[str, Any]) -> dict[str, Any]:
    for name, value in of_settings.items():
        if args.setdefault(name, value) != value:
            raise InvalidExtraArgs(f"extra_args has {name}={args[name]!r}, but settings have {value!r}")
    return args


def _check_names(client: S3Client, args: Mapping[str, Any]) -> None:
    known = sorted(_shape(client).members.keys() - OWN_PARAMETERS.keys())
    for name in args:
        if name in OWN_PARAMETERS:
            raise InvalidExtraArgs(f"extra_args has {name}", advice=f"Give {OWN_PARAMETERS[name]}= instead.")
        if name not in known:
            similar = nearest(name, known)
            advice = f"Did you mean {similar!r}?" if similar else f"Its parameters are {', '.join(known)}."
            raise InvalidExtraArgs(
                f"CreateBucket has no parameter {name!r} (extra_args)", advice=f"{advice} Nothing was sent."
            )
    configuration = args.get("CreateBucketConfiguration")
    if isinstance(configuration, dict) and "LocationConstraint" in configuration:
        raise InvalidExtraArgs("extra_args has LocationConstraint", advice="Give region_name= instead.")


def _check_types(client: S3Client, args: Mapping[str, Any]) -> None:
    report = ParamValidator().validate({"Bucket": "any", **args}, _shape(client))
    if report.has_errors():
        raise InvalidExtraArgs(f"extra_args do not fit CreateBucket: {report.generate_report()}")


def _shape(client: S3Client) -> StructureShape:
    return cast("StructureShape", client.meta.service_model.operation_model("CreateBucket").input_shape)
