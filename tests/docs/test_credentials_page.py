"""docs/credentials.md: the files in ~/.aws, and the fields of a connection."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from airflow.providers.amazon.aws.utils import connection_wrapper

from airflow_s3ops.hooks import S3OpsHook
from tests.docs.credentials import CREDENTIALS, with_keys
from tests.docs.markdown import blocks, code, section, tables

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.servers import S3Server

# The provider still reads these, but they are deprecated and not on the page.
DEPRECATED = {"session_kwargs", "s3_config_file", "profile"}


def fields() -> set[str]:
    (table,) = tables(section(CREDENTIALS, "Every field"))
    return {name for row in table for name in code(row[0])}


def test_the_files_in_the_home_folder_work(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials, config = blocks(CREDENTIALS, "ini")
    for variable, block in (("AWS_SHARED_CREDENTIALS_FILE", credentials), ("AWS_CONFIG_FILE", config)):
        (tmp_path / variable).write_text(with_keys(block.text, server))
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint_url)
    works, why = S3OpsHook(aws_conn_id=None).test_connection()
    assert works, why
    assert "region ap-northeast-2" in why


def test_every_field_that_a_connection_may_have_is_on_the_page() -> None:
    source = inspect.getsource(connection_wrapper.AwsConnectionWrapper)
    read = set(re.findall(r"""(?:extra\.get\(|extra\[)"(\w+)""", source))
    arguments = {
        name
        for method in ("_get_credentials", "_get_assume_role_configs")
        for name in inspect.signature(getattr(connection_wrapper.AwsConnectionWrapper, method)).parameters
    }
    assert fields() == (read | arguments) - {"self", "kwargs"} - DEPRECATED


def test_the_page_has_the_parts_that_errors_refer_to() -> None:
    text = CREDENTIALS.read_text(encoding="utf-8")
    for part in ("### In the UI", "### By environment variable", "### By command", "aws_conn_id=None"):
        assert part in text
