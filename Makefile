# Xinyi 心意. `make help` lists the targets.
VENV   := .venv
PYTHON ?= python3
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
ARGS   ?=
# Tests run in processes of one thread each: two cores are used twice as well as by one process of two threads.
PYTEST  = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_PROCESSES)
TEST_PROCESSES ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup train test test-all lint format bench audit ui clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo '  ARGS="…" passes overrides: make train ARGS="task=emotion seed=11"'

setup: $(STAMP)  ## install from requirements.lock into .venv

# The stamp is newer than the lock only after a complete installation, so a second `make` installs nothing.
$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

train: $(STAMP)  ## train, evaluate, gate, export and log one run on the sample corpus
	@$(BIN)/xinyi train $(ARGS)

test: $(STAMP)  ## run the unit and integration tests
	@$(PYTEST) $(ARGS)

test-all: $(STAMP)  ## run the slow tests too
	@$(PYTEST) -m "not gpu" $(ARGS)

lint: $(STAMP)  ## check style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: $(STAMP)  ## mend style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: $(STAMP)  ## measure speed as ratios against named peers
	@$(BIN)/python -m benchmarks $(ARGS)

audit: $(STAMP)  ## look for known vulnerabilities (offline: ARGS="--database all.zip")
	@$(BIN)/python scripts/audit.py $(ARGS)

ui: $(STAMP)  ## open MLflow on 127.0.0.1:5000
	@$(BIN)/xinyi ui $(ARGS)

clean:  ## remove what tests and builds leave; keeps .venv and runs
	@rm -rf build dist .pytest_cache .ruff_cache .hypothesis && find . -name __pycache__ -prune -exec rm -rf {} +
