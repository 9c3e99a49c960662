"""URIs, bucket names and keys are parsed, and checked with S3's rules."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_s3ops.s3.errors import InvalidBucketName, InvalidInput, InvalidKey
from airflow_s3ops.s3.names import (
    MAX_KEY_BYTES,
    bucket_and_key,
    bucket_and_prefix,
    checked_bucket,
    checked_key,
    checked_new_bucket,
    s3_uri,
    split_s3_uri,
)

# Letters and digits at both ends, no ".." and no "--" (S3 reserves some names with it), and no IP address.
BUCKETS = st.from_regex(r"[a-z][a-z0-9]{1,30}[.-]?[a-z0-9]{1,30}", fullmatch=True)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=250)

# From "General purpose bucket naming rules", Amazon S3 User Guide, with a text that our error must contain.
FORBIDDEN = {
    "ab": "3 to 63 characters",
    "a" * 64: "3 to 63 characters",
    "Reports": "lower-case",
    "my_bucket": "lower-case",
    "my bucket": "lower-case",
    "버킷이름": "lower-case",
    "bücket": "lower-case",
    "-reports": "begins and ends",
    "reports-": "begins and ends",
    ".reports": "begins and ends",
    "reports.": "begins and ends",
    "my..reports": "two dots",
    "192.168.5.4": "IP address",
    "xn--reports": "begin with",
    "sthree-reports": "begin with",
    "amzn-s3-demo-reports": "begin with",
    "reports-s3alias": "end with",
    "reports--ol-s3": "end with",
    "reports.mrap": "end with",
    "reports--x-s3": "end with",
    "reports--table-s3": "end with",
}
ALLOWED = ["abc", "a" * 63, "my-reports", "reports.2024", "123", "1.2.3", "a--b", "256.256.256.256"]


class TestUris:
    @given(BUCKETS, KEYS)
    def test_every_bucket_and_key_can_be_put_into_a_uri_and_split_again(self, bucket: str, key: str) -> None:
        assert split_s3_uri(s3_uri(bucket, key)) == (bucket, key)

    @pytest.mark.parametrize(
        ("uri", "key"),
        [
            ("s3://b/a?b=1.csv", "a?b=1.csv"),
            ("s3://b/a#b.csv", "a#b.csv"),
            ("s3://b/data:2024/x.csv", "data:2024/x.csv"),
            ("s3://b//leading", "/leading"),
            ("s3://b/a%20b+c d", "a%20b+c d"),
            ("s3://b/", ""),
            ("s3://b", ""),
        ],
    )
    def test_everything_after_the_first_slash_is_the_key(self, uri: str, key: str) -> None:
        assert split_s3_uri(uri) == ("b", key)

    @pytest.mark.parametrize("text", ["b/key", "s3:/b/key", "https://b.s3.amazonaws.com/key", ""])
    def test_another_text_is_not_a_uri(self, text: str) -> None:
        with pytest.raises(InvalidInput, match=r"s3://bucket/key"):
            split_s3_uri(text)

    def test_the_uri_without_a_bucket_is_s3(self) -> None:
        assert s3_uri(None) == "S3"

    def test_a_uri_without_a_key_is_the_bucket(self) -> None:
        assert s3_uri("reports") == "s3://reports"


class TestBucketAndKey:
    def test_may_be_given_separately(self) -> None:
        assert bucket_and_key("reports", "2024/a.csv") == ("reports", "2024/a.csv")

    def test_may_be_given_as_one_uri(self) -> None:
        assert bucket_and_key(None, "s3://reports/2024/a.csv") == ("reports", "2024/a.csv")

    def test_a_key_that_looks_like_a_uri_is_a_key_if_a_bucket_is_given(self) -> None:
        assert bucket_and_key("reports", "s3://x/y") == ("reports", "s3://x/y")

    @pytest.mark.parametrize("key", ["2024/a.csv", "", None])
    def test_without_a_bucket_a_key_must_be_a_uri(self, key: str | None) -> None:
        with pytest.raises(InvalidInput, match="No bucket is given"):
            bucket_and_key(None, key)

    def test_a_uri_must_have_a_key(self) -> None:
        with pytest.raises(InvalidKey):
            bucket_and_key(None, "s3://reports")

    @pytest.mark.parametrize("prefix", ["", None])
    def test_a_prefix_may_be_empty(self, prefix: str | None) -> None:
        assert bucket_and_prefix("reports", prefix) == ("reports", "")

    @pytest.mark.parametrize("key", [20260101, 0, ["a"], PurePath("a/b")], ids=repr)
    @pytest.mark.parametrize("bucket", ["reports", None])
    def test_a_key_that_is_not_a_text_is_refused(self, bucket: str | None, key: Any) -> None:
        with pytest.raises(InvalidKey, match="is not a text"):
            bucket_and_key(bucket, key)

    def test_an_empty_bucket_is_not_taken_from_the_key(self) -> None:
        with pytest.raises(InvalidBucketName, match="empty"):
            bucket_and_prefix("", "s3://reports/2024")


class TestBucketNames:
    @pytest.mark.parametrize(("name", "rule"), FORBIDDEN.items())
    def test_for_a_forbidden_new_name_the_error_has_the_rule(self, name: str, rule: str) -> None:
        with pytest.raises(InvalidBucketName, match=re.escape(rule)) as caught:
            checked_new_bucket(name)

        assert repr(name) in str(caught.value)
        assert caught.value.bucket == name

    @pytest.mark.parametrize("name", ALLOWED)
    def test_an_allowed_new_name_is_returned(self, name: str) -> None:
        assert checked_new_bucket(name) == name

    @given(BUCKETS)
    def test_a_name_that_may_be_created_may_be_used(self, name: str) -> None:
        assert checked_bucket(checked_new_bucket(name)) == name

    @given(st.text(max_size=80))
    def test_any_text_is_either_returned_unchanged_or_refused(self, text: str) -> None:
        try:
            assert checked_new_bucket(text) == text
        except InvalidBucketName:
            return
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text)

    @pytest.mark.parametrize(
        "name", ["Old_Bucket", "a" * 255, "arn:aws:s3:eu-west-1:123456789012:accesspoint/x"]
    )
    def test_old_buckets_and_access_points_may_be_used_but_not_created(self, name: str) -> None:
        assert checked_bucket(name) == name
        with pytest.raises(InvalidBucketName):
            checked_new_bucket(name)

    @pytest.mark.parametrize("name", ["a/b", "s3://reports", "ab", "a" * 256, "reports\n", "re ports"])
    def test_a_name_that_no_bucket_ever_had_is_refused(self, name: str) -> None:
        with pytest.raises(InvalidBucketName, match="breaks S3's rule"):
            checked_bucket(name)

    @pytest.mark.parametrize("check", [checked_bucket, checked_new_bucket])
    @pytest.mark.parametrize("name", ["", None])
    def test_for_an_empty_name_the_advice_is_to_check_the_template(
        self, check: object, name: str | None
    ) -> None:
        assert callable(check)
        with pytest.raises(InvalidBucketName, match="template"):
            check(name)


class TestKeys:
    @given(KEYS)
    def test_a_key_of_up_to_1024_bytes_is_returned_unchanged(self, key: str) -> None:
        assert checked_key(key) == key

    @pytest.mark.parametrize("letter", ["a", "é", "한", "🗝"])
    def test_the_limit_counts_bytes_not_characters(self, letter: str) -> None:
        fits = letter * (MAX_KEY_BYTES // len(letter.encode()))
        assert checked_key(fits) == fits

        with pytest.raises(InvalidKey, match=f"{len((fits + letter).encode())} bytes"):
            checked_key(fits + letter)

    def test_a_long_key_is_shortened_in_the_message(self) -> None:
        with pytest.raises(InvalidKey) as caught:
            checked_key("k" * 5000)

        assert len(str(caught.value)) < 300

    @pytest.mark.parametrize("key", ["", None])
    def test_for_an_empty_key_the_advice_is_to_check_the_template(self, key: str | None) -> None:
        with pytest.raises(InvalidKey, match="template"):
            checked_key(key)

    def test_an_unpaired_surrogate_is_refused(self) -> None:
        with pytest.raises(InvalidKey, match="Unicode"):
            checked_key("a\ud800b")


@pytest.mark.parametrize("text", ["s3://acme/a", "s3://acme/"])
def test_a_bucket_that_is_given_twice_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        bucket_and_key("acme", text)
    with pytest.raises(InvalidInput):
        bucket_and_prefix("acme", text)


def test_a_key_may_begin_with_the_uri_of_another_bucket() -> None:
    assert bucket_and_key("acme", "s3://other/a") == ("acme", "s3://other/a")
