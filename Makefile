# The project's vocabulary: the same words on a laptop and in CI. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin
UV := $(BIN)/uv
export TF_CLI_CONFIG_FILE := $(shell scripts/terraform-cli-config)
# Where it is set, every process compiles all that it imports anew: most of the time that short ones take.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- Environments ---------------------------------------------------------------------------------------------------

.PHONY: setup
setup: .venv/.ready ## Prepare .venv: every other target does it by itself

$(UV): requirements/uv.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "make: Python 3.11 is needed, as in the images; name one with PYTHON=")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.ready: $(UV) requirements/tools.txt pyproject.toml
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/tools.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/checkov/.ready: requirements/checkov.txt $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python .venv/checkov
	$(UV) pip sync --quiet --python .venv/checkov/bin/python --require-hashes $<
	@touch $@

.PHONY: lock
lock: $(UV) ## Pin what the requirements/*.in and the parts' requirements*.in ask for
	for source in $$(git ls-files '*requirements*.in' '*requirements/*.in'); do \
	  $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    "$$source" --output-file "$${source%.in}.txt"; \
	done

# --- Checks and tests -----------------------------------------------------------------------------------------------

.PHONY: check
check: .venv/.ready .venv/checkov/.ready ## Check code and templates, one beside the other; no network
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-templates check-code

.PHONY: check-code
check-code: .venv/.ready ## Lint, format and types of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	scripts/check-types

.PHONY: check-templates
check-templates: .venv/.ready .venv/checkov/.ready ## Format, schemas, tests and policies of the templates
	$(BIN)/cfn-lint cloudformation/*.yaml seedcode/model-deploy/endpoint.yaml
	scripts/check-terraform
	.venv/checkov/bin/checkov --config-file .checkov.yaml

.PHONY: test
test: .venv/.ready ## Every test; clients beside repositories: each leaves a processor idle
	@$(MAKE) --no-print-directory test-unit
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-clients test-repositories
	@$(MAKE) --no-print-directory test-rehearsal

.PHONY: test-unit
test-unit: .venv/.ready ## Tests of scripts, lambda and the contracts
	$(BIN)/pytest --numprocesses 3 --dist loadfile --ignore tests/rehearsal --ignore tests/clients

.PHONY: test-docker
test-docker: .venv/.ready ## What only a Docker engine can show
	$(BIN)/pytest -m docker

.PHONY: test-repositories
test-repositories: .venv/.ready ## The seeded repositories' own tests, as their pipelines run them
	$(BIN)/python scripts/test-repositories

.PHONY: test-rehearsal
test-rehearsal: .venv/.ready ## What goes wrong in a project's life, in a local AWS
	$(BIN)/pytest --numprocesses 2 --dist loadgroup tests/rehearsal

.PHONY: test-clients
test-clients: .venv/client-awscli/.ready .venv/client-sagemaker/.ready ## The aws CLI, git, Terraform and the SageMaker SDK, as their users run them
	$(BIN)/pytest --numprocesses 2 --dist loadfile tests/clients

.venv/client-awscli/.ready: tests/clients/requirements-awscli.txt .venv/.ready
.venv/client-sagemaker/.ready: seedcode/model-build/requirements/train.txt .venv/.ready
.venv/client-%/.ready:
	$(UV) venv --quiet --clear --python $(BIN)/python .venv/client-$*
	$(UV) pip sync --quiet --python .venv/client-$*/bin/python --require-hashes $<
	@touch $@

.venv/notebooks/.ready: tests/notebooks/requirements.txt .venv/.ready
	$(UV) venv --quiet --clear --python $(BIN)/python .venv/notebooks
	$(UV) pip sync --quiet --python .venv/notebooks/bin/python --require-hashes $<
	@touch $@

.PHONY: test-notebooks
test-notebooks: .venv/notebooks/.ready ## The notebooks of a project's repository, run in it (VARIANT=autopilot, ONLY='explore tuning')
	$(BIN)/python tests/notebooks/run_notebooks.py $(or $(VARIANT),churn-xgboost-daal4py) $(ONLY)

