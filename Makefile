# Triptych: serve video diffusion on NVIDIA Triton. `make help` lists what can be made.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test check e2e bench gate tools-test reference tools-env judge-env build-engines prove-export train-tiny light-report build clean

PYTHON ?= python3
SPEC ?= configs/wan-tiny.yaml
WORK ?= out/train
# What `make gate` compares with; main, or on main the commit before, where it is empty
GATE_BASE ?=
# More for `triptych engines`, such as --dry-run or --only draft/highNoise
ENGINE_FLAGS ?=
PROOF ?= out/prove-export
# Where configs/wan-tiny-light.yaml has its checkpoint
LIGHT := out/light
TOOLS_PYTHON := .venv-tools/bin/python
TOOLS := .venv-tools/.installed
JUDGE := .venv-judge/.installed
TOOLS_PATH := tools:src/repository/python
TRIPTYCH := node dist/cli/main.js

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

demo: dist/.built ## from nothing to playing videos: serve wan-tiny on the embedded Triton, make clips, stop
	@$(TRIPTYCH) demo $(SPEC)

test: node_modules/.installed $(TOOLS) $(JUDGE) ## everything that can be checked here; ends with the count
	@node tools/test.mjs

check: node_modules/.installed ## the quick loop: build, lint, types, layers, dead code, unit tests, package
	@npm run --silent check

e2e: dist/.built $(JUDGE) $(TOOLS) ## tests against the real Triton
	@npm run --silent e2e

tools-test: $(TOOLS) ## tests of the Python tools
	@PYTHONPATH=$(TOOLS_PATH) $(TOOLS_PYTHON) -m pytest -q tools/tests

bench: dist/.built $(TOOLS) $(JUDGE) ## measure: both sides in one run, ratios with n and spread
	@node tools/bench.mjs

gate: dist/.built $(TOOLS) ## judge the working tree next to main (GATE_BASE names another base)
	@node tools/gate.mjs $(GATE_BASE)

reference: node_modules/.installed ## the guides and every public symbol as a site: out/site/index.html
	@npm run --silent reference

build: dist/.built ## compile src/ to dist/

tools-env: $(TOOLS) ## the environment of the Python tools

judge-env: $(JUDGE) ## the environment of the independent judges

build-engines: $(TOOLS) dist/.built ## make what is missing between the checkpoint of SPEC and what is served
	@$(TRIPTYCH) engines $(SPEC) --python $(TOOLS_PYTHON) $(ENGINE_FLAGS)

train-tiny: $(TOOLS) dist/.built ## make models/wan-tiny again from nothing (under 3 hours on 2 cores)
	PYTHONPATH=$(TOOLS_PATH) $(TOOLS_PYTHON) -m triptych_tools.wan_tiny.train $(WORK)
	PYTHONPATH=$(TOOLS_PATH) $(TOOLS_PYTHON) -m triptych_tools.wan_tiny.assemble $(WORK) models/wan-tiny
	$(TRIPTYCH) engines configs/wan-tiny.yaml --python $(TOOLS_PYTHON)
	PYTHONPATH=$(TOOLS_PATH) $(TOOLS_PYTHON) -m triptych_tools.wan_tiny.manifest models/wan-tiny
	$(TRIPTYCH) repository configs/wan-tiny.yaml
	PYTHONPATH=$(TOOLS_PATH) $(TOOLS_PYTHON) -m triptych_tools.wan_tiny.evaluate $(WORK) models/wan-tiny \
		--repository model-repository/wan-tiny

light-report: $(TOOLS) dist/.built ## make wan-tiny light in every way and hold each against its parent (about an hour on 2 cores)
	mkdir -p $(LIGHT)
	test -d $(LIGHT)/checkpoint || { cp -R models/wan-tiny $(LIGHT)/copy && rm -rf $(LIGHT)/copy/onnx $(LIGHT)/copy/build && mv $(LIGHT)/copy $(LIGHT)/checkpoint; }
	$(TRIPTYCH) engines configs/wan-tiny-light.yaml --python $(TOOLS_PYTHON)
	$(TRIPTYCH) repository configs/wan-tiny-light.yaml --out $(LIGHT)/repository
	PYTHONPATH=$(TOOLS_PATH) $(TOOLS_PYTHON) -m triptych_tools.wan_tiny.report $(LIGHT)/repository/wan-tiny-light docs

prove-export: $(TOOLS) ## export A14B's parts at their own widths and judge them (needs 14 GB of disk, 16 GB of memory)
	PYTHONPATH=$(TOOLS_PATH) $(TOOLS_PYTHON) -m triptych_tools.prove_export --out $(PROOF)

clean: ## remove what was built here (not the user's cache)
	rm -rf dist coverage out/demo node_modules/.installed

node_modules/.installed: package.json package-lock.json
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

dist/.built: node_modules/.installed $(shell find src tools/triptych_tools -type f -not -name '*.test.ts' -not -path '*/__pycache__/*') tsconfig.build.json tools/build.mjs
	@npm run --silent build
	@touch $@

$(TOOLS): tools/requirements.txt
	@$(PYTHON) tools/make_environment.py .venv-tools tools/requirements.txt

$(JUDGE): e2e/judges/requirements.txt
	@$(PYTHON) tools/make_environment.py .venv-judge e2e/judges/requirements.txt
