"""The settings of a bucket, apart from its name and region: plain data, cheap to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from airflow_s3ops.s3.buckets.setting_values import checked_value
from airflow_s3ops.s3.errors import InvalidInput
from airflow_s3ops.s3.nearest import nearest


@dataclass(frozen=True, kw_only=True)
class BucketSettings:
    """Settings of a bucket. A field that is None is not changed; the others are applied in this order.

    Every value may be a template, and may be written as plain JSON. Strings that templates render to are
    converted: ``"true"`` to a boolean, ``"7"`` to a number, JSON to a mapping.

    :param object_ownership: ``BucketOwnerEnforced`` (no ACLs; the default of new buckets on AWS),
        ``BucketOwnerPreferred`` or ``ObjectWriter``. PutBucketOwnershipControls; for a new bucket
        ``ObjectOwnership`` of CreateBucket.
    :param block_public_access: all four switches of Block Public Access on, or all four off.
        PutPublicAccessBlock.
    :param versioning: ``Enabled`` or ``Suspended``. PutBucketVersioning.
    :param encryption: the encryption of objects whose upload requests none. ``AES256`` is SSE-S3. ``aws:kms``
        is SSE-KMS with the key that AWS manages; ``{"kms_key_id": "<id, ARN or alias>"}`` names another key.
        ``"bucket_key": false`` in the mapping turns the S3 Bucket Key off; it is on by default (fewer
        requests to KMS, lower cost). PutBucketEncryption.
    :param tags: tags to set; other tags of the bucket are kept. PutBucketTagging.
    :param abort_incomplete_uploads_days: after this number of days (1 or more) S3 removes the parts of
        uploads that were never completed. Sets one lifecycle rule; the bucket's other rules are kept.
        PutBucketLifecycleConfiguration.
    :param object_lock: True enables Object Lock; ``{"mode": "GOVERNANCE", "days": 30}`` (or ``COMPLIANCE``,
        or ``years``) also locks every new object for that time. It can never be switched off again, and it
        needs versioning: a new bucket gets it automatically, an existing one needs ``versioning="Enabled"``.
        PutObjectLockConfiguration; for a new bucket ``ObjectLockEnabledForBucket`` of CreateBucket.
    :param policy: the bucket's whole policy, as a mapping or as JSON text. PutBucketPolicy.
    """

    object_ownership: str | None = None
    block_public_access: bool | str | None = None
    versioning: str | None = None
    encryption: str | Mapping[str, Any] | None = None
    tags: Mapping[str, str] | str | None = None
    abort_incomplete_uploads_days: int | str | None = None
    object_lock: bool | Mapping[str, Any] | str | None = None
    policy: Mapping[str, Any] | str | None = None

    @classmethod
    def of(cls, value: BucketSettings | Mapping[str, Any] | None) -> BucketSettings:
        """Return the settings that a mapping contains; for None, settings that change nothing.

        :raises InvalidInput: not a mapping, or a name that is not a setting, with the most similar one.
        """
        if isinstance(value, BucketSettings):
            return value
        if value is None:
            return cls()
        if not isinstance(value, Mapping):
            raise InvalidInput(f"settings is {type(value).__name__}, neither BucketSettings nor a mapping")
        for name in value:
            if name not in NAMES:
                raise InvalidInput(f"{name!r} is not a bucket setting", advice=_suggestion(name))
        return cls(**value)

    def given(self) -> dict[str, Any]:
        """Return the settings that are not None, by name and in order."""
        values = {name: getattr(self, name) for name in NAMES}
        return {name: value for name, value in values.items() if value is not None}

    def checked(self) -> BucketSettings:
        """Return the settings in the form that S3 accepts: strings converted, defaults filled in.

        :raises InvalidInput: a value that S3 would reject, naming field and value.
        """
        checked = BucketSettings(**{name: checked_value(name, value) for name, value in self.given().items()})
        if checked.object_lock and checked.versioning == "Suspended":
            raise InvalidInput('BucketSettings.versioning is "Suspended", but object_lock needs versioning')
        return checked

    def serialize(self) -> dict[str, Any]:
        """Return the settings that are not None as plain JSON; Airflow shows it as the rendered field."""
        return {
            name: dict(value) if isinstance(value, Mapping) else value for name, value in self.given().items()
        }


NAMES = tuple(field.name for field in fields(BucketSettings))


def _suggestion(name: object) -> str:
    similar = nearest(name, NAMES)
    return f"Did you mean {similar!r}?" if similar else f"The settings are {', '.join(NAMES)}."