.PHONY: fidelity
fidelity: .venv/.ready ## Write docs/fidelity.md: what localaws does with every operation
	$(BIN)/python -m localaws.fidelity docs/fidelity.md

# --- Benchmarks -----------------------------------------------------------------------------------------------------

.venv/bench-%/.ready: tests/benchmarks/requirements-%.txt $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python .venv/bench-$*
	$(UV) pip sync --quiet --compile-bytecode --python .venv/bench-$*/bin/python --require-hashes $<
	@touch $@

.PHONY: bench-serving
bench-serving: .venv/bench-serving/.ready ## Serving beside its limit and its baselines (needs wrk)
	.venv/bench-serving/bin/python tests/benchmarks/bench_serving.py

.PHONY: soak-serving
soak-serving: .venv/bench-serving/.ready ## Serving at half load for ten minutes: is its memory flat (needs wrk)
	.venv/bench-serving/bin/python tests/benchmarks/soak_serving.py --minutes 10

.PHONY: load-rest-api
load-rest-api: .venv/.ready ## The REST API of a kept rehearsal (KEEP=1) at 200 requests a second for five minutes
	$(BIN)/python tests/benchmarks/load_rest_api.py

.PHONY: bench-training
bench-training: .venv/bench-training/.ready ## Training beside bare XGBoost, on two hosts and on disk
	.venv/bench-training/bin/python tests/benchmarks/bench_training.py

.PHONY: bench-preprocess
bench-preprocess: .venv/bench-training/.ready ## Preprocess beside pandas and scikit-learn
	.venv/bench-training/bin/python tests/benchmarks/bench_preprocess.py

.PHONY: bench-pipelines
bench-pipelines: .venv/client-sagemaker/.ready ## Checking and compiling pipelines beside bare libraries and the whole SDK
	.venv/client-sagemaker/bin/python tests/benchmarks/bench_pipelines.py

# --- The project's life ---------------------------------------------------------------------------------------------

.PHONY: rehearse
rehearse: .venv/.ready ## Live a whole project's life on this machine (DATA=file.csv, KEEP=1, ENGINE=docker, IAM=enforce, PIPELINE=all, VARIANT=autopilot, PUBLISH=s3, MODE=asynchronous, NETWORK=isolated, ACCOUNTS=3, SOURCE=connection)
	$(BIN)/mlproject rehearse $(if $(DATA),--data '$(DATA)') $(if $(KEEP),--keep) $(if $(ENGINE),--engine '$(ENGINE)') \
	  $(if $(IAM),--iam '$(IAM)') $(if $(PIPELINE),--pipeline '$(PIPELINE)') $(if $(VARIANT),--variant '$(VARIANT)') \
	  $(if $(PUBLISH),--publish-to '$(PUBLISH)') $(if $(MODE),--mode '$(MODE)') $(if $(NETWORK),--network '$(NETWORK)') $(if $(ACCOUNTS),--accounts '$(ACCOUNTS)') \
	  $(if $(SOURCE),--source '$(SOURCE)')
	$(if $(filter enforce,$(IAM)),$(if $(KEEP)$(PIPELINE)$(PUBLISH)$(MODE)$(VARIANT)$(NETWORK)$(ACCOUNTS)$(SOURCE),,cp build/iam/report.md docs/iam.md))

.PHONY: faults
faults: .venv/.ready ## Break what can break on this machine, and see it recover (ONLY=part of a name, ENGINE=docker)
	$(BIN)/mlproject faults --page docs/faults.md $(if $(ONLY),--only '$(ONLY)') $(if $(ENGINE),--engine '$(ENGINE)')

.PHONY: environment
environment: .venv/.ready ## Plan, apply and destroy the ML environment on this machine
	$(BIN)/mlproject environment

.PHONY: publish
publish: .venv/.ready ## Publish the template into the AWS account of the current credentials (ARGS='--help')
	$(BIN)/mlproject publish $(ARGS)

.PHONY: clean
clean: ## Remove what the other targets made
	rm -rf .venv build
