# Everything by one word. Needs Python 3.11 or newer and make; the rest is fetched into .venv.
# Paths are relative, so that a folder with a space in its name works.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	command -v $$p >/dev/null 2>&1 && { echo $$p; break; }; done)
VENV := .venv/bin/python
# A production-like environment: what `check --deploy` looks at.
DEPLOY := PUBLIC_URL=https://example.com ALLOWED_HOSTS=example.com TEST_MODE=false \
	SECRET_KEY=a-long-enough-key-that-only-this-check-ever-sees-0123456789
# A file of tests per core at a time. What breaks everything on purpose wants the machine for itself.
SIDE_BY_SIDE := $(if $(DATABASE_URL)$(REDIS_URL),,-n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder) --ignore tests/chaos
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-split lint types format openapi demo-reset bench bench-queue screenshots chaos

help:             ## this list
	@sed -n 's/^\([a-z-]*\): .*## /  make \1\t/p' Makefile | expand -t 22

setup:            ## virtual environment with what the product needs
	@test -n "$(PYTHON)" || { echo "No Python found. Hansang needs Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) config/bootstrap.py

setup-dev:        ## the same with the tools for tests
	@test -n "$(PYTHON)" || { echo "No Python found. Hansang needs Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) config/bootstrap.py --dev

run: setup        ## everything on this machine (PORT=8000, HOST=127.0.0.1)
	@exec $(VENV) -m config.supervisor

test: lint types  ## lint, types, borders, deployment check and all tests
	@$(VENV) manage.py check --fail-level WARNING
	@$(DEPLOY) $(VENV) manage.py check --deploy --tag security --fail-level WARNING
	@$(VENV) -m pytest $(SIDE_BY_SIDE)
	@$(VENV) -m pytest tests/chaos

test-split: setup-dev ## all tests once more, with a database per context
	@SPLIT=1 $(VENV) -m pytest $(SIDE_BY_SIDE)
	@SPLIT=1 $(VENV) -m pytest tests/chaos

lint: setup-dev   ## ruff and the borders between the apps
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -c "from importlinter.cli import lint_imports_command as run; run()"

types: setup-dev  ## mypy --strict
	@$(VENV) -m mypy .

format: setup-dev ## ruff's formatter and safe fixes
	@$(VENV) -m ruff check --fix .
	@$(VENV) -m ruff format .

openapi: setup-dev ## docs/openapi.json from the code
	@$(VENV) manage.py spectacular --validate --fail-on-warn --format openapi-json --file docs/openapi.json

demo-reset: setup ## forget the demo's data
	@$(VENV) manage.py demo_reset

bench: setup-dev  ## speed beside its baselines
	@$(VENV) -m bench; page=$$?; $(VENV) -m bench.queue && exit $$page

bench-queue: setup-dev ## the event queue beside bare Celery tasks
	@$(VENV) -m bench.queue

screenshots: setup-dev ## the pictures of the README
	@$(VENV) -m docs.screenshots

chaos: setup-dev  ## break everything while guests order, then write docs/reliability.md (MINUTES=10, SEED=)
	@$(VENV) -m tests.chaos --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED)) $(if $(SPLIT),--split)
