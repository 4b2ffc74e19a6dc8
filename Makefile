# What a person types. Each target sets up what it needs first, in .venv/ and .cache/, and a second call is instant.
# PORT= chooses where `run` listens, ENGINE= what `bench` measures; both reach the programs through the environment.

BIN := .venv/bin
SETUP := pyproject.toml uv.lock scripts/setup

.PHONY: help run test lint fmt soak shots bench

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

run: .venv/.ready ## the demo at http://127.0.0.1:8080
	@$(BIN)/teamline demo --config config $(if $(PORT),--port $(PORT))

test: .venv/.ready-dev ## the whole test suite
	@scripts/setup-tests
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: .venv/.ready-dev ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: .venv/.ready-dev ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

soak: .venv/.ready-dev ## the long form of the fault tests
	TEAMLINE_SOAK=1 $(BIN)/pytest tests/faults tests/races tests/nodes/test_bookings.py tests/domain/test_dst.py --timeout 14400

shots: .venv/.ready-dev ## the pictures of the README, from the running demo
	@scripts/setup-tests
	$(BIN)/python scripts/shots.py

bench: .venv/.ready-dev ## benchmarks
	$(BIN)/python -m bench

.venv/.ready: $(SETUP)
	@scripts/setup --no-dev

.venv/.ready-dev: $(SETUP)
	@scripts/setup
