# Fuzz targets: test/fuzz/X.c feeds what an outsider writes to X.c's parser
# (libFuzzer, clang).  FUZZ_x lists what target x links besides itself.
# `make fuzz` runs each for FUZZ_SECONDS; `make fuzz F=http` only one.

FUZZ_dns_message = net/dns_message.c
FUZZ_elf     = xen/toolstack/elf.c xen/toolstack/layout.c test/fake/image.c
FUZZ_blkfront = xen/blkfront.c xen/ring.c test/fake/blkback.c test/fake/peer.c test/fake/page.c
FUZZ_http    = $(UNIT_http_answer)
FUZZ_packets = net/packet6.c net/rdnss.c net/discovery.c net/route.c net/quirk.c net/unreach.c $(BUDGET) net/isn.c net/timers.c \
               net/nameserver.c net/frame.c kernel/buf.c kernel/segment.c test/fake/page.c test/fake/said.c $(B)/lwip-fuzz/liblwip.a
FUZZ_packets_FLAGS = $(LWIP_CFLAGS) $(LWIP_WRAP)
FUZZ_param = lib/param.c test/fake/said.c
FUZZ_ramdisk = lib/ramdisk.c lib/tree.c lib/tar.c lib/fd.c test/fake/said.c
FUZZ_ring    = xen/ring.c
FUZZ_netfront = xen/netfront.c xen/netio.c xen/ring.c kernel/buf.c kernel/segment.c test/fake/page.c \
                test/fake/netback.c test/fake/peer.c
FUZZ_xenstore = xen/xenstore.c

FUZZES := $(sort $(patsubst FUZZ_%,%,$(filter-out FUZZ_SECONDS %_FLAGS,$(filter FUZZ_%,$(.VARIABLES)))))
F       = $(FUZZES)

FUZZ_SECONDS = 60
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
$(B)/fuzz/$(1): test/fuzz/$(1).c $(FUZZ_$(1)) test/fuzz/fuzz.mk | $(PACKAGES)
	@mkdir -p $$(@D)
	$$(Q)clang $$(FUZZ_CFLAGS) $$(FUZZ_$(1)_FLAGS) -o $$@ $$(filter %.c %.a,$$^)
	@clang $$(FUZZ_CFLAGS) $$(filter-out -Wl%,$$(FUZZ_$(1)_FLAGS)) -M -MP -MT $$@ $$(filter %.c,$$^) >$$@.d
-include $(B)/fuzz/$(1).d
endef
$(foreach f,$(FUZZES),$(eval $(call FUZZ_RULE,$(f))))

.PHONY: fuzz
fuzz: $(F:%=$(B)/fuzz/%)
	@test/fuzz/run $(FUZZ_SECONDS) $^
