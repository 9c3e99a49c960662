"""Bucket settings applied: what a bucket has is compared with what is asked, the difference written."""

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

# How servers refuse a sub-resource that they don't know: they take the PUT for a CreateBucket. What we send
# is botocore's form of checked values, so a form that the server finds malformed is one that it does not
# know.
TAKEN_FOR_ANOTHER = frozenset({"MalformedXML", "BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


def apply_settings(
    client: S3Client,
    bucket: str,
    settings: BucketSettings,
    *,
    created: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[str, ...]:
    """Make a bucket as the settings say, and return the names of those that had to be changed, in order.

    A second call changes nothing. Each change is read back: what a server takes but does not keep is an
    error. Reading and writing are two requests: S3 has no condition for bucket settings, so of two tasks that
    change tags or lifecycle rules at the same moment one may lose.

    :param created: whether the bucket was made a moment ago: then a NoSuchBucket is waited out, since S3
        makes a new bucket known everywhere within seconds, not at once.
    :param pause: waits so many seconds before another try.
    :raises InvalidInput: see ``BucketSettings.checked``; nothing was sent.
    :raises NotSupportedByServer: naming the setting; those before it have been applied.
    :raises AccessDenied: naming the setting and the missing right, of the reading or of the writing.
    :raises PublicAccessBlocked: the policy is for everyone, and Block Public Access is on.
    """
    given = settings.checked().given()
    retried_codes = (CONFLICT, "NoSuchBucket") if created else (CONFLICT,)
    changes = (
        _Change(client, bucket, setting, retried_codes, sleep)
        for setting in SETTINGS
        if setting.name in given
    )
    return tuple(change.setting.name for change in changes if change.make(given[change.setting.name]))


class _Change:
    """One setting of one bucket, to be made as asked."""

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

    def make(self, value: object) -> bool:
        """Return whether something had to be changed."""
        with self._named():
            state = self._read()
            wanted = self.setting.merged(state, value)
            if wanted == state:
                return False
            put = getattr(self._client, f"put_{self.setting.operation}")
            self._patiently(partial(put, Bucket=self._bucket, **self.setting.request(wanted)))
            self._read_back(value)
        log.info("%s: %s was set", s3_uri(self._bucket), self.setting.name)
        return True

    def _read(self) -> State:
        get = getattr(self._client, f"get_{self.setting.operation}")
        try:
            response: dict[str, Any] = self._patiently(partial(get, Bucket=self._bucket))
        except ClientError as error:
            if code_of(error) != self.setting.unset:
                raise
            return {}
        return {name: part for name, part in response.items() if name != "ResponseMetadata"}

    def _read_back(self, value: object) -> None:
        # On AWS "bucket configurations have an eventual consistency model": a change may show late.
        for wait in (0.0, *eventual_consistency.WAITS):
            self._sleep(wait)
            state = self._read()
            if self.setting.merged(state, value) == state:
                return
        raise errors.NotSupportedByServer(
            f"BucketSettings.{self.setting.name} on {s3_uri(self._bucket)}: the server took the change, "
            "but does not keep it",
            bucket=self._bucket,
        )

    def _patiently(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return retry_while(call, *self._retried_codes, sleep=self._sleep)

    @contextmanager
    def _named(self) -> Iterator[None]:
        with translated(self._client, self._bucket):
            try:
                yield
            except ClientError as error:
                raise self._refusal(error) from error

    def _refusal(self, error: ClientError) -> errors.S3OpsError:
        """Return our error, with the setting's name in front and with its hint."""
        refusal = from_client_error(error, self._client, self._bucket)
        details = {
            "bucket": self._bucket,
            "code": refusal.code,
            "request_id": refusal.request_id,
            "reason": refusal.reason,
        }
        what = f"BucketSettings.{self.setting.name}: {refusal.what}"
        if code_of(error) in TAKEN_FOR_ANOTHER or isinstance(refusal, errors.NotSupportedByServer):
            return errors.NotSupportedByServer(what, **details)
        if "BlockPublicPolicy" in str(error):
            return errors.PublicAccessBlocked(what, advice=self.setting.hint, **details)
        hint = None if refusal.code in ("MalformedPolicy", "MalformedXML") else self.setting.hint
        advice = " ".join(sentence for sentence in (refusal.advice, hint) if sentence)
        if isinstance(refusal, errors.AccessDenied):
            return errors.AccessDenied(what, action=refusal.action, advice=advice, **details)
        return type(refusal)(what, advice=advice, **details)
