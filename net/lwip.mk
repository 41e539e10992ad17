# lwIP: a Debian source package, fetched by apt into a private state (no root
# needed, apt checks the signatures) and compiled with the guest's flags.
#
#   LWIP_LIB       for the guest        LWIP_HEADERS  are there
#   LWIP_HOST_LIB  for the unit tests   LWIP_CFLAGS   to include them
#                                       LWIP_WRAP     to link: see net/{quirk,gso,recovery,tcpout}.h

LWIP_VERSION  = 2.2.1
LWIP_SUITE    = trixie
LWIP          = $(D)/lwip-$(LWIP_VERSION)
LWIP_HEADERS  = $(LWIP)/.fetched
LWIP_LIB      = $(B)/lwip/liblwip.a
LWIP_HOST_LIB = $(B)/lwip-host/liblwip.a
LWIP_WRAP     = $(addprefix -Wl$(comma)--wrap=,tcp_input tcp_output tcp_rexmit_rto_commit \
                  tcp_rexmit_fast tcp_split_unsent_seg ip4_frag ip6_frag ip4_output_if \
                  udp_input raw_input raw_netif_ip_addr_changed)
LWIP_CFLAGS   = -iquote net -isystem $(LWIP)/src/include
LWIP_CORE     = core/def core/inet_chksum core/init core/ip core/mem core/memp \
                core/netif core/pbuf core/raw core/tcp core/tcp_in core/tcp_out \
                core/timeouts core/udp core/ipv4/dhcp core/ipv4/etharp \
                core/ipv4/icmp core/ipv4/igmp core/ipv4/ip4 core/ipv4/ip4_addr \
                core/ipv4/ip4_frag core/ipv6/ethip6 core/ipv6/icmp6 \
                core/ipv6/ip6 core/ipv6/ip6_addr core/ipv6/ip6_frag \
                core/ipv6/mld6 core/ipv6/nd6 netif/ethernet

# The machine's own sources say where packages come from; only the suite is
# ours.  Everything about lwIP's port stands in net/lwipopts.h, so the arch/cc.h
# it asks for has nothing to add.
$(LWIP_HEADERS): | $(PACKAGES)
	@echo "lwip: fetching $(LWIP_VERSION) (Debian source package, $(LWIP_SUITE))"
	$(Q)rm -rf $(LWIP) $(LWIP).apt && mkdir -p $(LWIP).apt/lists/partial $(LWIP).apt/cache
	$(Q)apt-get indextargets --no-release-info --format '$$(REPO_URI) $$(RELEASE) $$(COMPONENT)' \
	        'Created-By: Packages' \
	    | awk -v r="$$(. /etc/os-release; echo $$VERSION_CODENAME)" '$$2 == r && $$3 == "main" { \
	        print "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " \
	              $$1 " $(LWIP_SUITE) main"; exit }' > $(LWIP).apt/sources.list
	$(Q)cd $(LWIP).apt && { \
	    a="-qq -o Dir::Etc::SourceList=$$PWD/sources.list -o Dir::Etc::SourceParts=/dev/null \
	       -o Dir::State::Lists=$$PWD/lists -o Dir::Cache=$$PWD/cache -o Debug::NoLocking=1 \
	       -o APT::Sandbox::User="; \
	    apt-get $$a update && apt-get $$a source --download-only "lwip" && \
	    dpkg-source --no-copy -x lwip_$(LWIP_VERSION)*.dsc src; } >log 2>&1 || \
	    { cat log; echo "lwip: apt cannot fetch the source of lwip $(LWIP_VERSION): is the machine online?"; exit 1; } >&2
	$(Q)mv $(LWIP).apt/src $(LWIP) && rm -rf $(LWIP).apt
	$(Q)mkdir -p $(LWIP)/src/include/arch && : > $(LWIP)/src/include/arch/cc.h
	$(Q)touch $@

# What lwIP reads of ours: its options, and what they name.
LWIP_PORT = net/lwipopts.h net/budget.h lib/checksum.h net/discovery.h net/gso.h net/isn.h net/nameserver.h net/quirk.h net/route.h \
            net/unreach.h lib/random.h kernel/panic.h kernel/slab.h

$(LWIP_CORE:%=$(LWIP)/src/%.c): $(LWIP_HEADERS) ;

# Third-party code: its warnings are not ours, and it reads packets through
# structs of another type.
LWIP_FLAGS = -w -fno-strict-aliasing -iquote . $(LWIP_CFLAGS)

$(B)/lwip/%.o: $(LWIP)/src/%.c $(LWIP_PORT) lib/optimise.mk | $(D)/newlib/lib/libc.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(GUEST_CFLAGS) $(LWIP_FLAGS) -c -o $@ $<

$(B)/lwip-host/%.o: $(LWIP)/src/%.c $(LWIP_PORT)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) -O1 -g -fno-omit-frame-pointer $(LWIP_FLAGS) -c -o $@ $<

$(LWIP_LIB): $(LWIP_CORE:%=$(B)/lwip/%.o)
$(LWIP_HOST_LIB): $(LWIP_CORE:%=$(B)/lwip-host/%.o)
$(LWIP_LIB) $(LWIP_HOST_LIB):
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

.PHONY: lwip
lwip: $(LWIP_LIB)
