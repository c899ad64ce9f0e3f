# make demo   installs what is missing, builds, solves a shipped instance, tells where the report is
# make test   installs what is missing, runs every test
# make ci     what CI runs: licences, format, tests, lints, documents
CARGO ?= cargo
# Where rustup puts cargo, for a shell that has not been opened anew since.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: demo test ci setup instances bench

setup:
	@scripts/setup

demo: setup
	$(CARGO) build --release --locked
	$(TARGET)/release/purvey solve instances/every-feature --time-limit 30s --output out/demo
	@echo
	@echo "Open the report in a browser: $(CURDIR)/out/demo/report.html"

test: setup
	$(CARGO) test --release --locked

ci: setup
	scripts/licences
	$(CARGO) fmt --check
	$(MAKE) test
	$(CARGO) clippy --release --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --no-deps

instances:
	$(CARGO) run --release --locked --example generate_replenishment -- --all instances

bench: setup
	$(CARGO) bench --locked
