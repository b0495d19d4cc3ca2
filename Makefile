# Everything one does with Tacet from a checkout. Needs Python 3.11 or later and make, nothing else:
# what a target needs beside them it installs itself, by hash, into .venv.
#
# Plain make: it has to run under GNU make 4.3 and the 3.81 that macOS brings.

.DEFAULT_GOAL := help

PYTHON ?=
PORT ?= 8080
ARGS ?=
export PYTHON

BIN := .venv/bin

# What watches times or loads the machine: one after the other.
TIMED := tests/bench tests/crash tests/processes \
	$(addprefix tests/faults/test_,$(addsuffix .py,database_kill disk faulty network overload redis_kill same_pairs server_kill))

# What starts processes, browsers and foreign clients, but only waits for them: a file at a time to each core, those that
# take longest first.
STARTING := tests/contract tests/browser tests/clients tests/deploy tests/faults \
	tests/cli/test_people.py tests/cli/test_servers.py tests/sandbox/test_kept_worlds.py tests/sandbox/test_seeding.py \
	tests/store/sqlite/test_locking.py tests/test_databases.py tests/test_migrating_examples.py tests/test_programs.py \
	tests/test_readme.py tests/wire/test_http1.py

NO_TIMED := $(addprefix --ignore=,$(TIMED))
ONLY_QUICK := -p no:schemathesis $(NO_TIMED) $(addprefix --ignore=,$(STARTING))

# What is said of the service as a whole is said of it on PostgreSQL as well.
ON_POSTGRESQL := tests/clients tests/contract tests/meaning

.PHONY: help sandbox test check bench lint types format pins clean environment test-environment

help: ## Show this list
	@echo 'Usage: make TARGET [PYTHON=python3.12] [PORT=8080] [ARGS="more arguments"]'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s%s\n", $$1, $$2 }' Makefile

sandbox: environment ## Start the sandbox on 127.0.0.1:PORT; ARGS="--people 2000" and the like go to it
	@$(BIN)/tacet sandbox --port $(PORT) $(ARGS)

test: test-environment lint types ## Everything: lint, formatting, types, all tests; with ARGS only what pytest makes of them
	@$(BIN)/python scripts/node_sdk.py
	@scripts/browser.sh
	@scripts/databases.sh
ifeq ($(ARGS),)
	@trap 'exit 130' INT; failed=0; \
	$(BIN)/pytest -n auto --dist loadfile --world postgresql $(ON_POSTGRESQL) || failed=1; \
	$(BIN)/pytest -n auto --dist worksteal $(ONLY_QUICK) || failed=1; \
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(NO_TIMED) $(STARTING) || failed=1; \
	$(BIN)/pytest $(TIMED) || failed=1; \
	exit $$failed
else
	@$(BIN)/pytest $(ARGS)
endif

check: test-environment lint types ## The quick part, about two minutes: lint, formatting, types, unit tests on SQLite
	@$(BIN)/pytest -n auto --dist worksteal $(ONLY_QUICK) -k 'not postgres' $(ARGS)

bench: test-environment ## Measure what docs/performance.md claims; ARGS go to the bench
	@scripts/load_generator.sh
	@scripts/databases.sh
	@$(BIN)/python -m bench $(ARGS)

lint: test-environment ## Lint, and see that the formatting is right
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: test-environment ## Check all types strictly
	@$(BIN)/mypy

format: test-environment ## Put formatting and imports right
	@$(BIN)/ruff check --select I --fix .
	@$(BIN)/ruff format .

pins: environment ## Write constraints.txt anew after a change of dependencies; ARGS=--upgrade takes the newest
	@$(BIN)/python scripts/pins.py $(ARGS)

environment: ## Make .venv fit to run Tacet, when it is not
	@scripts/environment.sh run

test-environment: ## Make .venv fit to test Tacet, when it is not
	@scripts/environment.sh test

clean: ## Remove everything that was made here
	@rm -rf .venv .bench build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .schemathesis
	@rm -rf tests/clients/js/node_modules
	@find src tests bench scripts -name __pycache__ -type d -prune -exec rm -rf {} +
