"""`make ui`."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING
from urllib.error import HTTPError

import pytest

from scripts.ui import DAGS, Web, free_port

if TYPE_CHECKING:
    from tests.scripts.conftest import Start


@pytest.mark.slow
def test_it_starts_logs_in_the_user_lists_the_dags_and_leaves_no_process(start: Start) -> None:
    ui = start("scripts.ui", "--port", str(free_port()))
    output = ui.wait_for("Ctrl-C stops everything")
    found = re.search(r"^Airflow +(http\S+)\nUser +admin\nPassword +(\S+)$", output, re.MULTILINE)
    assert found, output
    web = Web(found[1])
    with pytest.raises(HTTPError, match="401"):
        web.login("wrong")
    web.login(found[2])
    assert {dag["dag_id"] for dag in web.request("/api/v2/dags")["dags"]} == DAGS
    assert web.request("/api/v2/importErrors")["total_entries"] == 0
    health = web.request("/api/v2/monitor/health")
    assert {part["status"] for part in health.values()} == {"healthy"}
    ui.process.send_signal(signal.SIGINT)
    assert ui.process.wait(60) == 0
    assert ui.left() == []
