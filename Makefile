# The verbs of this project, the same on a laptop and in CI. Every verb does its own set-up; a second run skips it.
# (make itself exits 2 when a recipe fails; the reason and the program's own exit code are in the lines above.)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Any Python 3.11 or newer; the environment is made with it.
PYTHON ?= python3
VENV := .venv/bin
# KEEP=1 leaves the demo running; ANY_PORT=1 lets it take free ports instead of its usual ones. ARGS="..." is passed on to pytest or cdktf.
KEEP ?=
ANY_PORT ?=
ARGS ?=
VERSION ?=
is_set = $(filter-out 0 no false,$(1))

# A test run and a demo start hundreds of Python processes: without the compiled files each compiles this project anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo site test test-slow check lint conformance checkov bindings policies apply access format snapshots bench bench-localcloud bench-release generator-sites mutants statements setup npm-tools chromium cdktf docs wheel lock clean distclean

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: setup ## deploy to localcloud, publish, break, recover, measure (KEEP=1: leave it running; ANY_PORT=1: free ports)
	@$(VENV)/failover demo $(if $(call is_set,$(KEEP)),--keep) $(if $(call is_set,$(ANY_PORT)),--any-port)

site: setup ## build site/build from site/src
	@$(VENV)/failover build

test: setup npm-tools chromium ## all tests (ARGS="-k name": some of them)
	@$(VENV)/pytest -n 4 $(ARGS)

test-slow: setup npm-tools chromium ## the tests that take minutes each, which `make test` leaves out: whole regions lost, states migrated
	@$(VENV)/pytest -n 2 --slow -m slow $(ARGS)

check: setup ## formatting, lint, types, and the workflows: their schema, and what an attacker could do with them
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(VENV)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	@$(VENV)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(VENV)/zizmor --offline --no-progress --quiet --min-severity=medium .github
	@$(VENV)/mypy

lint: setup ## the trap linter on every example site file (ARGS="FILE ...": on these)
	@$(VENV)/python -m tools.examples.lint_examples $(ARGS)

conformance: setup ## every documented behaviour of AWS that localcloud is tested by, and what passes (ARGS="-k dns": some)
	@$(VENV)/python -m localcloud conformance $(ARGS)

checkov: setup ## checkov on every example site file (ARGS="--plan": also on plans against localcloud)
	@$(VENV)/python -m tools.examples.checkov_scan $(ARGS)

bindings: setup ## cdktf and its fork cdktn write the same JSON for every example (ARGS="--deploy": deploy by cdktn too)
	@$(VENV)/python -m tools.examples.bindings_check $(ARGS)

policies: setup ## what IAM would not do as written, in every policy of every example, by parliament (ARGS="FILE ...": these)
	@$(VENV)/python -m tools.examples.policies_check $(ARGS)

apply: setup ## apply every example to localcloud, plan again, destroy, look what is left: an hour (ARGS="FILE ...": these)
	@$(VENV)/python -m tools.examples.apply_examples $(ARGS)

access: setup ## what GitHub's roles call on localcloud, against what their policies allow: an hour (ARGS="FILE ...": these)
	@$(VENV)/python -m tools.examples.access_check $(ARGS)

format: setup ## format the code and apply the safe lint fixes
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix .

snapshots: setup ## write the golden JSON of each stack anew; review the diff
	@$(VENV)/pytest tests/synth --update-snapshots

bench: setup ## the numbers of the README, measured here (ARGS="outages": some of them)
	@$(VENV)/python -m tools.bench $(ARGS)

bench-localcloud: setup ## how fast and how large localcloud is: start-up, requests, changes, time, memory (ARGS="edge": some)
	@$(VENV)/python -m tools.bench.localcloud $(ARGS)

bench-release: setup ## publishing 10,000 files to two regions: us, aws s3 sync, s5cmd, rclone
	@$(VENV)/python -m tools.bench.release $(ARGS)

generator-sites: setup ## build the sites of ten generators anew, which the tests publish: needs npm and PyPI (ARGS="NAME ...": these)
	@$(VENV)/python -m tools.generator_sites $(ARGS)

mutants: setup ## would the tests notice? A fixed sample of mutants of each core module (ARGS="MODULE ...": of these)
	@$(VENV)/python -m tools.mutants $(ARGS)

statements: setup ## what is said of every fault of localcloud against the truth: an hour (ARGS="PLACE/KIND ...": of these)
	@$(VENV)/python -m tools.statements $(ARGS)

.PHONY: provider-lock sbom
provider-lock: setup ## .terraform.lock.hcl anew, which every synth copies into each stack (VERSION=5.100.0: this one)
	@$(VENV)/python -m tools.setup.provider_lock $(if $(VERSION),--version $(VERSION))

sbom: setup ## build/sbom.json: what a release is made of, in CycloneDX
	@mkdir -p build
	@$(VENV)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application --output-reproducible --of JSON --output-file build/sbom.json

setup: ## the set-up alone: .venv, Node, jsii's cache, the AWS provider
	@command -v $(PYTHON) >/dev/null || { echo "set-up: no $(PYTHON) in PATH; install Python 3.11 or newer" >&2; exit 3; }
	@$(PYTHON) tools/setup/bootstrap.py

npm-tools: setup ## install cdktf-cli and html-validate from their lock files (for tests and `make cdktf`)
	@$(VENV)/python -m tools.setup.npm_install

chromium: setup ## find Chromium for the tests of pages, or install Debian's
	@$(VENV)/python -m tools.setup.chromium

cdktf: npm-tools ## run cdktf: make cdktf ARGS="synth"
	@$(VENV)/python -m tools.setup.cdktf_cli $(ARGS)

docs: setup ## docs/ as a website in build/docs; a link that leads nowhere fails
	@$(VENV)/mkdocs build

wheel: setup npm-tools ## build the wheel in build/wheel, install it in an empty environment elsewhere, and run it there
	@$(VENV)/python -m hatchling build --target wheel --directory build/wheel
	@$(VENV)/pytest tests/local/test_wheel.py $(ARGS)

lock: setup ## resolve every requirements.lock anew, every version the newest allowed
	@$(VENV)/python -m tools.setup.lock

clean: ## delete what was built and every cache in this folder, not .venv
	@rm -rf build cdktf.out site/build site/.build.made-by-failover-build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +

distclean: clean ## clean, and .venv and cdktf-cli too: the next run is a first run
	@rm -rf .venv .setup-lock *.egg-info tools/setup/cdktf-cli/node_modules tools/setup/cdktf-cli/.setup-lock tools/examples/checkov/.venv tools/examples/checkov/.setup-lock tools/examples/parliament/.venv tools/examples/parliament/.setup-lock tools/examples/bindings/node_modules tools/examples/bindings/.setup-lock
