# The two commands that matter: `make demo` and `make test`. Both install what is missing (Debian),
# build, and run. Everything else is for those who work on Kigumi; `make help` lists it.

PRESET ?= release
BUILD := build/$(PRESET)
BIN := build/release/bin

.PHONY: help
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

.PHONY: deps
deps:
	@scripts/install-dependencies.sh

.PHONY: build
build: deps
	@[ -f $(BUILD)/build.ninja ] || cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD)

## make demo             three masters on this machine: conflicts, a partition, a crash, and the proof
.PHONY: demo
demo: deps
	@[ -f build/release/build.ninja ] || cmake --preset release >/dev/null
	@cmake --build build/release --target kigumid kigumi_cli relay
	@scripts/demo.sh $(BIN)

## make test             build and run all tests
.PHONY: test
test: build
	@cd $(BUILD) && ctest --output-on-failure -j2 $(CTEST_ARGS)

## make sim              simulated clusters under faults; SEEDS=A..B
SEEDS ?= 1..20000
.PHONY: sim
sim: build
	@$(BIN)/sim --seeds $(SEEDS)

## make scale            what dissemination costs with NODES=3,25,100 masters
NODES ?= 3,25,100
.PHONY: scale
scale: build
	@$(BIN)/overlay
	@$(BIN)/scale --nodes $(NODES)

## make crash            real processes killed at any moment, and at each step of a commit; KILLS=N
KILLS ?= 1000
.PHONY: crash
crash: build
	@$(BIN)/crash --kills $(KILLS)

## make chaos            five daemons killed, stopped and cut off under load; SECONDS=N SEED=N
SECONDS ?= 300
SEED ?= 1
.PHONY: chaos
chaos: build
	@$(BIN)/chaos --seconds $(SECONDS) --seed $(SEED)

## make hostile          one listed key with few rights against two nodes; SECONDS=N for each right, SEED=N
.PHONY: hostile
hostile: SECONDS := 60
hostile: build
	@$(BIN)/hostile --seconds $(SECONDS) --seed $(SEED)

## make scope            every history of a few operations on two or three replicas; SCOPE_ARGS=...
.PHONY: scope
scope: build
	@$(BIN)/scope $(SCOPE_ARGS)

## make sanitize         unit, state machine and C tests under ASan+UBSan, then the former under TSan
.PHONY: sanitize
sanitize: deps
	@$(MAKE) --no-print-directory PRESET=asan test CTEST_ARGS="-L 'unit|prop|sim|c_api'"
	@$(MAKE) --no-print-directory PRESET=tsan test CTEST_ARGS="-L 'unit|sim'"

## make fuzz             hostile bytes against what reads them, under libFuzzer; FUZZ_SECONDS each
FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz:
	@scripts/install-dependencies.sh --fuzz
	@[ -f build/fuzz/build.ninja ] || cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz
	@fuzz/run.sh build/fuzz $(FUZZ_SECONDS)

## make package          the Debian packages, in build/package/debs, and a test that uses them
.PHONY: package
package:
	@scripts/install-dependencies.sh --package
	@[ -f build/package/build.ninja ] || cmake --preset package >/dev/null
	@cmake --build --preset package
	@tests/package/debs.sh build/package
	@cd build/package && cpack -B debs >/dev/null && ls debs/*.deb

## make wheel            the Python package as a wheel, in build/wheel
PYTHON ?= /usr/bin/python3
.PHONY: wheel
wheel: deps
	@[ -x build/wheel/venv/bin/pip ] || $(PYTHON) -m venv build/wheel/venv
	@build/wheel/venv/bin/pip wheel -q --no-deps -w build/wheel ./bindings/python
	@ls build/wheel/*.whl

## make reference        the reference of all public headers, in build/release/reference/html
.PHONY: reference
reference:
	@scripts/install-dependencies.sh --reference
	@[ -f build/release/build.ninja ] || cmake --preset release >/dev/null
	@cmake --build build/release --target reference

## make bench            what it costs, measured here
.PHONY: bench
bench: build
	@$(BIN)/bench_visibility
	@$(BIN)/bench_large_set
	@$(BIN)/bench_catch_up
	@$(BIN)/bench_import
	@$(BIN)/bench_deletes
	@$(BIN)/bench_open
	@$(BIN)/bench_proofs
	@$(BIN)/bench_backup
	@$(BIN)/bench_bindings
	@$(BIN)/broadcast

## make mutants          deliberate defects, each of which the tests have to find; MUTANT_SEEDS=N
MUTANT_SEEDS ?= 2000
.PHONY: mutants
mutants: build
	@$(BIN)/scope_mutants
	@$(BIN)/mutants $(MUTANT_SEEDS)

## make config-doc       write the reference of all options into docs/operations/configuration.md
.PHONY: config-doc
config-doc: build
	@KIGUMI_WRITE_DOCS=1 $(BIN)/config_test --gtest_filter='ConfigReference.*' --gtest_brief=1

## make clean            remove everything that was built
.PHONY: clean
clean:
	rm -rf build
