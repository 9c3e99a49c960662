"""The policies of docs/credentials.md, and which of their actions the test server cannot prove."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from tests.docs.markdown import DOCS, blocks

PAGE = DOCS / "credentials.md"
DOCUMENTED_BUCKET = "acme-reports"
WITH_SETTINGS = "CreateBucketOperator with settings"

# Why the gateway cannot prove that an action is needed. If a row is wrong, its test fails.
_NOT_IMPLEMENTED = "501 NotImplemented"
_404 = "without it HeadObject responds with 404, and AWS with 403"
NOT_PROVABLE: dict[tuple[str, str], str] = {
    (WITH_SETTINGS, "s3:GetBucketPublicAccessBlock"): _NOT_IMPLEMENTED,
    (WITH_SETTINGS, "s3:PutBucketPublicAccessBlock"): _NOT_IMPLEMENTED,
    (WITH_SETTINGS, "s3:GetEncryptionConfiguration"): _NOT_IMPLEMENTED,
    (WITH_SETTINGS, "s3:PutEncryptionConfiguration"): _NOT_IMPLEMENTED,
    (WITH_SETTINGS, "s3:GetLifecycleConfiguration"): _NOT_IMPLEMENTED,
    (WITH_SETTINGS, "s3:PutLifecycleConfiguration"): _NOT_IMPLEMENTED,
    ("UploadFileOperator with if_exists skip_if_same", "s3:ListBucket"): _404,
    ("UploadFilesOperator with a manifest", "s3:ListBucket"): _404,
    ("UploadFileOperator with an ACL", "s3:PutObjectAcl"): "object ACLs are ignored",
    ("UploadFileOperator with SSE-KMS", "kms:GenerateDataKey"): "server-side encryption is ignored",
    ("UploadFileOperator with SSE-KMS", "kms:Decrypt"): "server-side encryption is ignored",
    ("DeleteObjectOperator with a HEAD first", "s3:ListBucket"): _404,
}

# Without these the task succeeds, but leaves objects behind or sends parts again; the log names the action.
LOGGED_ONLY = {
    ("UploadFileOperator for large files", "s3:AbortMultipartUpload"),
    ("UploadFileOperator for large files", "s3:ListMultipartUploadParts"),
    ("UploadFilesOperator with a manifest", "s3:GetObject"),
    ("UploadFilesOperator with a manifest", "s3:DeleteObject"),
}


@dataclass(frozen=True)
class Policy:
    """An IAM policy of the page, named by its heading."""

    name: str
    document: dict[str, Any]

    @property
    def actions(self) -> list[str]:
        """All actions that it allows, in order."""
        return [action for statement in self.document["Statement"] for action in _listed(statement["Action"])]

    def without(self, action: str) -> Policy:
        """Return the policy without one action; a statement without actions is left out."""
        fewer = [
            {**statement, "Action": [left for left in _listed(statement["Action"]) if left != action]}
            for statement in self.document["Statement"]
        ]
        statements = [statement for statement in fewer if statement["Action"]]
        # A policy must allow something: use an action that no operator needs.
        nothing = {"Effect": "Allow", "Action": "s3:GetBucketNotification", "Resource": "*"}
        return replace(self, document={**self.document, "Statement": [*statements, nothing]})

    def of(self, bucket: str) -> dict[str, Any]:
        """Return the document for a bucket of the test."""
        text = json.dumps(self.document)
        document: dict[str, Any] = json.loads(text.replace(DOCUMENTED_BUCKET, bucket))
        return document


def policies() -> dict[str, Policy]:
    """Return the policies of the page."""
    return {
        block.heading: Policy(block.heading, json.loads(block.text))
        for block in blocks(PAGE, "json")
        if block.heading.partition(" ")[0].endswith("Operator")
    }


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
