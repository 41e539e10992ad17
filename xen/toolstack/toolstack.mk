# dom0's half: the config generator, and each example's config and ramdisk.

$(B)/config: xen/toolstack/config.c xen/toolstack/elf.c xen/toolstack/layout.c \
             xen/toolstack/elf.h xen/toolstack/layout.h | $(D)/packages
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(CC) $(CSTD) $(WARN) -D_GNU_SOURCE -O2 -iquote . -o $@ $(filter %.c,$^)

$(B)/%.cfg: $(B)/%.xen $(B)/config xen/toolstack/package $(shell find examples/site) \
           $(wildcard examples/*.config)
	$(call SAY,CFG $@)
	$(Q)xen/toolstack/package $(B)/config $< examples/site $(B)

# Static: libraries would cost more to load than all that it does.
$(B)/vif-mote: xen/toolstack/vif.c | $(D)/packages
	@mkdir -p $(@D)
	$(call SAY,CC $@)
	$(Q)$(CC) $(CSTD) $(WARN) -D_GNU_SOURCE -O2 -static -s -o $@ $< -lxenstore -lxentoolcore

# On a machine that is, or is to become, a dom0.
PREFIX  = /usr/local
SCRIPTS = /etc/xen/scripts
.PHONY: install-toolstack
install-toolstack: $(B)/config $(B)/vif-mote
	install -D $(B)/config $(DESTDIR)$(PREFIX)/bin/mote-config
	install -D $(B)/vif-mote $(DESTDIR)$(SCRIPTS)/vif-mote
