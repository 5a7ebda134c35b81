# `make demo` and `make test` need Python 3.11 or 3.12 and nothing else; each does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(shell for p in python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,12))' 2>/dev/null && echo $$p; done))
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8501
ADDRESS ?= 127.0.0.1
INSTALL = $(VENV)/bin/uv pip install --quiet --python $(PY) --override overrides.txt

.PHONY: help demo test lint types unit browser bench accuracy demo-videos demo-results clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed and was not found. Install one, or run: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check uv

$(VENV)/.run: requirements.txt overrides.txt | $(PY)
	$(INSTALL) -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt overrides.txt | $(PY)
	$(INSTALL) -r requirements-dev.txt
	touch $@ $(VENV)/.run

demo: $(VENV)/.run ## open the dashboard with four demo cases on http://localhost:8501
	$(PY) -m dashboard --demo --address $(ADDRESS) --port $(PORT)

test: lint types unit browser ## everything that CI runs

lint: $(VENV)/.dev ## style and import rules
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.dev ## mypy, strict for shared
	$(VENV)/bin/mypy

unit: $(VENV)/.dev ## all tests but the browser's
	$(PY) -m pytest -n 2 --dist loadfile -m "not browser"

browser: $(VENV)/.dev ## real Chromium against a real server
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
		{ echo "installing chromium"; if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium; \
		else sudo -n apt-get update -qq && sudo -n apt-get install -y -qq chromium; fi >/dev/null; } || \
		{ echo "Chromium is needed for the browser tests and could not be installed. Install it and run make test again."; exit 1; }
	$(PY) -m pytest -m browser

bench: $(VENV)/.dev ## speed and memory, as in the README
	$(PY) -m tests.benchmarks

accuracy: $(VENV)/.dev ## the accuracy tables of the README
	$(PY) -m tests.accuracy

demo-videos: $(VENV)/.run ## render the demo cases and analyse them anew (minutes)
	$(PY) -m shared synth demo --out dashboard/demo
	$(MAKE) demo-results

demo-results: $(VENV)/.run ## analyse the demo cases anew, after a change of the numbers
	rm -f dashboard/demo/{healthy,psp_like,too_poor,no_vertical_task}.{csv,json}
	$(PY) -m shared analyze dashboard/demo/{healthy,psp_like,too_poor}.mp4 --out dashboard/demo --param task=vertical_horizontal
	$(PY) -m shared analyze dashboard/demo/no_vertical_task.mp4 --out dashboard/demo

clean: ## remove what the targets made
	rm -rf $(VENV) data out build .mypy_cache .ruff_cache .pytest_cache .hypothesis
