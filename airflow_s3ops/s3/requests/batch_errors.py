"""Which error of one item ends a whole batch."""

from __future__ import annotations

from airflow_s3ops.s3 import errors

# No other item could succeed either.
FATAL = (
    errors.CredentialsMissing,
    errors.CredentialsRejected,
    errors.CredentialsExpired,
    errors.BucketNotFound,
    errors.BucketNotMine,
    errors.BucketInOtherRegion,
    errors.Stopped,
)
# After so many items in a row that failed with one of these, and none that succeeded in between, the server
# counts as unreachable.
UNREACHABLE = (errors.NetworkError, errors.ServerError, errors.Throttled)
GIVE_UP_AFTER = 20
