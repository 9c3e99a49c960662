"""For the tests of your own DAGs: pytest fixtures with an S3 server that runs as long as the tests.

Add this package to the ``conftest.py`` at the root of your tests::

    pytest_plugins = ["airflow_s3ops.testing"]

Then your tests can use the fixtures of :mod:`airflow_s3ops.testing.fixtures`: ``s3ops_server``,
``s3ops_connection`` and ``s3ops_bucket``. Without pytest, :func:`embedded_server` runs the same server.

It needs ``moto[server]``, which the extra ``testing`` installs. docs/testing-your-dags.md lists what moto
does not check. (PYTEST_DONT_REWRITE: this module has no assert.)
"""

from __future__ import annotations

from airflow_s3ops.testing.embedded import EmbeddedServer, EmbeddedServerError, embedded_server

__all__ = ["EmbeddedServer", "EmbeddedServerError", "embedded_server"]

# pytest loads the modules that a plugin lists here. So this package can be imported without pytest.
pytest_plugins = ["airflow_s3ops.testing.fixtures"]
