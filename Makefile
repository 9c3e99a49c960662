# Everything happens inside this folder: .venv (Python packages), .airflow (Airflow's home), .bin (tools built with Go).
PYTHON ?= python3
VERSITYGW_VERSION := v1.8.0
RCLONE_VERSION := v1.76.0

BIN := .venv/bin
READY := .venv/.ready
VERSITYGW := .bin/versitygw-$(VERSITYGW_VERSION)
PEERS := .bin/bench-venv/.ready
RCLONE := .bin/rclone-$(RCLONE_VERSION)

.DEFAULT_GOAL := help
.PHONY: help demo ui test test-real lint format bench lock clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

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

test-real: $(READY) $(VERSITYGW)  ## run the same tests against Versity Gateway (needs Go)
	S3OPS_VERSITYGW=$(abspath $(VERSITYGW)) $(BIN)/python -m pytest --server versity

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

lock: $(READY)  ## resolve requirements/dev.txt anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header \
		--all-extras --group dev --output-file requirements/dev.txt pyproject.toml

clean:  ## remove all that make has made
	rm -rf .venv .airflow .bin dist
