"""`make compose-check`: check docker-compose.yaml against the compose specification and this project's rules.

It does not check whether the named images exist: that would need a registry.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]  # it has no annotations
import yaml  # type: ignore[import-untyped]  # it has no annotations

from scripts.compose_rules import PINNED, RULES, SECRET, references
from scripts.local_airflow import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

FROM = re.compile(r"^FROM (?P<image>\S+)(?: AS (?P<stage>\S+))?$", re.MULTILINE)
REQUIREMENT = re.compile(r"^apache-airflow==(?P<version>\S+)", re.MULTILINE)
GATEWAY = "ghcr.io/versity/versitygw"


def main() -> int:
    """Check the files; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("schema", type=Path, help="the compose specification's JSON schema")
    parser.add_argument("--root", type=Path, default=ROOT, help="the folder of docker-compose.yaml")
    arguments = parser.parse_args()
    compose = yaml.safe_load((arguments.root / "docker-compose.yaml").read_text(encoding="utf-8"))
    schema = json.loads(arguments.schema.read_text(encoding="utf-8"))
    found = list(problems(compose, schema, arguments.root))
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"docker-compose.yaml: {len(compose['services'])} services, {len(found)} problems")
    return 1 if found else 0


def problems(compose: dict[str, Any], schema: dict[str, Any], root: Path) -> Iterator[str]:
    """Yield the problems of the file and of the files that it needs."""
    broken = list(schema_problems(compose, schema))
    yield from broken
    if broken:
        return  # the rules need a valid file
    for rule in RULES:
        yield from rule(compose)
    yield from dockerfile_problems((root / "Dockerfile").read_text(encoding="utf-8"), compose)
    yield from example_problems((root / ".env.example").read_text(encoding="utf-8"), compose)
    yield from version_problems(root)


def schema_problems(compose: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    """Yield what the specification does not allow."""
    validator = jsonschema.validators.validator_for(schema)(schema)
    for error in validator.iter_errors(compose):
        yield f"{error.json_path}: {error.message}"


def dockerfile_problems(dockerfile: str, compose: dict[str, Any]) -> Iterator[str]:
    """Yield images without a fixed version, missing stages, and stages that run as root."""
    stages = {match["stage"] for match in FROM.finditer(dockerfile)}
    for match in FROM.finditer(dockerfile):
        if match["image"] not in stages and not PINNED.search(match["image"]):
            yield f"Dockerfile: the image {match['image']!r} is not pinned to a version"
    for name, service in compose["services"].items():
        target = service.get("build", {}).get("target")
        if target is None:
            continue
        if target not in stages:
            yield f"{name}: the Dockerfile has no stage {target!r}"
            continue
        _, _, rest = dockerfile.partition(f" AS {target}\n")
        users = re.findall(r"^USER (\S+)$", rest.partition("\nFROM ")[0], re.MULTILINE)
        if not users or users[-1].partition(":")[0] in ("0", "root"):
            yield f"Dockerfile: the stage {target!r} ends as root"


def example_problems(example: str, compose: dict[str, Any]) -> Iterator[str]:
    """Yield variables that .env.example lacks or that nothing uses, and secrets that have a value there."""
    given = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    for name, needed in references(compose).items():
        if name not in given:
            yield f".env.example: {name} is missing"
        elif needed and given[name]:
            yield f".env.example: {name} has a value, which would be the same for everyone"
    for name in given.keys() - references(compose).keys():
        yield f".env.example: nothing uses {name}"
    for name, text in given.items():
        if SECRET.search(name) and text:
            yield f".env.example: {name} has a value, which would be the same for everyone"


def version_problems(root: Path) -> Iterator[str]:
    """Yield versions that differ from those that the tests use."""
    locked = {
        name: REQUIREMENT.findall((root / "requirements" / name).read_text(encoding="utf-8"))
        for name in ("dev.txt", "cluster.txt")
    }
    if locked["dev.txt"] != locked["cluster.txt"]:
        yield (
            f"requirements: apache-airflow is {locked['dev.txt']} in dev.txt, "
            f"but {locked['cluster.txt']} in cluster.txt"
        )
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    tested = re.search(r"^VERSITYGW_VERSION := (\S+)$", makefile, re.MULTILINE)
    if not tested or f"FROM {GATEWAY}:{tested[1]} " not in (root / "Dockerfile").read_text(encoding="utf-8"):
        yield f"Dockerfile: the gateway is not {tested and tested[1]}, which the tests use"


if __name__ == "__main__":
    sys.exit(main())
