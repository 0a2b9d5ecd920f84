# make help lists the targets. Everything is set up in .venv, everything made is in var: removing both is a clean start.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help
.PHONY: help setup assets build run test test-slow test-browser test-virtuoso lint fmt docs notebooks site screenshots bench lock clean

BIN := .venv/bin
READY := .venv/.ready
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## make .venv with the bilim command

$(READY): requirements.txt requirements-dev.txt pyproject.toml package-lock.json tools/setup.sh tools/assets.py
	@tools/setup.sh
	@touch $@

assets: $(READY) ## bring the scripts of others that pages use (setup does it too; nothing where they are there)
	@$(BIN)/python tools/assets.py

build: $(READY) ## build the graph from data/ and publish it under ./var
	@$(BIN)/bilim build

run: build ## build and serve on 127.0.0.1:8000 (PORT=8080 changes the port)
	@exec $(BIN)/bilim serve $(if $(PORT),--port $(PORT))

test: $(READY) ## the whole test suite but test-slow (ARGS='-k dates' narrows it)
	@command -v virtuoso-t >/dev/null || echo "virtuoso-t is not installed: its tests are skipped (make test-virtuoso)." >&2
	@command -v chromium >/dev/null || echo "chromium is not installed: its tests are skipped (make test-browser)." >&2
	@$(BIN)/pytest -n auto --dist loadfile -m "not slow" $(ARGS)

test-slow: $(READY) ## the tests that take minutes: an import killed at 300 moments
	@$(BIN)/pytest -m slow -rs $(ARGS)

test-browser: $(READY) ## only the tests in a real browser (as root Debian's chromium is installed first)
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || \
		echo "chromium is not installed and cannot be: these tests are skipped." >&2
	@$(BIN)/pytest -m browser -rs $(ARGS)

test-virtuoso: $(READY) ## only the tests that need Virtuoso 7 (as root it is installed from Debian first)
	@command -v virtuoso-t >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends virtuoso-opensource >/dev/null; } || \
		echo "virtuoso-t is not installed and cannot be: these tests are skipped." >&2
	@$(BIN)/pytest -m virtuoso -rs $(ARGS)

lint: $(READY) ## ruff, mypy --strict, canonical Turtle
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "Not formatted: run 'make fmt'." >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/python tools/canonical.py --check >&2
	@echo "Lint: clean."

fmt: $(READY) ## format code and ontology, and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/python tools/canonical.py

docs: $(READY) ## write what is generated: tables and diagram in docs/, JSON-LD context and frame
	@$(BIN)/python tools/docs.py
	@$(BIN)/python tools/context.py
	@$(BIN)/python tools/model.py
	@$(BIN)/python tools/reference.py

notebooks: build ## run docs/notebooks over the current release and keep what they show
	@$(BIN)/python tools/notebooks.py

site: $(READY) ## docs/ as a site in ./site, with search, without a request to any other site
	@$(BIN)/python tools/site.py

screenshots: build ## make docs/images anew with Debian's chromium
	@$(BIN)/python tools/screenshots.py

bench: $(READY) ## the side-by-side measurements of docs/benchmarks.md
	@for file in tests/bench/bench_*.py; do $(BIN)/python $$file; done

lock: $(READY) ## pin the dependencies of pyproject.toml anew (UPGRADE=1: to their newest)
	@$(LOCK) $(if $(UPGRADE),--upgrade) pyproject.toml --output-file requirements.txt
	@$(LOCK) $(if $(UPGRADE),--upgrade) --group dev --constraint requirements.txt --output-file requirements-dev.txt

clean: ## remove .venv, what npm brought and the caches (not ./var)
	@rm -rf .venv node_modules api/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist site
