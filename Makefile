# meshscope: everything that is needed on a fresh Debian or Ubuntu machine with a Swift 6.3 toolchain.
#
#   make demo     installs, builds, and answers the question on a capture
#   make test     installs, builds, and runs every test, the fixture check and the format lint
#   make bench    times the analysis against the bare libpcap loop and against tshark
#   make profile  counts which ways the program goes, for the compiler: after a change of what is done for each frame
#   make fuzz  SECONDS=60: libFuzzer on each target, the way to the report included; parsers under AddressSanitizer
#   make bench-hostile  times what is made to cost much, N against 4 N, and its memory
#   make calibrate  counts how often a recommended SEQ is too low, over 104,000 simulated failures
#   make rehearse  CAPTURE=… KEYS=… MASTER=0x0001: swaps a master of BlueZ's daemons on what restore writes; peers have to answer
#   make install  PREFIX=/usr/local: one binary, its manual pages and shell completions; it builds nothing (run make first)
#   make deb, make dist: a Debian package, and a tarball for machines without Swift, in dist/
#   make try-packages: installs both in an empty root, runs and removes them (as root)
#   make install-service SOURCES=… KEYS=…: a systemd unit that runs meshscope watch
#   make fixtures rewrites Captures/ (then: meshscope check --record, and read the difference)

PREFIX ?= /usr/local
DESTDIR ?=

# A target imports what it reaches through its dependencies, and nothing else; Scripts/check-imports is stricter.
CHECK_IMPORTS = --explicit-target-dependency-import-check error
# A type that the compiler knows is taken from its accessor. By its mangled name, which is shorter, the start of each run searched
# all protocol conformances of the program for each such type: a fifth of the instructions of a small capture.
TYPES_BY_ACCESSOR = -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors
# What the start of each run would look up symbol by symbol: the libraries of C++ and of the compiler are in the program where the
# machine has their archives, and the program offers no symbols of its own.
STATIC = $(CURDIR)/.build/static
LINK = -Xswiftc "-L$(STATIC)" -Xswiftc -Xclang-linker -Xswiftc -static-libgcc -Xlinker --no-export-dynamic
UNPROFILED_BUILD = swift build -c release --static-swift-stdlib $(TYPES_BY_ACCESSOR) $(LINK) $(CHECK_IMPORTS)
# The compiler knows which ways are taken often: a frame costs 3 to 7 of a hundred less. `make profile` counts them anew.
PROFILE = Packaging/meshscope.profdata
# A private function is known by its file's name, wherever the checkout lies.
BY_FILE_NAME = -Xswiftc -Xllvm -Xswiftc -static-func-full-module-prefix=false
USE_PROFILE = $(BY_FILE_NAME) -Xswiftc -Xfrontend -Xswiftc "-ir-profile-use=$(CURDIR)/$(PROFILE)"
SWIFT_BUILD = $(UNPROFILED_BUILD) $(USE_PROFILE)
# Tests see internal names, also in release, where every prefix of every fixture takes seconds and not minutes.
TEST_FLAGS = -c release -Xswiftc -enable-testing $(TYPES_BY_ACCESSOR) $(USE_PROFILE) --scratch-path .build-test
BINARY = .build/release/meshscope
TEST_BINARY = .build-test/release/meshscope

DOCUMENTS = .build/documents

.PHONY: all demo test bench profile bench-hostile fuzz calibrate install install-service fixtures lint clean packages test-packages build
.PHONY: documents deb dist try-packages rehearse

all: build documents

# Only the archive is where the linker looks first.
$(STATIC)/libstdc++.a:
	@mkdir -p $(@D)
	@ln -sf "$$(clang -print-file-name=libstdc++.a)" $@

packages: $(STATIC)/libstdc++.a
	@Scripts/install-packages libpcap-dev libssl-dev zlib1g-dev libzstd-dev liblzma-dev libsqlite3-dev pkg-config

test-packages: packages
	@Scripts/install-packages tshark bluez gzip zstd xz-utils bzip2 lz4 zip unzip p7zip-full python3 python3-venv chromium expect zsh fish mandoc groff patch
	@Scripts/install-second-opinion

build: packages
	$(SWIFT_BUILD) --product meshscope

demo: build
	$(BINARY) analyze Captures/steady.pcap --keys Captures/steady.keys.json

test: test-packages lint
	swift build $(TEST_FLAGS) $(CHECK_IMPORTS) --build-tests
	swift build $(TEST_FLAGS) $(CHECK_IMPORTS) --product generate-manual
	$(TEST_BINARY) check
	swift test $(TEST_FLAGS) --skip-build

lint:
	@Scripts/install-packages python3
	swift format lint --strict --recursive Package.swift Sources Tests Examples
	Scripts/undocumented
	Scripts/check-imports

bench: build
	@Scripts/install-packages tshark gcc python3
	$(SWIFT_BUILD) --product hostile
	Scripts/bench $(BINARY) .build/release/hostile --large --table Sources/MeshReports/MeshReports.docc/Speed.md

# What was compiled by the profile before would be kept.
profile: packages
	Scripts/profile $(PROFILE) $(UNPROFILED_BUILD) $(BY_FILE_NAME)
	rm -rf .build/*/release .build-test/*/release

bench-hostile: packages
	@Scripts/install-packages python3
	$(SWIFT_BUILD) --product meshscope
	$(SWIFT_BUILD) --product hostile
	Scripts/bench-hostile $(BINARY) .build/release/hostile

SECONDS ?= 60

fuzz: packages
	Scripts/fuzz $(SECONDS)

calibrate: packages
	@Scripts/install-packages python3
	$(SWIFT_BUILD) --product calibrate
	.build/release/calibrate --seeds 4000 | Scripts/judge-calibration --limits

rehearse: CAPTURE = Captures/bluez/relay.btsnoop
rehearse: KEYS = Captures/bluez/keys.json
rehearse: MASTER = 0x0001
rehearse: build
	@Scripts/install-packages bluez dbus-daemon python3 python3-venv gcc
	@Scripts/install-second-opinion
	.venv/bin/python Scripts/rehearse $(BINARY) .venv/meshd $(CAPTURE) $(KEYS) $(MASTER)

documents: build
	$(SWIFT_BUILD) --product generate-manual
	Scripts/make-documents $(BINARY) $(DOCUMENTS)

install:
	@Scripts/install $(BINARY) $(DOCUMENTS) "$(DESTDIR)$(PREFIX)"

deb: documents
	@Scripts/install-packages dpkg-dev binutils
	Scripts/make-deb $(BINARY) $(DOCUMENTS) dist

dist: documents
	@Scripts/install-packages binutils
	Scripts/make-dist $(BINARY) $(DOCUMENTS) dist

try-packages:
	@Scripts/install-packages debootstrap
	Scripts/try-packages dist

SOURCES ?=
KEYS ?= /etc/meshscope/keys.json
OPTIONS ?=
UNITS ?= /etc/systemd/system

install-service:
	@Scripts/install-service "$(PREFIX)/bin/meshscope" "$(DESTDIR)$(UNITS)" "$(KEYS)" "$(SOURCES)" "$(OPTIONS)"

fixtures: build
	@Scripts/install-packages bluez
	Scripts/make-fixtures $(BINARY)

clean:
	rm -rf .build .build-test .build-fuzz .build-profile bench-data dist
