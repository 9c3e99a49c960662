"""`make compose-check` finds problems: each rule is broken once, in a copy of the real file."""

from __future__ import annotations

import copy
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no annotations

from scripts import compose_check
from scripts.compose_check import (
    dockerfile_problems,
    example_problems,
    problems,
    schema_problems,
    version_problems,
)
from scripts.compose_rules import PINNED, RULES, references
from scripts.local_airflow import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# A small part of the specification; `make compose-check` uses all of it.
SCHEMA = {"type": "object", "properties": {"services": {"type": "object"}}, "required": ["services"]}
FILES = ("docker-compose.yaml", "Dockerfile", ".env.example", "Makefile")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()


@pytest.fixture
def compose() -> Any:
    return yaml.safe_load((ROOT / "docker-compose.yaml").read_text())


def broken_rules(compose: Any) -> list[str]:
    return [problem for rule in RULES for problem in rule(compose)]


def test_the_real_files_have_no_problems(compose: Any) -> None:
    assert list(problems(compose, SCHEMA, ROOT)) == []


def change(service: str, **fields: Any) -> Callable[[Any], None]:
    return lambda compose: compose["services"][service].update(fields)


def set_environment(service: str, name: str, text: str) -> Callable[[Any], None]:
    def do(compose: Any) -> None:
        # A copy: with YAML anchors several services share one object.
        environment = dict(compose["services"][service]["environment"])
        compose["services"][service]["environment"] = {**environment, name: text}

    return do


