# Thin names for scripts/. Everything heavy goes to $XDG_CACHE_HOME/grok2api (~/.cache/grok2api).
.PHONY: help run password dev test lint fmt bench site-size siege soak mutants fuzz setup

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 11

run: ## set up, build and serve at http://127.0.0.1:8000
	@scripts/run

password: ## a new admin password, while the server is stopped
	@scripts/password

dev: ## serve the development build, again after every change
	@scripts/dev

test: ## every test, ending with "N passed, N failed"
	@scripts/test

lint: ## format, clippy, dependencies, scripts
	@scripts/lint

fmt: ## format the code
	@scripts/fmt

bench: ## the figures of docs/performance.md
	@scripts/bench

site-size: ## what the browser loads, by page, crate and function
	@scripts/site-size

siege: ## hostile clients for five minutes, while a good one must be served
	@scripts/siege

soak: ## three instances on each database, killed again and again (half an hour)
	@scripts/soak

fuzz: ## libFuzzer on every target of fuzz/, a minute each
	@scripts/fuzz

mutants: ## which small changes of the pure crates no test notices (hours)
	@scripts/mutants

setup: ## only the set-up
	@scripts/setup
