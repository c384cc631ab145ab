# Each target is one line; what needs more lies in Sources/dev.
PREFIX ?= /usr/local
DEV = swift run -c release dev

.PHONY: help boot build test soak bench bench-micro install format generate guests clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 13

boot: ## build hull and boot Skiff, the guest inside
	@swift build -c release --product hull && exec .build/release/hull boot

build: ## build everything, optimised
	swift build -c release --explicit-target-dependency-import-check error

test: ## run all tests once; the last line counts them
	@$(DEV) test

soak: ## run all tests for hours, under a new seed
	@$(DEV) soak $(OPTIONS)

bench: ## compare with QEMU; OPTIONS=--quick, --boot, --block, --network, --debian or --locks
	@$(DEV) bench $(OPTIONS)

bench-micro: ## print the speed of the interpreter's hot loop
	@swift build -c release --product hull && $(DEV) bench-micro

install: ## install one self-contained binary under PREFIX
	@$(DEV) install --prefix "$(PREFIX)"

format: ## format the sources
	swift format --in-place --parallel --recursive Package.swift Sources Tests Guests

generate: ## write the generated switches again
	@$(DEV) generate

guests: ## build Skiff, which ships inside the program, and Keel, the monitor, again
	Guests/Skiff/build.sh Guests/prebuilt
	Guests/Keel/build.sh Guests/prebuilt

clean: ## remove what was built
	rm -rf .build .build-*
