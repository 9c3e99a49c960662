"""Each policy of docs/credentials.md is enough for its operation, and each of its actions is needed.

The tests run on Versity Gateway with its IAM service, which accepts the unchanged documents of the page.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import moto.iam
import pytest

from airflow_s3ops.operators import __all__ as public_names
from airflow_s3ops.s3.errors import AccessDenied, PartialDelete, S3OpsError
from tests.docs.markdown import code, section, tables
from tests.docs.policies import LOGGED_ONLY, NOT_PROVABLE, PAGE, WITH_SETTINGS, Policy, policies
from tests.docs.scenarios import SCENARIOS, Work
from tests.operators.samples import SAMPLES_WITHOUT_S3

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.docs.identities import Account

POLICIES = policies()
EACH_POLICY = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
ACTIONS = [(policy.name, action) for policy in POLICIES.values() for action in policy.actions]
CONNECTION_ID = "s3ops_limited"


@pytest.fixture
def act(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Policy], None]:
    """Run a policy's scenario, as a user with only that policy."""
    from airflow_s3ops.hooks import S3OpsHook

    def do(policy: Policy) -> None:
        bucket = f"s3ops-{uuid.uuid4().hex[:20]}"
        user = account.user()
        user.allow_only(policy.of(bucket))
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONNECTION_ID.upper()}", user.server.connection_json())
        work = Work(account.s3, S3OpsHook(CONNECTION_ID), bucket, tmp_path)
        SCENARIOS[policy.name](work)

    return do


def missing_action(refusal: S3OpsError) -> str | None:
    """Return the action that an error names as missing, also one from a DeleteObjects response."""
    if isinstance(refusal, AccessDenied):
        return refusal.action
    assert isinstance(refusal, PartialDelete)
    assert {failure.code for failure in refusal.failures} == {"AccessDenied"}
    assert not refusal.retryable
    named = {match[1] for match in re.finditer(r"perform: (s3:\w+)", refusal.failures[0].message)}
    return named.pop() if len(named) == 1 else None


@pytest.mark.needs("user_policies")
@EACH_POLICY
def test_a_documented_policy_is_enough(policy: Policy, act: Callable[[Policy], None]) -> None:
    act(policy)


@pytest.mark.needs("user_policies")
@pytest.mark.parametrize(("name", "action"), sorted(NOT_PROVABLE))
def test_without_an_action_of_the_table_the_gateway_still_succeeds(
    name: str, action: str, act: Callable[[Policy], None]
) -> None:
    act(POLICIES[name].without(action))


@pytest.mark.needs("user_policies")
@pytest.mark.parametrize(("name", "action"), sorted(LOGGED_ONLY))
def test_without_a_right_to_clean_up_the_log_names_it(
    name: str, action: str, act: Callable[[Policy], None], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(AssertionError):
        act(POLICIES[name].without(action))
    assert f"{action} is not granted" in caplog.text


@pytest.mark.needs("user_policies")
@pytest.mark.parametrize(
    ("name", "action"), [pair for pair in ACTIONS if pair not in LOGGED_ONLY | NOT_PROVABLE.keys()]
)
def test_without_one_of_its_actions_the_error_names_it(
    name: str, action: str, act: Callable[[Policy], None]
) -> None:
    with pytest.raises((AccessDenied, PartialDelete)) as refusal:
        act(POLICIES[name].without(action))
    assert missing_action(refusal.value) == action
    assert action in str(refusal.value)


def test_every_policy_has_a_scenario_and_every_scenario_a_policy() -> None:
    assert set(SCENARIOS) == set(POLICIES)


def test_every_operator_has_a_policy() -> None:
    operators = {name for name in public_names if name.endswith("Operator")} - {
        operator.__name__ for operator in SAMPLES_WITHOUT_S3
    }
    assert {name.partition(" ")[0] for name in POLICIES} == operators


def test_every_row_of_the_two_tables_is_about_a_documented_action() -> None:
    assert NOT_PROVABLE.keys() | LOGGED_ONLY <= set(ACTIONS)


@pytest.mark.parametrize("action", sorted({action for _, action in ACTIONS}))
def test_a_documented_action_exists_on_aws(action: str) -> None:
    # AWS' own managed policies, which are part of moto.
    known = (Path(moto.iam.__file__).parent / "aws_managed_policies.py").read_text(encoding="utf-8")
    in_no_managed_policy = {"s3:PutObjectLegalHold"}
    assert (f'"{action}"' in known) != (action in in_no_managed_policy)


def test_no_policy_grants_more_than_it_names() -> None:
    for policy in POLICIES.values():
        assert not [action for action in policy.actions if "*" in action], policy.name


def test_the_table_of_settings_is_what_the_policy_with_settings_grants() -> None:
    (table,) = tables(section(PAGE, WITH_SETTINGS))
    in_table = {action for row in table for action in code(row[1])}
    assert in_table == set(POLICIES[WITH_SETTINGS].actions) - {"s3:CreateBucket", "s3:ListAllMyBuckets"}


def test_the_table_of_settings_has_every_setting_in_order() -> None:
    from airflow_s3ops.s3.buckets.settings import NAMES

    (table,) = tables(section(PAGE, WITH_SETTINGS))
    assert [name for row in table for name in code(row[0])] == list(NAMES)
