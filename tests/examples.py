"""What property tests say of themselves to Hypothesis."""

from __future__ import annotations

from hypothesis import HealthCheck

# Slow is what a busy machine makes of any of them.
ANY_MACHINE = [HealthCheck.too_slow]
# The fixture (a folder, a bucket) may be shared: each example makes a place of its own in it.
EXAMPLES_SHARE_A_FIXTURE = [*ANY_MACHINE, HealthCheck.function_scoped_fixture]
