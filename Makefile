# The two commands of the README are `make demo` and `make test`; each does all its set-up. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help

BUILD ?= build
JOBS ?= $(shell nproc)
TEST_JOBS ?= 2
CTEST_ARGS ?=
# What a running stack needs; `make demo` builds only this.
STACK_TARGETS := tuneward tuneward-server tuneward-worker tuneward-migrate tuneward-sandbox

export TUNEWARD_BIN := $(abspath $(BUILD))/bin

.PHONY: help setup reference setup-nightly configure build stack test test-nightly bench-train bench-generate bench-tokenizer bench-gpu demo reproduce up down figures format freeze clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup:  ## install what is missing (Debian 12; needs root or sudo the first time)
	@scripts/setup.sh

reference: setup  ## also install transformers and PEFT, which the parity tests compare with
	@scripts/setup.sh --reference

configure: setup
	@[ -f $(BUILD)/build.ninja ] || cmake --preset release -B $(BUILD)

build: configure  ## build everything, tests included
	@cmake --build $(BUILD) -j $(JOBS)

stack: configure
	@cmake --build $(BUILD) -j $(JOBS) --target $(STACK_TARGETS)

test: reference build  ## build and run the fast tests; CTEST_ARGS="-L unit" selects
	@ctest --test-dir $(BUILD) --output-on-failure --no-label-summary -j $(TEST_JOBS) -LE nightly $(CTEST_ARGS)

setup-nightly:
	@scripts/setup.sh --nightly

test-nightly: setup-nightly build  ## build and run the long tests: crashes, fencing, fuzzing, the models made anew
	@scripts/nightly.py --build $(BUILD) $(CTEST_ARGS)

demo: stack  ## attack a small model with and without the policy; needs about two minutes, leaves nothing running
	@deploy/local/demo

reproduce: configure  ## the mixing experiment at its smallest: trains 16 times, prints the table; three minutes on two cores
	@cmake --build $(BUILD) -j $(JOBS) --target tuneward-sandbox
	@rm -rf $(BUILD)/reproduce
	@$(BUILD)/bin/tuneward-sandbox reproduce paraphrase --smoke --out $(BUILD)/reproduce

up: stack  ## start a stack on this machine and keep it
	@deploy/local/tuneward-local up

down:  ## stop what `make up` started; data stays in .local/
	@deploy/local/tuneward-local down

figures:  ## print the recorded figures, marked where they miss their goal
	@scripts/figures.py

bench-train: setup  ## LoRA training beside transformers + PEFT: tokens/s, memory, share of the machine's matmul rate
	@scripts/setup.sh --reference
	@$(MAKE) --no-print-directory configure && cmake --build $(BUILD) -j $(JOBS) --target tw-bench-engine
	@bench/bench_train.py --build $(BUILD)

bench-generate: setup  ## batched generation beside transformers.generate
	@scripts/setup.sh --reference
	@$(MAKE) --no-print-directory configure && cmake --build $(BUILD) -j $(JOBS) --target tw-bench-engine
	@bench/bench_generate.py --build $(BUILD)

bench-tokenizer: reference configure  ## encoding beside the Hugging Face tokenizers package, one thread
	@cmake --build $(BUILD) -j $(JOBS) --target tw-bench-tokenizer
	@bench/bench_tokenizer.py --build $(BUILD)

bench-gpu: reference configure  ## the CUDA kernels' test and an 8B shape beside PEFT; without a GPU the rows say so
	@bench/bench_gpu.py --build $(BUILD)

format:  ## clang-format the tree (version 14, the one that the tests ask for)
	@git ls-files '*.h' '*.cc' | xargs clang-format-14 -i

freeze: build  ## write the committed lists anew: flags, commands, protos, migrations, schema
	@TUNEWARD_BUILD=$(abspath $(BUILD)) PYTHONDONTWRITEBYTECODE=1 python3 tests/architecture/frozen.py
	@TUNEWARD_FREEZE=1 $(BUILD)/tests/store_test --gtest_filter='SchemaTest.MigrationsMakeTheCommittedSchema' --gtest_brief=1

clean: down  ## stop the stack, remove build and .local
	@deploy/local/tuneward-local purge
	@rm -rf $(BUILD)
