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
