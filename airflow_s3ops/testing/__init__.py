"""For the tests of your own DAGs: an S3 server that runs as long as they do, as fixtures of pytest.

Name this package in the ``conftest.py`` at the root of your tests::

    pytest_plugins = ["airflow_s3ops.testing"]

and your tests may ask for the fixtures of :mod:`airflow_s3ops.testing.fixtures`: ``s3ops_server``,
``s3ops_connection`` and ``s3ops_bucket``. Without pytest, :func:`embedded_server` runs the same server.

It takes ``moto[server]``, which the extra ``testing`` brings. What moto does not check is told in
docs/testing-your-dags.md. (PYTEST_DONT_REWRITE: there is no assert here.)
"""

from __future__ import annotations

from airflow_s3ops.testing.embedded import EmbeddedServer, EmbeddedServerError, embedded_server

__all__ = ["EmbeddedServer", "EmbeddedServerError", "embedded_server"]

# pytest loads what a plugin names here; nobody else needs pytest to import this package.
pytest_plugins = ["airflow_s3ops.testing.fixtures"]
