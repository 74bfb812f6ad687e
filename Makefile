# Everything a newcomer needs: only Python 3.11+ and make are assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WALK_MINUTES ?= 600

.PHONY: help install demo first-hour test check audit bench walks mutants reliability format clean

help: ## show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## build .venv with everything a developer needs

# Rebuilt only when the project's own declarations change.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else "Python 3.11 or newer is needed, this is %d.%d: set PYTHON=..." % v[:2])'
	@echo "Setting up $(VENV) (once, under a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

demo: $(STAMP) ## play the whole scenario on two sandbox instances
	@$(BIN)/om-fsm demo

first-hour: $(STAMP) ## type docs/install.md and docs/first-hour.md, and say how long the machine takes
	@$(BIN)/python -m tests.cli.first_hour --install

test: $(STAMP) ## run the tests
	@$(BIN)/pytest -n 2

check: $(STAMP) ## format, lint, types and the import law
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pytest -n 0 tests/unit/test_import_law.py

audit: $(STAMP) $(VENV)/.audit ## ask an advisory service about every installed package
	@$(PYTHON) .ci/audit $(VENV)/audit/bin/pip-audit $(VENV)/lib/python3*/site-packages

# The auditor has an environment of its own: what it needs is no dependency of ours. Without it, `.ci/audit` says so.
$(VENV)/.audit:
	@$(PYTHON) -m venv $(VENV)/audit
	@if $(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check --timeout 10 --retries 1 'pip-audit>=2.10,<3'; \
	then touch $@; fi

bench: $(STAMP) $(VENV)/.bench ## measure; nothing is judged by it
	@$(BIN)/python -m benchmarks.sandbox_reads
	@$(BIN)/python -m benchmarks.decisions
	@$(BIN)/python -m benchmarks.quiet_hours

# The engines ours is measured beside; only for this.
$(VENV)/.bench: $(STAMP)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	@touch $@

walks: $(STAMP) ## 2,000 random stories; WALK_MINUTES=6 begins no other after six minutes
	@$(BIN)/python -m tests.faults.walk 0 2000 --lanes 2 --minutes $(WALK_MINUTES) --shrink --most 2

mutants: $(STAMP) ## plant bugs one after the other; the random walk must find each
	@$(BIN)/python -m tests.faults.mutants

reliability: $(STAMP) ## measure what docs/reliability.md publishes, and write it there
	@$(BIN)/python -m tests.reliability

format: $(STAMP) ## rewrite the code in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## remove everything that was built
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
