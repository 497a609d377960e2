# The work is in scripts/ and CMake; this file gives it short names.
.DEFAULT_GOAL := help
DESTDIR ?=
prefix ?= /usr
sysconfdir ?= /etc

.PHONY: help build run test asan lint bench fuzz soak clean install oracle test-fresh test-image test-matrix

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

build: ## build/sockguard
	scripts/build build

run: ## scripts/quickstart: install, build, show a refusal and an admission
	scripts/quickstart

test: ## scripts/test: everything; ARGS=--no-engine leaves out what needs a real dockerd
	scripts/test $(ARGS)

asan: ## build-asan/sockguard, with AddressSanitizer and UndefinedBehaviorSanitizer
	scripts/build build-asan -DSANITIZE=ON

lint: ## formatting, luacheck, shellcheck, the fences
	scripts/lint

bench: build ## costs against other proxies, side by side
	bench/run

fuzz: ## T=name: one fuzz target for SECONDS seconds (default 30)
	scripts/fuzz $(T) $(SECONDS)

soak: build ## honest and hostile clients, at random, for SECONDS seconds (default 20)
	scripts/soak $(SECONDS)

oracle: ## 20,000 generated requests to dockerd 20.10, 26.1 and 29, judged on their side (root)
	scripts/oracle $(ENGINES)

test-matrix: ## clients directly and through, on dockerd 20.10, 26.1 and 29 (root)
	scripts/test-matrix $(ENGINES)

test-image: build ## builds the image from this tree, without a registry, and runs it (root; downloads Debian)
	scripts/packages --install test engine matrix
	SOCKGUARD=build/sockguard LUA_PATH="spec/?.lua;test/?.lua;lua/?.lua;;" \
	  busted --lua=lua5.4 --output=plainTerminal --pattern=image_spec test/engine

test-fresh: ## both commands in a debootstrapped Debian 12 (root; downloads Debian)
	test/fresh-machine

clean: ## removes the build folders
	rm -rf build build-asan build-fuzz

install: build ## installs program, presets and the kit for rules under DESTDIR
	install -D -m 755 build/sockguard $(DESTDIR)$(prefix)/bin/sockguard
	for preset in presets/*.yaml; do \
	  install -D -m 644 $$preset $(DESTDIR)$(sysconfdir)/sockguard/presets/$${preset##*/}; \
	done
	for file in lua/sockguard/*; do \
	  install -D -m 644 $$file $(DESTDIR)$(prefix)/share/sockguard/$$file; \
	done
