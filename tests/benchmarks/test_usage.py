from __future__ import annotations

import os
import sys
import time

from benchmarks.usage import of_call, of_process

MIB = 1 << 20
ENVIRONMENT = {"PATH": os.environ["PATH"]}


def test_a_calls_usage_is_its_time_and_the_memory_above_what_was_held_before() -> None:
    held = bytes(range(256)) * (64 * 4096)

    def call() -> None:
        time.sleep(0.05)
        assert len(b"\1" * (48 * MIB)) < len(held)

    used = of_call(call)

    assert 0.05 <= used.wall < 5
    assert used.cpu <= used.wall + 0.1
    assert 40 * MIB < used.memory < 64 * MIB


def test_a_calls_usage_includes_the_cpu_of_all_its_threads() -> None:
    def call() -> None:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass

    assert 0.2 <= of_call(call).cpu < 1


def test_a_processs_memory_does_not_include_ours() -> None:
    ours = b"\1" * (256 * MIB)

    done = of_process(
        [sys.executable, "-c", "import time; x = b'1' * (32 << 20); time.sleep(0.3); print(len(x))"],
        environment=ENVIRONMENT,
        within=60,
    )

    assert done.code == 0
    assert done.output.strip() == str(32 * MIB)
    assert 32 * MIB < done.usage.memory < 128 * MIB < len(ours)
    assert done.usage.wall >= 0.3
    assert done.usage.cpu > 0


def test_a_process_gets_its_input_and_only_the_given_environment() -> None:
    code = "import os, sys; print(sys.stdin.read(), sorted(os.environ)); sys.stderr.write('oh'); sys.exit(3)"

    done = of_process(
        [sys.executable, "-c", code], environment={"ONLY": "this"}, standard_input="hello", within=60
    )

    assert done.code == 3
    assert done.output.startswith("hello")
    assert "ONLY" in done.output
    assert "AIRFLOW_HOME" not in done.output
    assert done.errors == "oh"


def test_a_process_that_takes_too_long_is_killed() -> None:
    done = of_process(
        [sys.executable, "-c", "import time; time.sleep(60)"], environment=ENVIRONMENT, within=0.2
    )

    assert done.code == -9
    assert done.usage.wall < 30
