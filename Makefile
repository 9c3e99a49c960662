# Everything is installed inside this folder: .venv (Python packages), .airflow (Airflow's home), .bin (tools built with Go).
PYTHON ?= python3
VERSITYGW_VERSION := v1.8.0
# 4.53
SEAWEEDFS_VERSION := v0.0.0-20261109003541-7506e5f91cd6
RCLONE_VERSION := v1.76.0
COMPOSE_GO_VERSION := v2.16.2

# Parallel workers of make test and similar targets. A worker waits for its server much of the time.
WORKERS ?= 3

BIN := .venv/bin
READY := .venv/.ready
VERSITYGW := .bin/versitygw-$(VERSITYGW_VERSION)
SEAWEEDFS := .bin/seaweedfs-$(SEAWEEDFS_VERSION)
PEERS := .bin/bench-venv/.ready
RCLONE := .bin/rclone-$(RCLONE_VERSION)
CLUSTER := .venv/.cluster
OLDEST := .bin/oldest-venv
AIRFLOW_3_2 := .bin/airflow-3.2-venv
NEWEST_PYTHON := .bin/newest-python-venv
# Which form of the core in tests/versions/core.py the targets of these three run: whole or short.
CORE ?= whole
COMPOSE_SCHEMA := .bin/compose-spec-$(COMPOSE_GO_VERSION).json
# worksteal: each worker starts with neighbouring tests, which share fixtures; a worker that is done takes tests from others.
# test-slow distributes whole files, because a few tests of one file share a set-up that takes most of their time.
SIDE_BY_SIDE := --numprocesses $(WORKERS) --dist worksteal
PYTEST := $(BIN)/python -m pytest $(SIDE_BY_SIDE)

.DEFAULT_GOAL := help
.PHONY: help demo ui test test-quick test-slow test-real test-seaweedfs test-cluster test-oldest test-3.2 \
	test-newest-python compose-check env lint format bench lock clean

help:  ## show this list
	@sed -n 's/^\([a-z0-9.-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

# pip checks the hashes. The package itself is installed as an editable install.
$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VERSITYGW):
	mkdir -p .bin
	GOBIN=$(abspath .bin) go install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)
	mv .bin/versitygw $@

demo: $(READY)  ## run the ingest_and_publish DAG on an embedded S3 server, and show what is in the bucket
	$(BIN)/python -m scripts.demo

ui: $(READY)  ## start Airflow's web UI with the DAGs and an embedded S3 server
	$(BIN)/python -m scripts.ui

test: $(READY)  ## run the tests against the embedded S3 server
	$(PYTEST) -m "not slow"

test-quick: $(READY)  ## run the tests that start neither a server nor Airflow, within a minute
	$(PYTEST) --quick

test-slow: $(READY)  ## run the slow tests, which make test leaves out
	$(PYTEST) --dist loadfile -m slow

test-real: $(READY) $(VERSITYGW)  ## run the tests that use a server against Versity Gateway (needs Go)
	S3OPS_VERSITYGW=$(abspath $(VERSITYGW)) $(PYTEST) --server versity --only-with-server

# Not with `go install`: its go.mod has a replace directive, which Go uses only in the main module. So it is built as the main module.
$(SEAWEEDFS):
	mkdir -p .bin
	rm -rf .bin/seaweedfs-source
	cp -r --no-preserve=mode "$$(go mod download -json github.com/seaweedfs/seaweedfs@$(SEAWEEDFS_VERSION) \
		| $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')" .bin/seaweedfs-source
	cd .bin/seaweedfs-source && go build -o $(abspath $@) ./weed
	rm -rf .bin/seaweedfs-source

test-seaweedfs: $(READY) $(SEAWEEDFS)  ## run the tests that use a server against SeaweedFS (needs Go; the build takes minutes)
	S3OPS_SEAWEEDFS=$(abspath $(SEAWEEDFS)) $(PYTEST) --server seaweedfs --only-with-server

# Added to the development packages, which keep their versions: Celery, and drivers for Redis and PostgreSQL. The lock is complete,
# so pip installs it with --no-deps: otherwise pip resolves "celery[redis]" again, which has no hash.
$(CLUSTER): $(READY) requirements/cluster.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/cluster.txt
	$(BIN)/python -m pip check
	touch $@

