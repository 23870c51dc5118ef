# make setup     .venv from requirements.lock, and Bottega in it (once)
# make demo      a take from the footage in demo/, its report and its pictures
# make check     ruff, mypy, import contracts, help page
# make test      check, and every test but the heavy ones
# make test-all  make test, and the heavy ones (installs the extras `learn` and `backend`, 300 MB; and Blender's module, 360 MB, beside it)
# make bench     every benchmark
# make docs      docs/commands.md from the commands' own help
# make clean     all that can be made again

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := test
.PHONY: setup demo check test test-all bench docs clean

VENV := .venv
BLENDER := .venv-blender
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
WORKERS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

# Libraries start a thread a core each, in every test process: on a small machine they only wait for one another.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

setup: $(INSTALLED)

# PYTHON=... chooses the interpreter; else python3.11, else python3 when it is new enough.
$(INSTALLED): requirements.lock pyproject.toml
	@chosen=""; \
	for candidate in $${PYTHON:-python3.11 python3}; do \
	  if command -v "$$candidate" >/dev/null && "$$candidate" -c '$(SUPPORTED)' 2>/dev/null; then chosen="$$candidate"; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
	  echo "make setup: no Python 3.11 to 3.13 among: $${PYTHON:-python3.11 python3}. Install one, or say which: make setup PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	if ! "$$chosen" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "make setup: $$chosen cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	if ! { [ -x $(BIN)/python ] && $(BIN)/python -c '$(SUPPORTED)' && $(PIP) --version >/dev/null; } 2>/dev/null; then \
	  "$$chosen" -m venv --clear $(VENV); \
	fi
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/python demo/run_demo.py

check: setup
	$(BIN)/ruff check src tests bench demo docs conformance
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/build.py --check

test: check
	$(BIN)/python -m pytest -n $(WORKERS) -m "not heavy"

# AFTER_TEST=1 says that `make test` has just passed on this tree, and leaves the heavy tests only.
test-all: $(if $(AFTER_TEST),setup,test) $(BLENDER)/.installed
	$(PIP) install --quiet torch==2.13.0 diffusers==0.42.1 transformers==5.24.0 safetensors==0.8.0
	@if [ -z "$${BOTTEGA_BLENDER:-}" ] && [ -x $(BLENDER)/bin/python ]; then export BOTTEGA_BLENDER="$(CURDIR)/$(BLENDER)/bin/python"; fi; \
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m heavy

# Blender's module (GPL) lives in an environment of its own and is never imported here. It is made for Python 3.11 alone: with
# another one, set BOTTEGA_BLENDER to a Blender, else the tests that need one are skipped and say so.
$(BLENDER)/.installed: | setup
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
	  $(BIN)/python -m venv --clear $(BLENDER); \
	  $(BLENDER)/bin/python -m pip --disable-pip-version-check --no-input install --quiet bpy==5.0.1 'numpy<2'; \
	  touch $@; \
	fi

bench: setup
	@for script in bench/*.py; do \
	  if grep -q '^def main' "$$script"; then echo "== $$script"; $(BIN)/python "$$script"; fi; \
	done

docs: setup
	$(BIN)/python docs/build.py

clean:
	rm -rf $(VENV) $(BLENDER) build dist demo_show out .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find src tests bench demo docs -name __pycache__ -type d -prune -exec rm -rf {} +
