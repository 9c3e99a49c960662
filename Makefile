# Everything happens inside this folder: .venv (Python packages), .airflow (Airflow's home), .bin (tools built with Go).
PYTHON ?= python3
VERSITYGW_VERSION := v1.8.0
# 4.53
SEAWEEDFS_VERSION := v0.0.0-20261109003541-7506e5f91cd6
RCLONE_VERSION := v1.76.0
COMPOSE_GO_VERSION := v2.16.2

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
# What those three run of the core in tests/versions/core.py: whole, or short.
CORE ?= whole
COMPOSE_SCHEMA := .bin/compose-spec-$(COMPOSE_GO_VERSION).json

.DEFAULT_GOAL := help
.PHONY: help demo ui test test-real test-seaweedfs test-cluster test-oldest test-3.2 test-newest-python compose-check env lint format bench lock clean

help:  ## show this list
	@sed -n 's/^\([a-z0-9.-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

# Hashes are checked, and the package itself is installed as it lies here.
$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VERSITYGW):
	mkdir -p .bin
	GOBIN=$(abspath .bin) go install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)
	mv .bin/versitygw $@

demo: $(READY)  ## run the ingest_and_publish DAG for real, and show what is in the bucket
	$(BIN)/python -m scripts.demo

ui: $(READY)  ## start Airflow's web UI with the DAGs and an embedded S3
	$(BIN)/python -m scripts.ui

test: $(READY)  ## run the tests against the embedded S3 server
	$(BIN)/python -m pytest

test-real: $(READY) $(VERSITYGW)  ## run those that use a server against Versity Gateway (needs Go)
	S3OPS_VERSITYGW=$(abspath $(VERSITYGW)) $(BIN)/python -m pytest --server versity --only-concerned

# Not by `go install`: its go.mod replaces a module, which Go heeds in a main module only. So it is built as one.
$(SEAWEEDFS):
	mkdir -p .bin
	rm -rf .bin/seaweedfs-source
	cp -r --no-preserve=mode "$$(go mod download -json github.com/seaweedfs/seaweedfs@$(SEAWEEDFS_VERSION) \
		| $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')" .bin/seaweedfs-source
	cd .bin/seaweedfs-source && go build -o $(abspath $@) ./weed
	rm -rf .bin/seaweedfs-source

test-seaweedfs: $(READY) $(SEAWEEDFS)  ## run those that use a server against SeaweedFS (needs Go, and minutes to build it)
	S3OPS_SEAWEEDFS=$(abspath $(SEAWEEDFS)) $(BIN)/python -m pytest --server seaweedfs --only-concerned

# On top of the development packages, in the same versions: Celery, and drivers for Redis and PostgreSQL. The lock is
# whole, so pip need not resolve it: asked to, it looks for "celery[redis]" anew, which has no hash.
$(CLUSTER): $(READY) requirements/cluster.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/cluster.txt
	$(BIN)/python -m pip check
	touch $@

test-cluster: $(CLUSTER) $(VERSITYGW)  ## run bulk_ingest on a scheduler, two Celery workers, PostgreSQL and Redis, and kill a worker
	$(BIN)/python -m scripts.cluster_services
	S3OPS_VERSITYGW=$(abspath $(VERSITYGW)) $(BIN)/python -m pytest --server versity tests/cluster

# Environments of other versions, each of its own. By uv, because pip takes minutes for each. Their locks are whole, so that
# nothing is resolved. $(1) is the Python's version, $(2) the lock.
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
	$(OLDEST)/bin/python -m pytest --core $(CORE)

test-3.2: $(AIRFLOW_3_2)/.ready  ## run the core of the tests on Airflow 3.2
	$(AIRFLOW_3_2)/bin/python -m pytest --core $(CORE)

test-newest-python: $(NEWEST_PYTHON)/.ready  ## run the core of the tests on Python 3.13
	$(NEWEST_PYTHON)/bin/python -m pytest --core $(CORE)

# The specification's schema, as its own Go library carries it.
$(COMPOSE_SCHEMA):
	mkdir -p .bin
	go mod download -json github.com/compose-spec/compose-go/v2@$(COMPOSE_GO_VERSION) \
		| $(PYTHON) -c 'import json, shutil, sys; shutil.copyfile(json.load(sys.stdin)["Dir"] + "/schema/compose-spec.json", "$@")'

compose-check: $(READY) $(COMPOSE_SCHEMA)  ## check docker-compose.yaml by the compose specification (needs Go)
	$(BIN)/python -m scripts.compose_check $(COMPOSE_SCHEMA)

env: $(READY)  ## write .env with fresh secrets, for docker-compose.yaml
	$(BIN)/python -m scripts.compose_env

lint: $(READY)  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## let ruff write what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The peers' own environment: what they depend on must not touch what we depend on.
$(PEERS): requirements/bench.txt
	$(PYTHON) -m venv .bin/bench-venv
	.bin/bench-venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	touch $@

$(RCLONE):
	mkdir -p .bin
	GOBIN=$(abspath .bin) go install github.com/rclone/rclone@$(RCLONE_VERSION)
	mv .bin/rclone $@

bench: $(READY) $(VERSITYGW) $(PEERS) $(RCLONE)  ## measure against the peers, side by side, and draw it
	S3OPS_VERSITYGW=$(abspath $(VERSITYGW)) $(BIN)/python -m benchmarks.run
	.bin/bench-venv/bin/python -m benchmarks.plot benchmarks/results/latest.json docs/benchmarks.svg

lock: $(READY)  ## resolve the locks in requirements/ anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
		--all-extras --group dev --output-file requirements/dev.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
		--constraints requirements/dev.txt --output-file requirements/cluster.txt requirements/cluster.in
	for name in oldest airflow-3.2; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
			--config-file requirements/$$name.toml --output-file requirements/$$name.txt requirements/$$name.in || exit; done

clean:  ## remove all that make has made
	rm -rf .venv .airflow .bin dist
