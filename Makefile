# SPDX-License-Identifier: Apache-2.0
#
# make            build/saker
# make deps       install missing packages of the system (root or sudo)
# make run        deps, build, and start saker live with the rules in etc/
# make test       deps, build, and run every test that this machine can run
# make test-vm    every driver on every kernel, in QEMU; writes docs/kernels.md
# make bench      figures, each beside a baseline
# make soak       MINUTES=60 of mixed load: does memory stay, is nothing lost?
# make fuzz       every fuzz target for FUZZ_SECONDS each
# make lint       layers, names in pages, licence lines, cppcheck
# make install    DESTDIR=, PREFIX=; a configuration that is there is kept
# make uninstall  all but the configuration
#
# SAN=address,undefined   build with these sanitizers (in build/san)
# LTO=1                   optimised as a whole (in build/lto): a tenth fewer instructions, a slow link
# CC=clang                another compiler
# ARCH=aarch64            for another architecture (in build/aarch64), with CC and SYSROOT for it
# V=1                     show the commands

CC      = gcc
CLANG   = clang
BPFTOOL = $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
PREFIX  = /usr/local
SAN     =
LTO     =
V       =
FUZZ_SECONDS = 10
MINUTES = 60

Q     = $(if $(V),,@)
HOST  := $(shell uname -m)
ARCH  = $(HOST)
BUILD = build$(if $(SAN),/san)$(if $(LTO),/lto)$(if $(filter-out $(HOST),$(ARCH)),/$(ARCH))
SYSROOT =
BPF_ARCH = $(if $(filter aarch64,$(ARCH)),arm64,x86)
VERSION = 0.1.0

WARN   = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Werror
CFLAGS = -O2 -g
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) $(if $(SAN),-fno-omit-frame-pointer) -D_GNU_SOURCE -DSAKER_VERSION='"$(VERSION)"' \
	     $(if $(LTO),-flto=auto) -I. -Isrc -I$(BUILD)/gen $(if $(SYSROOT),--sysroot=$(SYSROOT)) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)
ALL_LDFLAGS = $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN))
LDLIBS = -lbpf -lelf -lyaml -lpcre2-8 -ljansson -lz -lpthread -ldl

# From the lowest layer to the highest: a module may use those before it (tools/layers
# says which exactly).
MODULES = base http event capture setup proc field filter output rules app

# Modules that a unit test of each needs; tests/unit/MODULE_NAME.c tests MODULE.
NEEDS_base    = base
NEEDS_http    = http base
NEEDS_event   = event base
NEEDS_capture = capture event base
NEEDS_setup   = setup capture event base
NEEDS_proc    = proc event base
NEEDS_field   = field proc event base
NEEDS_filter  = filter field proc event base
NEEDS_rules   = rules output filter field proc event http base
NEEDS_output  = output filter field proc event http base
NEEDS_app     = app output rules filter field proc setup capture event http base
NEEDS_tool    = rules output filter field proc capture event http base

.PHONY: all deps run test check guest test-vm bench soak fuzz lint install uninstall clean tests
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/saker

# ---- user space -----------------------------------------------------------

objs = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(wildcard src/$(1)/*.c))
lib  = $(BUILD)/lib/lib$(1).a

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

define module_rules
$(call lib,$(1)): $(call objs,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)$(if $(LTO),gcc-ar,ar) rcs $$@ $$^
endef
$(foreach m,$(MODULES),$(eval $(call module_rules,$(m))))

$(BUILD)/saker: $(BUILD)/obj/main.o $(foreach m,$(MODULES),$(call lib,$(m)))
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(ALL_LDFLAGS) $(LDLIBS) -o $@

# ---- the CO-RE driver -------------------------------------------------------

BPF_SRCS  = $(wildcard drivers/core/*.bpf.c)
BPF_SKELS = $(patsubst drivers/core/%.bpf.c,$(BUILD)/gen/%.skel.h,$(BPF_SRCS))
DRIVER_HDRS = $(wildcard drivers/*.h drivers/extract/*.h drivers/kwalk/*.h drivers/core/*.h schema/*.h schema/*.def schema/*/*.def)

$(BUILD)/bpf/%.bpf.o: drivers/core/%.bpf.c $(DRIVER_HDRS)
	@mkdir -p $(@D)
	@echo "  BPF     $<"
	$(Q)$(CLANG) -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Werror -I. -c $< -o $@

$(BUILD)/gen/%.skel.h: $(BUILD)/bpf/%.bpf.o
	@mkdir -p $(@D)
	@echo "  SKEL    $@"
	$(Q)$(BPFTOOL) gen object $(BUILD)/bpf/$*.small.o $<	# without debug sections
	$(Q)$(BPFTOOL) gen skeleton $(BUILD)/bpf/$*.small.o name $(subst .,_,$*)_bpf > $@

$(BUILD)/obj/capture/core_object.o build/fuzz/obj/capture/core_object.o: $(BPF_SKELS)

# ---- tests ------------------------------------------------------------------

UNIT = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*_*.c))
module_of = $(firstword $(subst _, ,$(notdir $(1))))
needs = $(NEEDS_$(call module_of,$(1)))

.SECONDEXPANSION:
$(BUILD)/unit/%: tests/unit/%.c $$(foreach m,$$(call needs,$$*),$$(call lib,$$m))
	@mkdir -p $(@D)
	@echo "  TEST    $<"
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -MF $@.d $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(ALL_LDFLAGS) -lcmocka $(LDLIBS) -o $@

