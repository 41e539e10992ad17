# Benches: ours and Linux under the same clients in one run, on an emulated host
# whose time counts instructions. Minutes each; not part of `make test`.
#
#   make bench-net BENCH="tcp udp-64" GUESTS=mote
#     only these subjects, by their name or its beginning; only these guests

# In our guests that are measured: what they count, told to dom0.
COUNTERS = $(B)/obj/test/bench/counters.c.o
COUNTED  = $(patsubst %,$(B)/bench/%.xen,web bridge serve packets)

$(COUNTED): LINK += -Wl,--wrap=net_open,--wrap=net_open_all,--wrap=net_close
$(COUNTED): $(COUNTERS) $(GUEST_LIBS) $(IMAGE_PARTS)
	$(link_image)
$(B)/bench/web.xen $(B)/bench/bridge.xen: $(B)/bench/%.xen: $(B)/obj/examples/%.c.o
$(B)/bench/serve.xen $(B)/bench/packets.xen: $(B)/bench/%.xen: $(B)/obj/test/bench/%.c.o

# The same program for the Linux guest, which has no libraries but nginx's.
$(B)/bench/serve.linux: test/bench/serve.c | $(PACKAGES)
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(CC) $(CSTD) $(WARN) -D_GNU_SOURCE -O2 -static -o $@ $<

# For dom0, a Debian like this one. Xen's headers for tools want GNU C.
FOR_DOM0 = $(CC) -std=gnu17 $(WARN) -D_GNU_SOURCE -O2
$(B)/bench/client: $(wildcard test/bench/client/*.[ch]) | $(PACKAGES)
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(FOR_DOM0) -static -o $@ $(filter %.c,$^) -lm
$(B)/bench/measure: test/bench/measure.c | $(PACKAGES)
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(FOR_DOM0) -o $@ $< -lxenctrl -lxenstore

$(B)/bench/boot_client: test/bench/boot_client.c | $(PACKAGES)
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(FOR_DOM0) -o $@ $< -lxenctrl

$(B)/bench/asleep.xen: $(B)/obj/test/bench/asleep.c.o $(GUEST_LIBS) $(IMAGE_PARTS)
	$(link_image)

.PHONY: bench-boot
bench: bench-boot
bench-boot: $(B)/boot.xen $(B)/hello.xen $(B)/echo.xen $(B)/web.xen $(B)/config $(B)/vif-mote \
            $(B)/bench/asleep.xen $(B)/bench/serve.linux $(B)/bench/boot_client
	@B=$(B) test/bench/boot

.SECONDARY: $(B)/obj/test/bench/serve.c.o $(B)/obj/test/bench/asleep.c.o
.PHONY: bench bench-net
bench: bench-net
bench-net: $(B)/config $(COUNTED) $(addprefix $(B)/bench/,serve.linux client measure)
	@B=$(B) BENCH='$(BENCH)' GUESTS='$(GUESTS)' test/bench/net