test-cluster: $(CLUSTER) $(VERSITYGW)  ## run bulk_ingest on a scheduler, two Celery workers, PostgreSQL and Redis, and kill a worker
	$(BIN)/python -m scripts.cluster_services
	S3OPS_VERSITYGW=$(abspath $(VERSITYGW)) $(BIN)/python -m pytest --server versity tests/cluster

# Separate environments with other versions. uv makes them, because pip takes minutes for each. Their locks are complete, so no
# dependencies are resolved. $(1) is the version of Python, $(2) the lock.
define other_environment
	$(BIN)/uv venv --quiet --clear --python "$$($(PYTHON) -m scripts.find_python $(1))" $(@D)
	$(BIN)/uv pip install --quiet --python $(@D) --no-deps --require-hashes -r $(2)
	$(BIN)/uv pip install --quiet --python $(@D) --no-deps --no-build-isolation -e .
	$(BIN)/uv pip check --quiet --python $(@D)
	touch $@
endef

$(OLDEST)/.ready: requirements/oldest.txt pyproject.toml | $(READY)
	$(call other_environment,3.10,requirements/oldest.txt)

$(AIRFLOW_3_2)/.ready: requirements/airflow-3.2.txt pyproject.toml | $(READY)
	$(call other_environment,3.10,requirements/airflow-3.2.txt)

$(NEWEST_PYTHON)/.ready: requirements/dev.txt pyproject.toml | $(READY)
	$(call other_environment,3.13,requirements/dev.txt)

test-oldest: $(OLDEST)/.ready  ## run the core of the tests on the oldest versions that pyproject.toml allows
	$(OLDEST)/bin/python -m pytest $(SIDE_BY_SIDE) --core $(CORE)

test-3.2: $(AIRFLOW_3_2)/.ready  ## run the core of the tests on Airflow 3.2
	$(AIRFLOW_3_2)/bin/python -m pytest $(SIDE_BY_SIDE) --core $(CORE)

test-newest-python: $(NEWEST_PYTHON)/.ready  ## run the core of the tests on Python 3.13
	$(NEWEST_PYTHON)/bin/python -m pytest $(SIDE_BY_SIDE) --core $(CORE)

# The schema of the compose specification, from the specification's own Go library.
$(COMPOSE_SCHEMA):
	mkdir -p .bin
	go mod download -json github.com/compose-spec/compose-go/v2@$(COMPOSE_GO_VERSION) \
		| $(PYTHON) -c 'import json, shutil, sys; shutil.copyfile(json.load(sys.stdin)["Dir"] + "/schema/compose-spec.json", "$@")'

compose-check: $(READY) $(COMPOSE_SCHEMA)  ## check docker-compose.yaml against the compose specification (needs Go)
	$(BIN)/python -m scripts.compose_check $(COMPOSE_SCHEMA)

env: $(READY)  ## write .env with new secrets, for docker-compose.yaml
	$(BIN)/python -m scripts.compose_env

lint: $(READY)  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## let ruff fix and format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A separate environment for the other tools: their dependencies must not change ours.
$(PEERS): requirements/bench.txt
	$(PYTHON) -m venv .bin/bench-venv
	.bin/bench-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	touch $@

$(RCLONE):
	mkdir -p .bin
	GOBIN=$(abspath .bin) go install github.com/rclone/rclone@$(RCLONE_VERSION)
	mv .bin/rclone $@

bench: $(READY) $(VERSITYGW) $(PEERS) $(RCLONE)  ## measure against other libraries and tools, and draw the chart
	S3OPS_VERSITYGW=$(abspath $(VERSITYGW)) $(BIN)/python -m benchmarks.run
	.bin/bench-venv/bin/python -m benchmarks.plot benchmarks/results/latest.json docs/benchmarks.svg

lock: $(READY)  ## resolve the locks in requirements/ again
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
		--all-extras --group dev --output-file requirements/dev.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
		--constraints requirements/dev.txt --output-file requirements/cluster.txt requirements/cluster.in
	for name in oldest airflow-3.2; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
			--config-file requirements/$$name.toml --output-file requirements/$$name.txt requirements/$$name.in || exit; done

clean:  ## remove everything that make has made
	rm -rf .venv .airflow .bin dist
