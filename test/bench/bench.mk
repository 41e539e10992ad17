# Benches: ours and Linux under the same clients in one run, on an emulated host
# whose time counts instructions. Minutes each; not part of `make test`.

BENCH = $(B)/bench

$(BENCH)/%.xen: $(B)/obj/test/bench/%.c.o $(GUEST_LIBS) arch/x86_64/link.lds lib/symbols.awk
	$(link_image)

# The same program for the Linux guest, which has no libraries but nginx's.
$(BENCH)/serve.linux: test/bench/serve.c | $(PACKAGES)
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(CC) $(CSTD) $(WARN) -D_GNU_SOURCE -O2 -static -o $@ $<

# For dom0, a Debian like this one. Xen's headers for tools want GNU C.
$(BENCH)/client $(BENCH)/measure: $(BENCH)/%: test/bench/%.c | $(PACKAGES)
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(CC) -std=gnu17 $(WARN) -D_GNU_SOURCE -O2 -o $@ $< $(if $(filter measure,$*),-lxenctrl)

.SECONDARY: $(B)/obj/test/bench/serve.c.o
.PHONY: bench bench-net
bench: bench-net
bench-net: $(B)/web.xen $(B)/config $(BENCH)/serve.xen $(BENCH)/serve.linux $(BENCH)/client $(BENCH)/measure
	@B=$(B) test/bench/net
