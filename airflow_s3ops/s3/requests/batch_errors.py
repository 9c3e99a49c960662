"""The errors of one item that end a whole batch."""

from __future__ import annotations

from airflow_s3ops.s3 import errors

# After one of these, no other item can succeed.
FATAL = (
    errors.CredentialsMissing,
    errors.CredentialsRejected,
    errors.CredentialsExpired,
    errors.BucketNotFound,
    errors.BucketNotMine,
    errors.BucketInOtherRegion,
    errors.Stopped,
)
# The server counts as unreachable after GIVE_UP_AFTER items in a row have failed with one of these errors.
UNREACHABLE = (errors.NetworkError, errors.ServerError, errors.Throttled)
GIVE_UP_AFTER = 20
