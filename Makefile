# `make demo`, `make cloud` and `make test` need Python 3.11 or 3.12 and nothing else; each does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(shell for p in python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,12))' 2>/dev/null && echo $$p; done))
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8501
ADDRESS ?= 127.0.0.1
UV := $(VENV)/bin/uv
INSTALL = $(UV) pip install --quiet --python $(PY) --override overrides.txt
# The emulated AWS has environments of its own: its own packages, and what each function installs in Lambda.
CLOUD := .venv-cloud
CLOUD_PY := $(CLOUD)/bin/python
CLOUD_PORT ?= 4566
# Calls the handler, in every image of AWS and here.
RUNTIME_CLIENT := awslambdaric==4.2.2
STACK ?= eye-review
REGION ?= us-west-1

.PHONY: help demo cloud test ready lint types unit browser cloud-test bench accuracy demo-videos demo-results deploy undeploy clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed and was not found. Install one, or run: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check uv

# The innermost loops are in C. With any compiler that is there, else with one that comes as a package.
KERNELS = $(PY) -m shared.kernels.build 2>/dev/null || { $(INSTALL) ziglang==0.15.2 && $(PY) -m shared.kernels.build; }

$(VENV)/.run: requirements.txt overrides.txt | $(PY)
	$(INSTALL) -r requirements.txt
	$(KERNELS)
	touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt overrides.txt | $(PY)
	$(INSTALL) -r requirements-dev.txt
	$(KERNELS)
	touch $@ $(VENV)/.run

demo: $(VENV)/.run ## open the dashboard with four demo cases on http://localhost:8501
	$(PY) -m dashboard --demo --address $(ADDRESS) --port $(PORT)

cloud: $(VENV)/.run $(CLOUD)/.run ## the dashboard against emulated AWS on this machine
	$(CLOUD_PY) -m lambda_fn.local --port $(CLOUD_PORT) -- $(PY) -m dashboard --address $(ADDRESS) --port $(PORT)

$(CLOUD)/.run: requirements-cloud.txt lambda_fn/requirements.txt lambda_fn/requirements-starter.txt overrides.txt | $(PY)
	$(UV) venv --quiet --allow-existing --python $(PY) $(CLOUD)
	$(UV) pip install --quiet --python $(CLOUD_PY) -r requirements-cloud.txt
	$(UV) venv --quiet --allow-existing --python $(PY) $(CLOUD)/starter
	$(UV) pip install --quiet --python $(CLOUD)/starter/bin/python -r lambda_fn/requirements-starter.txt $(RUNTIME_CLIENT)
	$(UV) venv --quiet --allow-existing --python $(PY) $(CLOUD)/worker
	$(UV) pip install --quiet --python $(CLOUD)/worker/bin/python --override overrides.txt -r lambda_fn/requirements.txt $(RUNTIME_CLIENT)
	touch $@

$(CLOUD)/.lint: requirements-cloud-lint.txt | $(PY)
	$(UV) venv --quiet --allow-existing --python $(PY) $(CLOUD)/lint
	$(UV) pip install --quiet --python $(CLOUD)/lint/bin/python -r requirements-cloud-lint.txt
	touch $@

# Files in their order: by default those with few tests, often the longest, come last. Three at a time on 2 cores: many wait for processes.
BY_FILE := --dist loadfile --no-loadscope-reorder
# Where the tests with these marks are (tests/test_makefile.py): to look through all files would take 10 s each time.
BROWSER_TESTS := tests/e2e
CLOUD_TESTS := tests/cloud tests/contract tests/e2e

test: ## everything that CI runs
	$(MAKE) --no-print-directory -j 3 ready
	$(MAKE) --no-print-directory unit browser cloud-test

# Types are checked on one core while the packages of the cloud tests are installed on the other.
ready: lint types chromium $(CLOUD)/.run $(CLOUD)/.lint

lint: $(VENV)/.dev ## style and import rules
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.dev ## mypy, strict for shared
	$(VENV)/bin/mypy

unit: $(VENV)/.dev ## all tests but the browser's
	$(PY) -m pytest -n 3 $(BY_FILE) -m "not browser and not cloud"

browser: $(VENV)/.dev chromium ## real Chromium against a real server
	$(PY) -m pytest -n 2 $(BY_FILE) -m "browser and not (alone or cloud)" $(BROWSER_TESTS)
	$(PY) -m pytest -m "browser and alone and not cloud" $(BROWSER_TESTS)

cloud-test: $(VENV)/.dev $(CLOUD)/.run $(CLOUD)/.lint chromium ## the cloud path end to end, on emulated AWS
	$(PY) -m pytest -n 3 $(BY_FILE) -m cloud $(CLOUD_TESTS)

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
		{ echo "installing chromium"; if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium; \
		else sudo -n apt-get update -qq && sudo -n apt-get install -y -qq chromium; fi >/dev/null; } || \
		{ echo "Chromium is needed for the browser tests and could not be installed. Install it and run make test again."; exit 1; }

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

# sam builds the worker's image with Docker. Not run on real AWS by us: README, "Deploying".
deploy: build/.sam ## build and deploy lambda_fn/template.yaml to AWS (STACK, REGION, DEPLOY_FLAGS)
	$(PYTHON) -m lambda_fn.package build/lambda/starter
	build/sam/bin/sam build --use-container --template lambda_fn/template.yaml --build-dir build/aws
	build/sam/bin/sam deploy --template build/aws/template.yaml --stack-name $(STACK) --region $(REGION) \
		--capabilities CAPABILITY_IAM --resolve-s3 --resolve-image-repos $(DEPLOY_FLAGS)

undeploy: build/.sam ## delete the stack; bucket, table, key and logs stay
	build/sam/bin/sam delete --stack-name $(STACK) --region $(REGION) --no-prompts

build/.sam: | $(PY)
	mkdir -p build
	$(UV) venv --quiet --allow-existing --python $(PY) build/sam
	$(UV) pip install --quiet --python build/sam/bin/python aws-sam-cli==1.170.0
	touch $@

clean: ## remove what the targets made
	rm -rf $(VENV) $(CLOUD) data out build shared/kernels/built .mypy_cache .ruff_cache .pytest_cache .hypothesis
