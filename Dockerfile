# Two images: `airflow` runs every part of Airflow, with exactly the packages of `make test-cluster`;
# `s3` runs Versity Gateway as an unprivileged user.

FROM python:3.12.11-slim-bookworm AS wheel
WORKDIR /source
RUN pip install --no-cache-dir "build==1.6.1" "hatchling==1.33.0"
COPY pyproject.toml README.md LICENSE ./
COPY airflow_s3ops airflow_s3ops
RUN python -m build --no-isolation --wheel --outdir /wheels

FROM python:3.12.11-slim-bookworm AS airflow
ENV AIRFLOW_HOME=/opt/airflow \
    PYTHONUNBUFFERED=1
RUN useradd --uid 50000 --gid 0 --home-dir "$AIRFLOW_HOME" --create-home airflow \
    && mkdir -p "$AIRFLOW_HOME/dags" "$AIRFLOW_HOME/logs" "$AIRFLOW_HOME/auth" /landing \
    && chown -R airflow:0 "$AIRFLOW_HOME"
COPY requirements/cluster.txt /tmp/
# The lock is complete. --no-deps: otherwise pip would also look for extras, which have no hashes in it.
RUN pip install --no-cache-dir --no-deps --require-hashes -r /tmp/cluster.txt
COPY --from=wheel /wheels /tmp/wheels
RUN pip install --no-cache-dir --no-deps /tmp/wheels/*.whl && pip check
USER 50000:0
WORKDIR $AIRFLOW_HOME
ENTRYPOINT ["airflow"]

FROM ghcr.io/versity/versitygw:v1.8.0 AS s3
RUN adduser -D -H -u 10001 gateway \
    && mkdir -p /data/store /data/versions \
    && chown -R gateway /data
USER 10001
