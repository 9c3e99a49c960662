"""Apply bucket settings: compare them with the bucket's current state, and write the differences."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airflow_s3ops.s3 import errors
from airflow_s3ops.s3.buckets import eventual_consistency
from airflow_s3ops.s3.buckets.eventual_consistency import CONFLICT, retry_while
from airflow_s3ops.s3.buckets.setting_table import SETTINGS, Setting, State
from airflow_s3ops.s3.names import s3_uri
from airflow_s3ops.s3.requests.translate import code_of, from_client_error, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

    from airflow_s3ops.s3.buckets.settings import BucketSettings

log = logging.getLogger(__name__)

# Error codes of servers that do not support a sub-resource: they treat the PUT as a CreateBucket. The body is
# checked, and serialised by botocore; so if a server calls it malformed, the server does not support it.
UNSUPPORTED_CODES = frozenset({"MalformedXML", "BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


def apply_settings(
    client: S3Client,
    bucket: str,
    settings: BucketSettings,
    *,
    created: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[str, ...]:
    """Apply the settings to a bucket, and return the names of those that had to be changed, in order.

    A second call changes nothing. Each change is read back: if the server accepts a setting but does not keep
    it, that is an error. Reading and writing are two requests, and S3 has no conditional requests for bucket
    settings. So if two tasks change tags or lifecycle rules at the same time, one change may be lost.

    :param created: whether the bucket has just been created: then NoSuchBucket is retried, because a new
        bucket becomes visible everywhere in S3 only after some seconds.
    :param sleep: waits for a number of seconds before the next attempt.
    :raises InvalidInput: see ``BucketSettings.checked``; nothing was sent.
    :raises NotSupportedByServer: naming the setting; those before it have been applied.
    :raises AccessDenied: naming the setting and the missing permission, for reading or for writing it.
    :raises PublicAccessBlocked: the policy is public, and Block Public Access is on.
    """
    given = settings.checked().given()
    retried_codes = (CONFLICT, "NoSuchBucket") if created else (CONFLICT,)
    changes = (
        _Change(client, bucket, setting, retried_codes, sleep)
        for setting in SETTINGS
        if setting.name in given
    )
    return tuple(change.setting.name for change in changes if change.apply(given[change.setting.name]))


class _Change:
    """The change of one setting of one bucket."""

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        setting: Setting,
        retried_codes: tuple[str, ...],
        sleep: Callable[[float], None],
    ) -> None:
        self.setting = setting
        self._client: Any = client
        self._bucket = bucket
        self._retried_codes = retried_codes
        self._sleep = sleep

    def apply(self, value: object) -> bool:
        """Apply the setting, and return whether it had to be changed."""
        with self._errors_named():
            state = self._read()
            new_state = self.setting.merged(state, value)
            if new_state == state:
                return False
            put = getattr(self._client, f"put_{self.setting.operation}")
            self._with_retries(partial(put, Bucket=self._bucket, **self.setting.request(new_state)))
            self._read_back(value)
        log.info("%s: %s was set", s3_uri(self._bucket), self.setting.name)
        return True

    def _read(self) -> State:
        get = getattr(self._client, f"get_{self.setting.operation}")
        try:
            response: dict[str, Any] = self._with_retries(partial(get, Bucket=self._bucket))
        except ClientError as error:
            if code_of(error) != self.setting.unset:
                raise
            return {}
        return {name: part for name, part in response.items() if name != "ResponseMetadata"}

    def _read_back(self, value: object) -> None:
        # On AWS "bucket configurations have an eventual consistency model": a change may be visible late.
        for wait in (0.0, *eventual_consistency.WAITS):
            self._sleep(wait)
            state = self._read()
            if self.setting.merged(state, value) == state:
                return
        raise errors.NotSupportedByServer(
            f"BucketSettings.{self.setting.name} on {s3_uri(self._bucket)}: the server accepted the change, "
            "but did not keep it",
            bucket=self._bucket,
        )

    def _with_retries(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return retry_while(call, *self._retried_codes, sleep=self._sleep)

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        with translated(self._client, self._bucket):
            try:
                yield
            except ClientError as error:
                raise self._named_error(error) from error

    def _named_error(self, error: ClientError) -> errors.S3OpsError:
        """Return the translated error, with the name of the setting in front and with its hint."""
        translated_error = from_client_error(error, self._client, self._bucket)
        details = {
            "bucket": self._bucket,
            "code": translated_error.code,
            "request_id": translated_error.request_id,
            "reason": translated_error.reason,
        }
        what = f"BucketSettings.{self.setting.name}: {translated_error.what}"
        if code_of(error) in UNSUPPORTED_CODES or isinstance(translated_error, errors.NotSupportedByServer):
            return errors.NotSupportedByServer(what, **details)
        if "BlockPublicPolicy" in str(error):
            return errors.PublicAccessBlocked(what, advice=self.setting.hint, **details)
        hint = None if translated_error.code in ("MalformedPolicy", "MalformedXML") else self.setting.hint
        advice = " ".join(sentence for sentence in (translated_error.advice, hint) if sentence)
        if isinstance(translated_error, errors.AccessDenied):
            return errors.AccessDenied(what, action=translated_error.action, advice=advice, **details)
        return type(translated_error)(what, advice=advice, **details)