# Programs used by tests: tests/conform/NAME.c (standalone, static) and tests/tool/NAME.c
# (linked with saker's modules).
CONFORM = $(patsubst tests/conform/%.c,$(BUILD)/conform/%,$(wildcard tests/conform/*.c))
$(BUILD)/conform/%: tests/conform/%.c $(wildcard tests/conform/*.h)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) -std=gnu11 $(WARN) -O1 -g -D_GNU_SOURCE -I. -Isrc -static $< -lpthread -o $@

TOOLS = $(patsubst tests/tool/%.c,$(BUILD)/tool/%,$(wildcard tests/tool/*.c))
$(BUILD)/tool/%: tests/tool/%.c $$(foreach m,$$(NEEDS_tool),$$(call lib,$$m))
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -MF $@.d $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(ALL_LDFLAGS) $(LDLIBS) -o $@

# tests/vm/NAME.c: standalone and static too, for guests.
VM = $(patsubst tests/vm/%.c,$(BUILD)/vm/%,$(filter-out tests/vm/calls32.c,$(wildcard tests/vm/*.c))) \
     $(if $(filter x86_64,$(ARCH)),$(BUILD)/vm/calls32 $(BUILD)/vm/calls64)
$(BUILD)/vm/calls32 $(BUILD)/vm/calls64: $(BUILD)/vm/calls%: tests/vm/calls32.c
	@mkdir -p $(@D)
	@echo "  CC      $@"
	$(Q)$(CC) -m$* -std=gnu11 $(WARN) -O1 -fno-pie -no-pie -fno-stack-protector -nostdlib -static $< -o $@

$(BUILD)/vm/badfilter: $(wildcard schema/*.h)
$(BUILD)/vm/%: tests/vm/%.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) -std=gnu11 $(WARN) -O1 -g -D_GNU_SOURCE -I. -Isrc -static $< -lpthread -o $@

tests: $(BUILD)/saker $(UNIT) $(CONFORM) $(TOOLS) $(VM)

# What tests/vm puts into a guest.
guest: $(BUILD)/saker $(BUILD)/tool/evdump $(CONFORM) $(VM)

# Every kernel that can be had under every driver, in QEMU; the table is kept in docs/kernels.md.
test-vm:
	$(Q)tools/deps vm
	$(Q)tools/deps cross
	$(Q)tests/vm/run --write

test: deps
	$(Q)tools/deps vm || echo "the tests in guests will be skipped"
	$(Q)$(MAKE) --no-print-directory check

check: tests
	$(Q)BUILD=$(BUILD) SAN="$(SAN)" tests/run

# ---- fuzzing: clang only, in its own tree ------------------------------------

FUZZ = $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/*_*.c))
FUZZ_CFLAGS = -std=gnu11 -O1 -g -D_GNU_SOURCE -DSAKER_VERSION='"fuzz"' -I. -Isrc -Ibuild/gen \
	      -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all

build/fuzz/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -MMD -MP -c $< -o $@

NEEDS_FUZZ_capture_file = proc capture event base
fuzzneeds = $(or $(NEEDS_FUZZ_$(1)),$(call needs,$(1)))

fuzzobjs = $(patsubst src/%.c,build/fuzz/obj/%.o,$(wildcard src/$(1)/*.c))
build/fuzz/%: tests/fuzz/%.c tests/fuzz/proc_touch.h $$(foreach m,$$(call fuzzneeds,$$*),$$(call fuzzobjs,$$m))
	@echo "  FUZZ    $<"
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -Itests -fsanitize=fuzzer $(filter-out %.h,$^) $(LDLIBS) -o $@

fuzz: $(FUZZ)
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(FUZZ)

# ---- the rest -----------------------------------------------------------------

deps:
	$(Q)tools/deps

run: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)exec $(if $(filter 0,$(shell id -u)),,sudo) $(BUILD)/saker -c etc/saker.yaml

$(BUILD)/bench/%: bench/%.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -D_GNU_SOURCE -static $< -o $@	# for guests too

bench: all $(BUILD)/tool/evdump $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))
	$(Q)BUILD=$(BUILD) bench/run

soak: all $(BUILD)/bench/mix
	$(Q)BUILD=$(BUILD) bench/soak --minutes $(MINUTES)

lint:
	$(Q)tools/lint

install: all
	install -D -m 755 $(BUILD)/saker $(DESTDIR)$(PREFIX)/bin/saker
	[ -e $(DESTDIR)/etc/saker/saker.yaml ] || install -D -m 644 etc/saker.yaml $(DESTDIR)/etc/saker/saker.yaml
	install -D -m 644 etc/saker_rules.yaml $(DESTDIR)/etc/saker/saker_rules.yaml
	install -D -m 644 packaging/systemd/saker.service $(DESTDIR)$(PREFIX)/lib/systemd/system/saker.service
	sed -i 's|/usr/local/bin/|$(PREFIX)/bin/|' $(DESTDIR)$(PREFIX)/lib/systemd/system/saker.service
	for f in $$(find schema drivers -type f ! -path 'drivers/core/*' ! -path 'drivers/ptrace/*'); do \
		m=644; [ ! -x $$f ] || m=755; \
		install -D -m $$m $$f $(DESTDIR)$(PREFIX)/share/saker/src/$$f || exit 1; \
	done
	echo 'VERSION = $(VERSION)' >$(DESTDIR)$(PREFIX)/share/saker/src/Makefile	# drivers/ look there

# All but what is in /etc/saker.
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/saker $(DESTDIR)$(PREFIX)/lib/systemd/system/saker.service
	rm -rf $(DESTDIR)$(PREFIX)/share/saker

clean:
	rm -rf build

-include $(shell find $(BUILD) build/fuzz -name '*.d' 2>/dev/null)
