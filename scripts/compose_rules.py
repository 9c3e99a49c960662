"""The rules for docker-compose.yaml besides the specification: each rule yields what breaks it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Rule = Callable[["Mapping[str, Any]"], Iterator[str]]

ONE_SHOT = "service_completed_successfully"
# At least a major and a minor version, and no tag that changes: not latest, 17, bookworm.
PINNED = re.compile(r"^[\w./-]+(:\d+)?(/[\w./-]+)?:v?\d+\.\d+[\w.-]*$|@sha256:[0-9a-f]{64}$")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|FERNET|CREDENTIAL|ACCESS_KEY|(^|_)AUTH$|(^|_)KEY$", re.IGNORECASE)
NO_SECRET = re.compile(r"_FILE$")
REFERENCE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<operator>[^}]*)\}")
URL_PASSWORD = re.compile(r"://[^/@\s]*:(?P<password>[^@\s]+)@")
JSON_PASSWORD = re.compile(r'"(?:login|password)":\s*"(?P<password>[^"]*)"')
# If these differ, the parts refuse each other's requests, or cannot decrypt each other's connections.
SHARED = (
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__CELERY__BROKER_URL",
    "AIRFLOW__CELERY__RESULT_BACKEND",
)


def images_are_pinned(compose: Mapping[str, Any]) -> Iterator[str]:
    """A pulled image has a fixed version; images that are built here are pinned in the Dockerfile."""
    for name, service in compose["services"].items():
        if "build" not in service and not PINNED.search(service.get("image", "")):
            yield f"{name}: the image {service.get('image')!r} is not pinned to a version"


def built_images_are_not_pulled(compose: Mapping[str, Any]) -> Iterator[str]:
    """Otherwise `docker compose up` first asks a registry for the tag, and may get a foreign image."""
    for name, service in compose["services"].items():
        if "build" in service and service.get("pull_policy") != "build":
            yield f"{name}: its image is built here, but could be pulled: write pull_policy: build"


def health_is_checked(compose: Mapping[str, Any]) -> Iterator[str]:
    """Every service has a health check, except those that run once and end."""
    once = _waited_for(compose, ONE_SHOT)
    for name, service in compose["services"].items():
        if name not in once and not service.get("healthcheck", {}).get("test"):
            yield f"{name}: it has no health check"


def resources_are_limited(compose: Mapping[str, Any]) -> Iterator[str]:
    """Every service has limits on CPU and memory."""
    for name, service in compose["services"].items():
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        for resource in ("cpus", "memory"):
            if resource not in limits:
                yield f"{name}: it has no limit on {resource}"


def depends_on_has_a_condition(compose: Mapping[str, Any]) -> Iterator[str]:
    """A plain list of names only waits until containers are started, not until they are ready."""
    for name, service in compose["services"].items():
        for other, how in _depends_on(service).items():
            if how.get("condition") not in ("service_healthy", ONE_SHOT):
                yield f"{name}: it does not wait until {other} is healthy or has completed"
            if other not in compose["services"]:
                yield f"{name}: it waits for {other}, which is not a service"


def no_secret_is_written_out(compose: Mapping[str, Any]) -> Iterator[str]:
    """A secret comes from the environment, and without it nothing starts: `${NAME:?what to do}`."""
    for where, name, text in _texts(compose):
        for reference in REFERENCE.finditer(text):
            if SECRET.search(reference["name"]) and not reference["operator"].startswith(":?"):
                yield f"{where}: if it is not set, {reference[0]} is empty or a default: write :?"
        passwords = [
            match["password"] for pattern in (URL_PASSWORD, JSON_PASSWORD) for match in pattern.finditer(text)
        ]
        if SECRET.search(name) and not NO_SECRET.search(name):
            passwords.append(text)
        for password in passwords:
            if not REFERENCE.fullmatch(password):
                yield f"{where}: a secret is written out"


def ports_are_on_loopback(compose: Mapping[str, Any]) -> Iterator[str]:
    """Without an address Docker opens a port to the whole network, bypassing the machine's firewall."""
    for name, service in compose["services"].items():
        for port in service.get("ports", ()):
            if not str(port).startswith("127.0.0.1:"):
                yield f"{name}: the port {port!r} is open to the network"


def no_service_is_root(compose: Mapping[str, Any]) -> Iterator[str]:
    """Every service runs as a user that is not root and cannot become root."""
    for name, service in compose["services"].items():
        user = str(service.get("user", "")).partition(":")[0]
        if user in ("", "0", "root"):
            yield f"{name}: it runs as {user or 'the user of its image'}"
        if "no-new-privileges:true" not in service.get("security_opt", ()):
            yield f"{name}: its processes may gain privileges"


def airflow_services_share_settings(compose: Mapping[str, Any]) -> Iterator[str]:
    """All parts of Airflow have the same keys, database and queue."""
    parts = {
        name: service["environment"]
        for name, service in compose["services"].items()
        if service.get("build", {}).get("target") == "airflow"
    }
    for setting in SHARED:
        values = {environment.get(setting) for environment in parts.values()}
        if len(values) != 1 or None in values:
            yield f"{setting} is not the same in {', '.join(parts)}"


def there_are_two_workers(compose: Mapping[str, Any]) -> Iterator[str]:
    """If one worker dies, another one is left."""
    if compose["services"].get("worker", {}).get("deploy", {}).get("replicas", 0) < 2:
        yield "worker: there are fewer than two"


RULES: tuple[Rule, ...] = (
    images_are_pinned,
    built_images_are_not_pulled,
    health_is_checked,
    resources_are_limited,
    depends_on_has_a_condition,
    no_secret_is_written_out,
    ports_are_on_loopback,
    no_service_is_root,
    airflow_services_share_settings,
    there_are_two_workers,
)


def references(compose: Mapping[str, Any]) -> dict[str, bool]:
    """Return the variables that the file uses, and whether each is required."""
    found: dict[str, bool] = {}
    for _, _, text in _texts(compose):
        for reference in REFERENCE.finditer(text):
            found[reference["name"]] = found.get(reference["name"], False) or reference[
                "operator"
            ].startswith(":?")
    return found


def _depends_on(service: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    given = service.get("depends_on", {})
    return dict(given) if isinstance(given, dict) else {name: {} for name in given}


def _waited_for(compose: Mapping[str, Any], condition: str) -> set[str]:
    return {
        other
        for service in compose["services"].values()
        for other, how in _depends_on(service).items()
        if how.get("condition") == condition
    }


def _texts(node: Any, where: str = "", name: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield every text of the file with its place and its name; also each `NAME=text` of a list."""
    if isinstance(node, dict):
        for key, below in node.items():
            yield from _texts(below, f"{where}.{key}".lstrip("."), str(key))
    elif isinstance(node, list):
        for number, below in enumerate(node):
            key, sign, text = str(below).partition("=")
            is_setting = name == "environment" and bool(sign)
            yield from _texts(text if is_setting else below, f"{where}[{number}]", key if is_setting else "")
    elif node is not None:
        yield where, name, str(node)
