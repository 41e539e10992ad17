# Fuzz targets: test/fuzz/X.c feeds what an outsider writes to X.c's parser
# (libFuzzer, clang).  FUZZ_x lists what target x links besides itself, and
# FUZZED_x the files of these that it is for.
# `make fuzz` runs each for FUZZ_SECONDS; `make fuzz F=http` only one.  What made
# a target fail once is in found/x/ and is tried first.
# `make fuzz-lines` then tells how much of their files they have reached.
# `make fuzz-checks` takes out the checks of checks/x, one by one, and demands
# that the target finds each to be missing.

FUZZ_blkfront = xen/blkfront.c xen/ring.c test/fake/blkback.c test/fake/peer.c test/fake/page.c
FUZZED_blkfront = xen/blkfront.c
FUZZ_console = xen/console.c lib/tty.c lib/fd.c
FUZZ_console_FLAGS = -include test/fake/hypercall.h
FUZZED_console = xen/console.c lib/tty.c
FUZZ_dns_message = net/dns_message.c
FUZZED_dns_message = net/dns_message.c
FUZZ_elf     = xen/toolstack/elf.c xen/toolstack/layout.c test/fake/image.c
FUZZED_elf   = xen/toolstack/elf.c xen/toolstack/layout.c
FUZZED_http  = lib/http.c lib/http_path.c lib/http_body.c lib/http_condition.c lib/http_date.c \
               lib/http_accept.c lib/span.c
FUZZ_http    = $(FUZZED_http) lib/http_answer.c
FUZZED_netfront = xen/netfront.c xen/netio.c xen/nettx.c xen/netrx.c
FUZZ_netfront = $(FUZZED_netfront) xen/ring.c test/fake/buf.c kernel/segment.c test/fake/page.c \
                test/fake/netback.c test/fake/peer.c test/fake/stamp.c
FUZZED_packets = net/plain.c net/direct.c net/predict.c net/tcpout.c net/frame.c net/packet6.c net/discovery.c net/rdnss.c net/unreach.c
FUZZ_packets = $(FUZZED_packets) net/ends.c net/gso.c net/recovery.c net/tcpseg.c net/payload.c net/route.c net/quirk.c $(BUDGET) net/isn.c net/timers.c net/nameserver.c \
               kernel/buf.c kernel/segment.c test/fake/page.c test/fake/constant.c test/fake/said.c $(B)/lwip-fuzz/liblwip.a
FUZZ_packets_FLAGS = $(LWIP_CFLAGS) $(LWIP_WRAP)
FUZZ_param   = lib/param.c test/fake/said.c
FUZZED_param = lib/param.c
FUZZED_ramdisk = lib/ramdisk.c lib/tree.c lib/tar.c
FUZZ_ramdisk = $(FUZZED_ramdisk) lib/fd.c test/fake/said.c
FUZZ_ring    = xen/ring.c
FUZZED_ring  = xen/ring.c
FUZZ_xenbus  = xen/xenbus.c xen/xenstate.c xen/ring.c kernel/sched.c arch/x86_64/switch.S test/fake/keys.c \
               test/fake/memory.c test/fake/stack.c test/fake/said.c
FUZZED_xenbus = xen/xenbus.c xen/xenstate.c
FUZZ_xenstore = xen/xenstore.c
FUZZED_xenstore = xen/xenstore.c

FUZZES := $(sort $(patsubst FUZZ_%,%,$(filter-out FUZZ_SECONDS FUZZ_LINES %_FLAGS,$(filter FUZZ_%,$(.VARIABLES)))))
F       = $(FUZZES)

FUZZ_SECONDS = 60
FUZZ_LINES   = 90 # percent
FUZZ_CFLAGS  = $(CSTD) $(WARN) -iquote . -idirafter lib/include -D_GNU_SOURCE -O1 -g \
               -Dsniprintf=snprintf -Dvsniprintf=vsnprintf -fno-omit-frame-pointer \
               -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

# lwIP's own undefined behaviour is not what we look for.
$(B)/lwip-fuzz/%.o: $(LWIP)/src/%.c $(LWIP_PORT)
	@mkdir -p $(@D)
	$(Q)clang $(CSTD) -O1 -g -fsanitize=fuzzer-no-link,address $(LWIP_FLAGS) -c -o $@ $<

$(B)/lwip-fuzz/liblwip.a: $(LWIP_CORE:%=$(B)/lwip-fuzz/%.o)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

define FUZZ_RULE
$(B)/$(2)/$(1): test/fuzz/$(1).c $(FUZZ_$(1)) test/fuzz/fuzz.mk | $(PACKAGES)
	@mkdir -p $$(@D)
	$$(Q)clang $$(FUZZ_CFLAGS) $(3) $$(FUZZ_$(1)_FLAGS) -o $$@ test/fuzz/$(1).c $$(FUZZ_$(1))
	@clang $$(FUZZ_CFLAGS) $$(filter-out -Wl%,$$(FUZZ_$(1)_FLAGS)) -M -MP -MT $$@ $$(filter %.c %.S,test/fuzz/$(1).c $$(FUZZ_$(1))) >$$@.d
	@printf '%s:\n' $$(filter %.c %.S,test/fuzz/$(1).c $$(FUZZ_$(1))) >>$$@.d
-include $(B)/$(2)/$(1).d
endef
$(foreach f,$(FUZZES),$(eval $(call FUZZ_RULE,$(f),fuzz,)))
$(foreach f,$(FUZZES),$(eval $(call FUZZ_RULE,$(f),fuzz-lines,-fprofile-instr-generate -fcoverage-mapping)))

.PHONY: fuzz fuzz-lines fuzz-checks
fuzz: $(F:%=$(B)/fuzz/%)
	@test/fuzz/run $(FUZZ_SECONDS) $^

fuzz-lines: $(F:%=$(B)/fuzz-lines/%)
	@test/fuzz/lines $(B)/fuzz $(B)/fuzz-lines $(FUZZ_LINES) $(foreach f,$(F),$(f)='$(FUZZED_$(f))')

fuzz-checks: $(F:%=$(B)/fuzz/%)
	@mkdir -p $(B)/fuzz-checks
	@FLAGS='$(FUZZ_CFLAGS)' test/fuzz/checks/run $(B)/fuzz-checks \
	    $(foreach f,$(F),$(f)='$(FUZZ_$(f)_FLAGS) test/fuzz/$(f).c $(FUZZ_$(f))')
