# make serve and make test are the whole set-up, from a clean clone: all they need is Python 3.11 or newer, and git.

PORT ?= 8000
HOST ?= 127.0.0.1
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
# The first of these that is new enough makes the virtual environment; PYTHON=… puts another one first.
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11

.DEFAULT_GOAL := help
.PHONY: help serve test lint format wheel tools

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

serve: $(VENV)/installed ## Install Sopia and run it with demo data, on http://127.0.0.1:8000 (or PORT=…, HOST=…).
	@exec $(BIN)/sopia serve --demo --host $(HOST) --port $(PORT)

# The tests start many processes, which shall not compile the same files again each time.
test: lint tools ## Install what the tests need, check the style and the types, and run all tests.
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto $(ARGS)

lint: $(VENV)/installed-dev ## Check style, types and imports.
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/ruff format --check --quiet . || { echo "Run 'make format', then look at what it changed." >&2; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/installed-dev ## Put the source into its form, and correct what can be corrected by itself.
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

wheel: $(VENV)/installed-dev ## Build the wheel in dist/.
	@$(BIN)/python -m build --wheel --outdir dist .

tools: $(VENV)/installed-dev
	@sh .ci/install-tools $(BIN)

$(VENV)/installed: pyproject.toml | $(BIN)/python
	@echo "Installing Sopia into $(VENV) …"
	@$(PIP) install --editable . || { $(NOT_INSTALLED); }
	@touch $@

$(VENV)/installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing Sopia and what its tests need into $(VENV) …"
	@$(PIP) install --editable '.[dev]' || { $(NOT_INSTALLED); }
	@touch $@ $(VENV)/installed

# A link to a Python that has gone counts as missing, so that the environment is made anew after an upgrade.
$(BIN)/python:
	@set -e; found=; \
	for python in $(PYTHONS); do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "Sopia needs Python 3.11 or newer, and none was found. Install one (https://www.python.org/downloads/), or name yours: make $(MAKECMDGOALS) PYTHON=/path/to/python3." >&2; \
	    exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$found cannot make virtual environments. Install the missing part (Debian, Ubuntu: sudo apt install python3-venv), then run make again." >&2; \
	    exit 1; \
	fi; \
	"$$found" -m venv --clear $(VENV)

NOT_INSTALLED = echo "The packages could not be installed. See the reason above: most often the network, a proxy, or a full disk. Then run make again." >&2; exit 1
