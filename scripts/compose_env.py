"""`make env`: write .env for docker-compose.yaml, with new random secrets."""

from __future__ import annotations

import argparse
import base64
import re
import secrets
import sys
from pathlib import Path

from scripts.local_airflow import ROOT

EMPTY = re.compile(r"^(\w+)=$", re.MULTILINE)
FERNET = "AIRFLOW_FERNET_KEY"


def main() -> int:
    """Write the file, if it does not exist; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / ".env", help="the file to write")
    path: Path = parser.parse_args().to
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        print(f"{path} exists already and is not changed.", file=sys.stderr)
        return 1
    path.write_text(EMPTY.sub(lambda match: f"{match[1]}={secret(match[1])}", example), encoding="utf-8")
    print(f"{path} is written; only you can read it.")
    return 0


def secret(name: str) -> str:
    """Return a new secret, in the form that the variable needs."""
    if name == FERNET:
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)


if __name__ == "__main__":
    sys.exit(main())
