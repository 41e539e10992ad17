# mote: `make help` says what can be made.

B    = build
D    = $(B)/deps
CC   = gcc
AR   = ar
V    = 0
Q    = $(if $(filter 0,$(V)),@)
SAY  = $(if $(filter 0,$(V)),@echo "  $(1)")

# A job for each CPU, unless the caller says how many.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

EXAMPLES := $(patsubst examples/%.c,%,$(wildcard examples/*.c))
IMAGES   := $(EXAMPLES:%=$(B)/%.xen)

.PHONY: all help
all: $(IMAGES) $(EXAMPLES:%=$(B)/%.cfg)

help:
	@echo 'make            every example: build/NAME.xen and build/NAME.cfg for xl create'
	@echo 'make run        serve a page: [APP=web] [SITE=folder] [PORT=8080]'
	@echo 'make test       all tests: unit, fuzz for a short while, system on a Xen host'
	@echo 'make unit       unit tests alone: [T=ring]'
	@echo 'make system     system tests alone: [T=boots]'
	@echo 'make soak       the system tests that can run for long, for long: [T=vif_life]'
	@echo 'make fuzz       each fuzz target for a minute: [F=http] [FUZZ_SECONDS=60]'
	@echo 'make fuzz-lines how much of their files have the fuzz targets reached?'
	@echo 'make fuzz-checks do they notice when a check is missing?'
	@echo 'make mutants    do the unit tests notice a broken source? [M=xen/ring] [MUTANTS=60]'
	@echo 'make size       what the images hold: text, rodata, data, bss by folder; [APP=web] by file'
	@echo 'make bench      both benches, of our guests and a Linux guest:'
	@echo 'make bench-net  under the same clients: [BENCH="tcp udp-64"] [GUESTS=mote]'
	@echo 'make bench-boot how long they take to come up'
	@echo 'make check      layout, two compilers, static analysis'
	@echo 'make install-toolstack   for dom0: [PREFIX=/usr/local] [DESTDIR=]'
	@echo 'make deps       install and build what comes from Debian'
	@echo 'make clean      delete what was built, keep what was fetched'
	@echo 'make distclean  delete all of build/'

# ---- what comes from Debian ------------------------------------------------

include test/xenhost/xenhost.mk

DEBIAN = gcc libc6-dev make binutils xz-utils newlib-source libxen-dev libcriterion-dev \
         clang clang-format clang-tidy cppcheck dpkg-dev libclang-rt-14-dev python3 \
         $(XENHOST_PACKAGES)

# Missing packages are installed by root or through sudo.
PACKAGES = $(D)/packages
$(PACKAGES): Makefile test/xenhost/xenhost.mk
	@mkdir -p $(@D)
	@missing=$$(for p in $(DEBIAN); do \
	    dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	    echo "mote needs these Debian packages, installing them:" $$missing; \
	    root=; [ $$(id -u) = 0 ] || root=sudo; \
	    $$root apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive $$root apt-get install -qq -y \
	        --no-install-recommends $$missing >$(D)/packages.log 2>&1 </dev/null || \
	        { tail -5 $(D)/packages.log; echo "cannot install them: run as root, or: apt-get install" $$missing; exit 1; }; \
	fi
	@touch $@

.PHONY: deps
deps: $(PACKAGES) $(D)/newlib/lib/libc.a lwip

# ---- the guest ---------------------------------------------------------------

CSTD  = -std=c17
WARN  = -Wall -Wextra -Werror -Wconversion -Wshadow -Wundef -Wvla \
        -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual

# How all code of a guest is generated, newlib's and lwIP's too.  No red zone:
# Xen pushes exception frames right below the stack pointer.
GUEST_CODEGEN = -fno-pic -fno-pie -mno-red-zone -fno-omit-frame-pointer \
                -ffunction-sections -fdata-sections -fcf-protection=none \
                -fno-asynchronous-unwind-tables
# newlib takes read() and write() to return int unless told otherwise.
NEWLIB_DEFINES = -D_READ_WRITE_RETURN_TYPE=_ssize_t -D_READ_WRITE_BUFSIZE_TYPE=size_t
GUEST_HEADERS = -nostdinc -idirafter $(D)/include -isystem lib/include -isystem $(D)/newlib/include \
                -isystem $(dir $(shell $(CC) -print-file-name=include/stddef.h))
GUEST_CFLAGS  = $(CSTD) $(OPTIMISE) -g $(GUEST_CODEGEN) $(GUEST_HEADERS) -iquote . \
                -D_GNU_SOURCE $(NEWLIB_DEFINES) -D_POSIX_TIMERS=1 -D_POSIX_MONOTONIC_CLOCK=200112L \
                -fstack-protector-strong -mstack-protector-guard=global

BEHAVE = test/system/behave.c $(wildcard test/system/behave/*.c)

include lib/optimise.mk
include lib/newlib.mk
include net/lwip.mk

# Of the packages' headers only Xen's are to be seen.
$(D)/include/xen: | $(PACKAGES)
	@mkdir -p $(@D)
	@ln -sfn /usr/include/xen $@

SOURCES := $(wildcard arch/x86_64/*.[cS] xen/*.c kernel/*.c lib/*.c net/*.c)
OBJECTS := $(SOURCES:%=$(B)/obj/%.o)

# -MD, not -MMD: what lwIP's headers include counts, and first of all
# net/lwipopts.h, which decides how lwIP's structs are laid out.
$(B)/obj/%.c.o: %.c lib/optimise.mk | $(D)/newlib/lib/libc.a $(D)/include/xen $(LWIP_HEADERS)
	@mkdir -p $(@D)
	$(call SAY,CC $<)
	$(Q)$(CC) $(GUEST_CFLAGS) $(WARN) -Wframe-larger-than=2048 $(LWIP_CFLAGS) -MD -MP -c -o $@ $<

$(B)/obj/%.S.o: %.S | $(D)/newlib/lib/libc.a $(D)/include/xen
	@mkdir -p $(@D)
	$(call SAY,AS $<)
	$(Q)$(CC) $(GUEST_CFLAGS) -MD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d) $(EXAMPLES:%=$(B)/obj/examples/%.c.d) \
         $(shell find $(B)/obj/test -name '*.d' 2>/dev/null)

$(B)/libmote.a: $(OBJECTS)
	$(call SAY,AR $@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Linked twice: the second time with the table of the functions that the first
# one holds.  The table lies behind them and does not move them.
GUEST_LIBS = $(B)/libmote.a $(LWIP_LIB) $(LIBC)
IMAGE_PARTS = arch/x86_64/link.lds lib/symbols.awk lib/bare
LINK_LIBS = -Wl,--start-group $(GUEST_LIBS) -lgcc -Wl,--end-group
LINK = $(CC) $(memory_asked) -nostdlib -static -no-pie -Wl,-n,--gc-sections,--build-id=none,--no-warn-rwx-segments,-z,noexecstack \
       $(LWIP_WRAP) -Wl,-T,arch/x86_64/link.lds

# Of examples/NAME.config: where RAM begins depends on how much there will be.
memory_asked = $(addprefix -Wl$(comma)--defsym=memory_asked=,$(shell \
                 sed -n 's/.*--memory \([0-9]*\).*/\1/p' examples/$*.config 2>/dev/null))
comma = ,

define link_image
	$(call SAY,LD $@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@.nosyms $(B)/obj/arch/x86_64/boot.S.o $(filter %.c.o,$^) $(LINK_LIBS)
	$(Q)nm -n $@.nosyms | LC_ALL=C awk -f lib/symbols.awk >$@.symbols.S
	$(Q)$(CC) -c -o $@.symbols.o $@.symbols.S
	$(Q)$(LINK) -Wl,-Map=$@.map -o $@.debug $(B)/obj/arch/x86_64/boot.S.o $@.symbols.o $(filter %.c.o,$^) $(LINK_LIBS)
	$(Q)objcopy --strip-all $@.debug $@
	$(Q)lib/bare $@
	$(Q)rm -f $@.nosyms $@.symbols.S $@.symbols.o
endef

$(B)/%.xen: $(B)/obj/examples/%.c.o $(GUEST_LIBS) $(IMAGE_PARTS) examples/budget $(wildcard examples/*.config)
	$(link_image)
	$(Q)test/budget $@

.PHONY: size
size: $(if $(filter command,$(firstword $(origin APP))),$(B)/$(APP).xen,$(IMAGES))
	@test/size $(^:=.map)

# In-guest tests: test/system/NAME.c is an appliance of its own.
GUEST_TESTS := $(patsubst test/system/%.c,%,$(wildcard test/system/*.c))

$(B)/system/%.xen: $(B)/obj/test/system/%.c.o $(GUEST_LIBS) $(IMAGE_PARTS)
	$(link_image)

# The same programs for Linux and a guest.
$(B)/system/behave.xen: $(BEHAVE:%=$(B)/obj/%.o)
LINUX_TESTS = $(B)/system/behave.linux $(B)/system/flow.linux
$(B)/system/behave.linux: $(BEHAVE)
$(B)/system/flow.linux: test/system/flow.c
$(B)/system/%.linux:
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(CC) $(CSTD) -D_GNU_SOURCE -O1 -g -static -iquote . -o $@ $^

# What lies to them in dom0, a Debian like this one.
$(B)/system/liar: $(wildcard test/system/dom0/*.[ch]) | $(PACKAGES)
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(CC) $(CSTD) -O2 -g $(WARN) -iquote . -D_GNU_SOURCE -o $@ $(filter %.c,$^) -lxenstore -lxengnttab -lxenevtchn

# ---- tests and checks --------------------------------------------------------

include test/unit/unit.mk
include test/fuzz/fuzz.mk
include test/mutants/mutants.mk
include test/bench/bench.mk

FUZZ_SHORT = 5 # seconds for each target in `make test`

.PHONY: test system soak
test: unit
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=$(FUZZ_SHORT)
	@test/xenhost/wrong
	@$(MAKE) --no-print-directory system

system soak: all $(GUEST_TESTS:%=$(B)/system/%.xen) $(B)/system/liar $(LINUX_TESTS) $(B)/vif-mote

.PHONY: check objects guest-flags
guest-flags:
	@echo '$(GUEST_CFLAGS) $(LWIP_CFLAGS)'
objects: $(OBJECTS) $(EXAMPLES:%=$(B)/obj/examples/%.c.o) $(GUEST_TESTS:%=$(B)/obj/test/system/%.c.o)
check: objects
	@B=$(B) test/check
	@echo "check: clang"
	@$(MAKE) --no-print-directory B=$(B)/clang D=$(D) CC=clang objects

.PHONY: clean distclean
clean:
	@find $(B) -mindepth 1 -maxdepth 1 ! -name deps ! -name xenhost -exec rm -rf {} +

distclean:
	@rm -rf $(B)
