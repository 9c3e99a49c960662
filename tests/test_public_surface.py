"""The public API is a contract: names, parameters and defaults change only on purpose."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest

import airflow_s3ops
from airflow_s3ops import hooks, operators, testing
from airflow_s3ops.hooks import S3OpsHook
from airflow_s3ops.s3 import results
from airflow_s3ops.testing import fixtures

REQUIRED = inspect.Parameter.empty

OPERATORS: dict[str, dict[str, Any]] = {
    "CreateBucketOperator": {
        "bucket": REQUIRED,
        "if_exists": "adopt",
        "settings": None,
        "extra_args": None,
    },
    "UploadFileOperator": {
        "filename": REQUIRED,
        "bucket": None,
        "key": None,
        "extra_args": None,
        "if_exists": "replace",
        "checksum_algorithm": "CRC64NVME",
        "part_size": None,
        "max_concurrency": None,
        "resume": True,
        "compress": None,
    },
    "UploadFilesOperator": {
        "source": REQUIRED,
        "bucket": None,
        "prefix": "",
        "extra_args": None,
        "if_exists": "replace",
        "include": None,
        "exclude": None,
        "checksum_algorithm": "CRC64NVME",
        "max_concurrency": None,
        "manifest_key": None,
        "last": (),
        "allow_empty": False,
    },
    "DeleteObjectOperator": {
        "bucket": None,
        "key": REQUIRED,
        "version_id": None,
        "if_match": None,
        "if_missing": "ignore",
    },
    "DeleteObjectsOperator": {
        "bucket": None,
        "keys": None,
        "prefix": None,
        "everything": False,
        "all_versions": False,
        "modified_before": None,
        "max_objects": None,
        "dry_run": False,
    },
    "PlanShardsOperator": {
        "source": REQUIRED,
        "shards": REQUIRED,
        "include": None,
        "exclude": None,
        "allow_empty": False,
    },
    "JoinManifestsOperator": {
        "bucket": None,
        "manifests": REQUIRED,
        "manifest_key": REQUIRED,
        "extra_args": None,
    },
    "DeleteBucketOperator": {"bucket": REQUIRED, "force": False, "if_missing": "fail"},
}
WITHOUT_CONNECTION = {"PlanShardsOperator"}
CONNECTION = {"aws_conn_id": "aws_default", "region_name": None, "verify": None, "botocore_config": None}

# The operators' parameters, and those that only scripts need.
METHODS: dict[str, dict[str, Any]] = {
    "create_bucket": OPERATORS["CreateBucketOperator"],
    "upload_file": {
        **OPERATORS["UploadFileOperator"],
        "bucket": REQUIRED,
        "progress": None,
        "checkpoint": None,
    },
    "join_manifests": {**OPERATORS["JoinManifestsOperator"], "bucket": REQUIRED},
    "upload_files": {**OPERATORS["UploadFilesOperator"], "progress": None, "checkpoint_for": None},
    "delete_object": {**OPERATORS["DeleteObjectOperator"], "bucket": REQUIRED},
    "delete_objects": OPERATORS["DeleteObjectsOperator"],
    "delete_bucket": OPERATORS["DeleteBucketOperator"],
    "head_object": {"bucket": REQUIRED, "key": REQUIRED, "version_id": None},
    "list_objects": {"bucket": REQUIRED, "prefix": ""},
    "list_versions": {"bucket": REQUIRED, "prefix": ""},
    "list_uploads": {"bucket": REQUIRED, "prefix": ""},
    "abort_uploads": {"bucket": REQUIRED, "prefix": "", "older_than": None},
    "presigned_url": {"bucket": REQUIRED, "key": REQUIRED, "expires_in": 3600},
    "test_connection": {},
    "stop": {},
}
POSITIONAL = {
    "create_bucket": ["bucket"],
    "upload_file": ["filename", "bucket", "key"],
    "join_manifests": ["bucket", "manifests", "manifest_key"],
    "upload_files": ["source", "bucket", "prefix"],
    "delete_object": ["bucket", "key"],
    "delete_objects": ["bucket"],
    "delete_bucket": ["bucket"],
    "head_object": ["bucket", "key"],
    "list_objects": ["bucket", "prefix"],
    "list_versions": ["bucket", "prefix"],
    "list_uploads": ["bucket", "prefix"],
    "abort_uploads": ["bucket", "prefix", "older_than"],
    "presigned_url": ["bucket", "key", "expires_in"],
    "test_connection": [],
    "stop": [],
}
RESULTS = {
    "CreateBucketResult": ["bucket", "region", "status", "applied"],
    "UploadFileResult": [
        *("uri", "bucket", "key", "status", "size", "etag", "version_id", "checksum"),
        *("parts", "resumed_parts", "seconds"),
    ],
    "UploadFilesResult": [
        *("bucket", "prefix", "uploaded", "skipped", "failed", "bytes", "seconds", "manifest"),
    ],
    "DeleteObjectResult": ["bucket", "deleted", "missing", "version_id", "delete_marker", "seconds"],
    "DeleteObjectsResult": ["bucket", "deleted", "missing", "matched", "dry_run", "seconds"],
    "JoinManifestsResult": ["bucket", "manifest", "objects", "bytes", "seconds"],
    "DeleteBucketResult": ["bucket", "status", "objects_deleted", "uploads_aborted"],
}


def parameters_of(function: Any) -> dict[str, Any]:
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    return {p.name: p.default for p in parameters if p.kind != p.VAR_KEYWORD}


def test_operators_exports_exactly_these() -> None:
    assert operators.__all__ == sorted([*OPERATORS, "BucketSettings"])
    assert [name for name in operators.__all__ if not hasattr(operators, name)] == []


def test_hooks_exports_exactly_these() -> None:
    assert hooks.__all__ == ["S3OpsHook"]


def test_the_package_has_a_version() -> None:
    assert airflow_s3ops.__version__.count(".") == 2


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operators_parameters_and_defaults(name: str) -> None:
    assert parameters_of(getattr(operators, name).__init__) == OPERATORS[name]


@pytest.mark.parametrize("name", sorted(OPERATORS.keys() - WITHOUT_CONNECTION))
def test_the_connections_parameters_and_defaults(name: str) -> None:
    assert parameters_of(getattr(operators, name).__mro__[1].__init__) == CONNECTION


def test_the_settings_of_a_bucket() -> None:
    assert parameters_of(operators.BucketSettings) == dict.fromkeys(
        [
            *("object_ownership", "block_public_access", "versioning", "encryption", "tags"),
            *("abort_incomplete_uploads_days", "object_lock", "policy"),
        ]
    )


def test_the_hooks_parameters_and_defaults() -> None:
    of_hook = {"aws_conn_id": "aws_default", "region_name": None, "verify": None, "config": None}
    assert parameters_of(S3OpsHook.__init__) == of_hook
    assert list(parameters_of(S3OpsHook.__init__)) == list(of_hook)


@pytest.mark.parametrize("name", METHODS)
def test_a_methods_parameters_and_defaults(name: str) -> None:
    assert parameters_of(getattr(S3OpsHook, name)) == METHODS[name]


@pytest.mark.parametrize("name", METHODS)
def test_a_methods_positional_parameters(name: str) -> None:
    parameters = inspect.signature(getattr(S3OpsHook, name)).parameters.values()
    by_position = [p.name for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD and p.name != "self"]
    assert by_position == POSITIONAL[name]


def test_the_hook_has_no_other_methods() -> None:
    own = {name for name, value in vars(S3OpsHook).items() if inspect.isfunction(value)}
    assert {name for name in own if not name.startswith("_")} == set(METHODS)


@pytest.mark.parametrize("name", RESULTS)
def test_a_results_fields(name: str) -> None:
    assert list(parameters_of(getattr(results, name))) == RESULTS[name]


@pytest.mark.parametrize("name", OPERATORS)
def test_every_parameter_is_documented(name: str) -> None:
    operator = getattr(operators, name)
    text = inspect.getdoc(operator) or ""
    assert [parameter for parameter in OPERATORS[name] if f":param {parameter}:" not in text] == []


def test_testing_exports_the_embedded_server_and_its_fixtures() -> None:
    assert testing.__all__ == ["EmbeddedServer", "EmbeddedServerError", "embedded_server"]
    fields = [field.name for field in dataclasses.fields(testing.EmbeddedServer)]
    assert fields == ["endpoint_url", "access_key", "secret_key", "region"]
    parameters = inspect.signature(testing.embedded_server).parameters
    assert list(parameters) == ["environment", "log"]
    names = {name for name in vars(fixtures) if name.startswith("s3ops_")}
    assert names == {"s3ops_server", "s3ops_connection_id", "s3ops_connection", "s3ops_bucket"}