BREAKS: dict[str, tuple[Callable[[Any], None], str]] = {
    "latest": (change("redis", image="redis:latest"), "redis: the image 'redis:latest' is not pinned"),
    "no tag": (change("redis", image="redis"), "redis: the image 'redis' is not pinned"),
    "a moving tag": (change("redis", image="redis:7"), "redis: the image 'redis:7' is not pinned"),
    "no image": (change("postgres", image=""), "postgres: the image '' is not pinned"),
    "built or pulled": (
        lambda c: c["services"]["s3"].pop("pull_policy"),
        "s3: its image is built here, but could be pulled",
    ),
    "pulled if missing": (
        change("worker", pull_policy="missing"),
        "worker: its image is built here, but could be pulled",
    ),
    "no health check": (change("scheduler", healthcheck={}), "scheduler: it has no health check"),
    "no limits": (change("worker", deploy={"replicas": 2}), "worker: it has no limit on memory"),
    "half the limits": (
        change("redis", deploy={"resources": {"limits": {"cpus": "1"}}}),
        "redis: it has no limit on memory",
    ),
    "no condition": (change("api-server", depends_on=["redis"]), "does not wait until redis is healthy"),
    "only started": (
        change("api-server", depends_on={"redis": {"condition": "service_started"}}),
        "does not wait until redis is healthy",
    ),
    "no such service": (
        change("api-server", depends_on={"rabbit": {"condition": "service_healthy"}}),
        "waits for rabbit, which is not a service",
    ),
    "a password": (
        set_environment("postgres", "POSTGRES_PASSWORD", "airflow"),
        "services.postgres.environment.POSTGRES_PASSWORD: a secret is written out",
    ),
    "an empty password": (set_environment("postgres", "POSTGRES_PASSWORD", ""), "a secret is written out"),
    "a default password": (
        set_environment("postgres", "POSTGRES_PASSWORD", "${POSTGRES_PASSWORD:-airflow}"),
        "is empty or a default",
    ),
    "an unset password": (
        set_environment("postgres", "POSTGRES_PASSWORD", "${POSTGRES_PASSWORD}"),
        "is empty or a default",
    ),
    "a secret key": (
        set_environment("scheduler", "AIRFLOW__API__SECRET_KEY", "s3cr3t"),
        "services.scheduler.environment.AIRFLOW__API__SECRET_KEY: a secret is written out",
    ),
    "a password in a list": (
        change("redis", environment=["REDISCLI_AUTH=redis"]),
        "services.redis.environment[0]: a secret is written out",
    ),
    "a password in a URL": (
        set_environment("worker", "AIRFLOW__CELERY__BROKER_URL", "redis://:redis@redis:6379/0"),
        "services.worker.environment.AIRFLOW__CELERY__BROKER_URL: a secret is written out",
    ),
    "a password in JSON": (
        set_environment("worker", "AIRFLOW_CONN_X", '{"conn_type": "aws", "password": "minioadmin"}'),
        "services.worker.environment.AIRFLOW_CONN_X: a secret is written out",
    ),
    "an open port": (change("s3", ports=["7070:7070"]), "s3: the port '7070:7070' is open to the network"),
    "root": (change("redis", user="root"), "redis: it runs as root"),
    "root by number": (change("worker", user="0:0"), "worker: it runs as 0"),
    "the image's user": (lambda c: c["services"]["s3"].pop("user"), "s3: it runs as the user of its image"),
    "new privileges": (change("redis", security_opt=[]), "redis: its processes may gain privileges"),
    "secrets of its own": (
        set_environment("scheduler", "AIRFLOW__API_AUTH__JWT_SECRET", "${OTHER_SECRET:?see .env.example}"),
        "AIRFLOW__API_AUTH__JWT_SECRET is not the same",
    ),
    "one worker": (lambda c: c["services"]["worker"]["deploy"].pop("replicas"), "fewer than two"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_file_that_breaks_a_rule_is_reported(compose: Any, name: str) -> None:
    do, problem = BREAKS[name]
    compose = copy.deepcopy(compose)
    do(compose)
    assert any(problem in found for found in broken_rules(compose)), broken_rules(compose)


def test_every_rule_is_broken_by_one_of_the_cases(compose: Any) -> None:
    unbroken = set(RULES)
    for do, _ in BREAKS.values():
        changed = copy.deepcopy(compose)
        do(changed)
        unbroken -= {rule for rule in unbroken if list(rule(changed))}
    assert unbroken == set()


@pytest.mark.parametrize(
    ("image", "is_pinned"),
    [
        ("redis:7.4.5-bookworm", True),
        ("ghcr.io/versity/versitygw:v1.8.0", True),
        ("registry.example.com:5000/team/redis:7.4", True),
        (f"redis@sha256:{'0' * 64}", True),
        ("redis", False),
        ("redis:7", False),
        ("redis:bookworm", False),
        ("registry.example.com:5000/team/redis", False),
        ("redis:${TAG}", False),
    ],
)
def test_an_image_is_pinned_by_its_whole_version(image: str, *, is_pinned: bool) -> None:
    assert bool(PINNED.search(image)) is is_pinned


def test_what_the_specification_does_not_allow_is_named_with_its_place() -> None:
    assert list(schema_problems({"services": []}, SCHEMA)) == ["$.services: [] is not of type 'object'"]


def test_the_dockerfile_has_pinned_images_and_no_stage_that_runs_as_root(compose: Any) -> None:
    def wrong(old: str, new: str) -> list[str]:
        assert old in DOCKERFILE
        return list(dockerfile_problems(DOCKERFILE.replace(old, new), compose))

    assert wrong("versitygw:v1.8.0", "versitygw:latest") == [
        "Dockerfile: the image 'ghcr.io/versity/versitygw:latest' is not pinned to a version"
    ]
    assert wrong("USER 10001\n", "") == ["Dockerfile: the stage 's3' ends as root"]
    assert wrong("USER 10001\n", "USER 10001\nUSER root\n") == ["Dockerfile: the stage 's3' ends as root"]
    assert "s3: the Dockerfile has no stage 's3'" in wrong(" AS s3\n", " AS other\n")


def test_the_example_has_all_variables_and_no_secrets(compose: Any) -> None:
    def wrong(old: str, new: str) -> list[str]:
        assert old in EXAMPLE
        return list(example_problems(EXAMPLE.replace(old, new), compose))

    shared = ".env.example: REDIS_PASSWORD has a value, which would be the same for everyone"
    assert shared in wrong("REDIS_PASSWORD=\n", "REDIS_PASSWORD=redis\n")
    assert wrong("REDIS_PASSWORD=\n", "") == [".env.example: REDIS_PASSWORD is missing"]
    assert wrong("S3_PORT=", "S3PORT=x\nS3_PORT=") == [".env.example: nothing uses S3PORT"]


def test_required_variables_are_distinguished_from_optional_ones(compose: Any) -> None:
    needed = {name for name, is_needed in references(compose).items() if is_needed}
    assert {"POSTGRES_PASSWORD", "AIRFLOW_JWT_SECRET", "S3_SECRET_KEY"} <= needed
    assert not {"AIRFLOW_PORT", "LANDING_FOLDER"} & needed


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the checked files, for tests that change them."""
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "requirements").mkdir()
    for name in ("dev.txt", "cluster.txt"):
        shutil.copy(ROOT / "requirements" / name, tmp_path / "requirements" / name)
    return tmp_path


def test_the_versions_are_those_of_the_tests(copied: Path) -> None:
    lock = copied / "requirements" / "cluster.txt"
    older = re.sub(r"^apache-airflow==\S+", "apache-airflow==3.2.0", lock.read_text(), flags=re.MULTILINE)
    lock.write_text(older)
    makefile = copied / "Makefile"
    makefile.write_text(re.sub(r"(VERSITYGW_VERSION := ).*", r"\1v9.9.9", makefile.read_text()))
    first, second = version_problems(copied)
    assert "3.2.0" in first
    assert "v9.9.9" in second


def test_the_program_prints_the_problems_and_returns_1(
    copied: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = copied / "schema.json"
    schema.write_text('{"type": "object"}')
    monkeypatch.setattr("sys.argv", ["compose_check", str(schema), "--root", str(copied)])
    assert compose_check.main() == 0
    assert "8 services, 0 problems" in capsys.readouterr().out
    file = copied / "docker-compose.yaml"
    file.write_text(file.read_text().replace("redis:7.4.5-bookworm", "redis:latest"))
    assert compose_check.main() == 1
    assert "redis: the image 'redis:latest' is not pinned to a version" in capsys.readouterr().err
