# Benches: ours and Linux under the same clients in one run, on an emulated host
# whose time counts instructions. Minutes each; not part of `make test`.
#
#   make bench-net BENCH="tcp udp-64" GUESTS=mote
#     only these subjects, by their name or its beginning; only these guests

# In our guests that are measured: what they count, told to dom0.
COUNTERS = $(B)/obj/test/bench/counters.c.o
COUNTED  = $(patsubst %,$(B)/bench/%.xen,web serve)

$(COUNTED): LINK += -Wl,--wrap=net_open,--wrap=net_close
$(COUNTED): $(COUNTERS) $(GUEST_LIBS) arch/x86_64/link.lds lib/symbols.awk
	$(link_image)
$(B)/bench/web.xen: $(B)/obj/examples/web.c.o
$(B)/bench/serve.xen: $(B)/obj/test/bench/serve.c.o

# The same program for the Linux guest, which has no libraries but nginx's.
$(B)/bench/serve.linux: test/bench/serve.c | $(PACKAGES)
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(CC) $(CSTD) $(WARN) -D_GNU_SOURCE -O2 -static -o $@ $<

# For dom0, a Debian like this one. Xen's headers for tools want GNU C.
$(B)/bench/client $(B)/bench/measure: $(B)/bench/%: test/bench/%.c | $(PACKAGES)
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(CC) -std=gnu17 $(WARN) -D_GNU_SOURCE -O2 -o $@ $< \
	    $(if $(filter measure,$*),-lxenctrl -lxenstore)

.PHONY: bench bench-net
bench: bench-net
bench-net: $(B)/config $(COUNTED) $(addprefix $(B)/bench/,serve.linux client measure)
	@B=$(B) BENCH='$(BENCH)' GUESTS='$(GUESTS)' test/bench/net
