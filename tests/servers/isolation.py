"""Isolate the tests from the machine's AWS credentials, Airflow settings and proxies."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

# A run must not use the machine's connections and settings, and must not send a request through its proxy.
FOREIGN = ("AWS_", "AIRFLOW_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE")


class Isolation:
    """Gives this process its own environment, until `end`."""

    def __init__(self) -> None:
        self._before = dict(os.environ)
        self.home = Path(tempfile.mkdtemp(prefix="s3ops-airflow-"))
        for name in self._before:
            if name.upper().startswith(FOREIGN):
                del os.environ[name]
        (self.home / "dags").mkdir()
        os.environ.update(self._aws() | self._airflow())

    def end(self) -> None:
        """Restore the environment, and remove the folder."""
        os.environ.clear()
        os.environ.update(self._before)
        shutil.rmtree(self.home, ignore_errors=True)

    def _aws(self) -> dict[str, str]:
        nowhere = self.home / "no-such-aws-folder"
        return {
            "AWS_SHARED_CREDENTIALS_FILE": str(nowhere / "credentials"),
            "AWS_CONFIG_FILE": str(nowhere / "config"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _airflow(self) -> dict[str, str]:
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}",
            # By default Airflow reports usage data to a service on the internet.
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }
