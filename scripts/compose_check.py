"""`make compose-check`: docker-compose.yaml by the compose specification, and by the house's own rules.

What no rule can tell without a registry is whether the images that are named exist.
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
    wrong = list(complaints(compose, schema, arguments.root))
    for complaint in wrong:
        print(complaint, file=sys.stderr)
    print(f"docker-compose.yaml: {len(compose['services'])} services, {len(wrong)} complaints")
    return 1 if wrong else 0


def complaints(compose: dict[str, Any], schema: dict[str, Any], root: Path) -> Iterator[str]:
    """Yield what is wrong, in the file and in those that it stands on."""
    broken = list(by_schema(compose, schema))
    yield from broken
    if broken:
        return  # the rules take a valid file for granted
    for rule in RULES:
        yield from rule(compose)
    yield from of_dockerfile((root / "Dockerfile").read_text(encoding="utf-8"), compose)
    yield from of_example((root / ".env.example").read_text(encoding="utf-8"), compose)
    yield from of_versions(root)


def by_schema(compose: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    """Yield what the specification does not allow."""
    validator = jsonschema.validators.validator_for(schema)(schema)
    for error in validator.iter_errors(compose):
        yield f"{error.json_path}: {error.message}"


def of_dockerfile(dockerfile: str, compose: dict[str, Any]) -> Iterator[str]:
    """Yield images that move, stages that are missing, and stages that run as root."""
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


def of_example(example: str, compose: dict[str, Any]) -> Iterator[str]:
    """Yield variables that .env.example does not explain, and secrets that it gives away."""
    given = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    for name, needed in references(compose).items():
        if name not in given:
            yield f".env.example: it has no {name}"
        elif needed and given[name]:
            yield f".env.example: {name} has a value, which would be everybody's"
    for name in given.keys() - references(compose).keys():
        yield f".env.example: nothing asks for {name}"
    for name, text in given.items():
        if SECRET.search(name) and text:
            yield f".env.example: {name} has a value, which would be everybody's"


def of_versions(root: Path) -> Iterator[str]:
    """Yield versions that are not those that the tests run."""
    locked = {
        name: REQUIREMENT.findall((root / "requirements" / name).read_text(encoding="utf-8"))
        for name in ("dev.txt", "cluster.txt")
    }
    if locked["dev.txt"] != locked["cluster.txt"]:
        yield f"requirements: apache-airflow is {locked['dev.txt']} in dev.txt, {locked['cluster.txt']} here"
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    tested = re.search(r"^VERSITYGW_VERSION := (\S+)$", makefile, re.MULTILINE)
    if not tested or f"FROM {GATEWAY}:{tested[1]} " not in (root / "Dockerfile").read_text(encoding="utf-8"):
        yield f"Dockerfile: the gateway is not {tested and tested[1]}, which the tests run"


if __name__ == "__main__":
    sys.exit(main())
