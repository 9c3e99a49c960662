"""Settings of property tests for Hypothesis."""

from __future__ import annotations

from hypothesis import HealthCheck

# On a busy machine any property test may be slow.
ANY_MACHINE = [HealthCheck.too_slow]
# The fixture (a folder, a bucket) may be shared: each example uses its own place in it.
EXAMPLES_SHARE_A_FIXTURE = [*ANY_MACHINE, HealthCheck.function_scoped_fixture]
