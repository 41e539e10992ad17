# Mutants: `make mutants` breaks a source file in one place, builds the unit
# tests that are to notice, runs them, and does so with MUTANTS places of each
# file, drawn by SEED; 0: with all.  `make mutants M=xen/ring` breaks only one.
# MUTANTS_x are the unit tests for x.c, the quickest to notice first.

MUTANTS_kernel/buf   = buf payload
MUTANTS_kernel/segment = segment
MUTANTS_xen/ring     = ring netio netlies
MUTANTS_xen/netio    = netio netlies netfront netruns
MUTANTS_xen/nettx    = netio netgso netlies netfit netruns
MUTANTS_xen/netrx    = netio netgso netlies netfront
MUTANTS_xen/netfront = netfront netio netlies netfit netgso
MUTANTS_xen/blkfront = blkfront blklies
MUTANTS_xen/xenbus   = xenbus xenrounds xenlife xenmoments
MUTANTS_xen/xenstate = xenbus xenrounds xenlife xenmoments
MUTANTS_xen/gnttab   = gnttab
MUTANTS_xen/xenstore = xenstore xenstore_rounds xenstore_threads
MUTANTS_net/direct   = direct strange dgram
MUTANTS_net/ends     = ends scarce
MUTANTS_net/quirk    = quirk strange accept connection peer strange6 dual ping
MUTANTS_net/plain    = direct predict
MUTANTS_net/predict  = predict ends
MUTANTS_net/tcpout   = predict gso gsoloss stream
MUTANTS_net/gso      = gsofit gsomake gso gsoloss
MUTANTS_net/tcpseg   = tcpseg

MUTATED := $(sort $(patsubst MUTANTS_%,%,$(filter MUTANTS_%,$(.VARIABLES))))
M       = $(MUTATED)
MUTANTS = 60
SEED    = 1

# NAME: FLAGS: SOURCES, for each of these unit tests.
define MUTANTS_PLAN
$(foreach u,$(sort $(foreach m,$(MUTATED),$(MUTANTS_$(m)))),$(u): $(UNIT_$(u)_FLAGS): test/unit/$(u).c $(UNIT_$(u))
)
endef

.PHONY: mutants
mutants: export MUTANTS_PLAN := $(MUTANTS_PLAN)
mutants: $(PACKAGES) $(LWIP_HOST_LIB)
	@mkdir -p $(B)/mutants
	@printf "%s" "$$MUTANTS_PLAN" >$(B)/mutants/plan
	@CC='$(CC)' CFLAGS='$(UNIT_CFLAGS)' test/mutants/run $(B)/mutants $(MUTANTS) $(SEED) \
	    $(foreach m,$(M),$(m).c='$(MUTANTS_$(m))')
