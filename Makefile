# The two commands: `make demo` and `make test`. Both set up what is missing, build, and run.
.PHONY: demo test build setup format bench install package clean help
.DEFAULT_GOAL := help

PRESET ?= release
BUILD := build/$(PRESET)

help:
	@echo "make demo     set up, build, and run the main job from raw ticks to its report"
	@echo "make test     set up, build, and pass the fast tests"
	@echo "make build    set up and build the program: $(BUILD)/bin/tickhouse"
	@echo "make bench    measure against DuckDB, Polars and pyarrow (a quiet machine, minutes)"
	@echo "make format   clang-format over the sources"
	@echo "make install  into PREFIX (default /usr/local); make package builds a .deb"

setup:
	@tools/setup.sh build

build: setup
	@cmake --preset $(PRESET) -DTICKHOUSE_TESTS=OFF >$(CURDIR)/.cmake.log 2>&1 || \
	  { cat $(CURDIR)/.cmake.log; rm -f $(CURDIR)/.cmake.log; exit 1; }; rm -f $(CURDIR)/.cmake.log
	@cmake --build --preset $(PRESET) --target tickhouse

demo: build
	@$(BUILD)/bin/tickhouse demo --out demo

# Four at a time on two cores: many tests wait for a server or the disk.
test:
	@tools/setup.sh test
	@cmake --preset $(PRESET) -DTICKHOUSE_TESTS=ON >$(CURDIR)/.cmake.log 2>&1 || \
	  { cat $(CURDIR)/.cmake.log; rm -f $(CURDIR)/.cmake.log; exit 1; }; rm -f $(CURDIR)/.cmake.log
	@cmake --build --preset $(PRESET)
	@tools/run_tests.py $(BUILD) -LE slow -j4

format:
	@git ls-files 'src/*.h' 'src/*.cc' 'bench/*.cc' | xargs clang-format-19 -i

bench: build
	@tools/setup.sh test
	@bench/run

install: build
	@cmake --install $(BUILD) --prefix $(or $(PREFIX),/usr/local)

package: build
	@cd $(BUILD) && cpack -G DEB

clean:
	@rm -rf build demo
