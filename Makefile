# The commands of the README. Everything is installed into .venv, nothing outside this folder
# but Debian packages that the tests want (scripts/debian), and those only where that is allowed.

PYTHON ?= python3
BIN := .venv/bin
RUN_LOCK := .venv/.run
DEV_LOCK := .venv/.dev
OTHERS := conformance/.venv
OTHERS_LOCK := $(OTHERS)/.others

.DEFAULT_GOAL := help
.PHONY: help demo test test-postgresql test-citus test-conformance bench soak lint types lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/uv:
	@echo "Making .venv …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kakehashi needs Python 3.11 or newer")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.lock

$(RUN_LOCK): requirements.lock pyproject.toml | $(BIN)/uv
	@echo "Installing what Kakehashi needs …"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_LOCK): requirements-dev.lock $(RUN_LOCK)
	@echo "Installing what the tests need …"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(RUN_LOCK)  ## the sample region on http://127.0.0.1:8080
	@$(BIN)/kakehashi demo

test: $(DEV_LOCK)  ## all tests
	@scripts/debian chromium fonts-noto-cjk
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-postgresql: $(DEV_LOCK)  ## the tests of the store on Debian's PostgreSQL
	@scripts/debian postgresql
	@scripts/with-debian-postgresql $(BIN)/python -m pytest tests/store tests/people tests/trust

$(OTHERS_LOCK): conformance/requirements.lock requirements-tools.lock pyproject.toml | $(BIN)/uv
	@echo "Installing what others wrote …"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(OTHERS)
	@$(BIN)/uv pip install --quiet --python $(OTHERS)/bin/python --require-hashes -r requirements-tools.lock
	@$(BIN)/uv pip install --quiet --python $(OTHERS)/bin/python --require-hashes -r conformance/requirements.lock
	@$(BIN)/uv pip install --quiet --python $(OTHERS)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

test-citus: $(DEV_LOCK)  ## scale/ on Citus: CITUS=<folder of the programs of a PostgreSQL with Citus> (docs/scale.md)
	@test -x "$(CITUS)/initdb" || { echo "make test-citus CITUS=/path/to/bin: a PostgreSQL 15 or newer with Citus 13 (docs/scale.md)"; exit 2; }
	@KAKEHASHI_CITUS="$(CITUS)" $(BIN)/python -m pytest tests/scaling

test-conformance: $(OTHERS_LOCK)  ## what others wrote, run against a real server (docs/conformance.md)
	@scripts/conformance-packages
	@$(OTHERS)/bin/python -m pytest conformance -n 2 --dist loadfile

bench: $(RUN_LOCK)  ## what this machine does
	@$(BIN)/python -m bench

soak: $(RUN_LOCK)  ## a million requests: does memory grow?
	@$(BIN)/python -m bench.soak

lint: $(DEV_LOCK)  ## style and floors
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

types: $(DEV_LOCK)  ## strict types
	@$(BIN)/mypy

lock: $(BIN)/uv  ## new lock files from pyproject.toml
	@scripts/lock

clean:  ## take away what was built (keeps data/)
	@rm -rf .venv conformance/.venv conformance/.lib conformance/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
