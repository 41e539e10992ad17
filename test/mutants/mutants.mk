# Mutants: `make mutants` breaks a source file in one place, builds the unit
# tests that are to notice, runs them, and does so with MUTANTS places of each
# file, drawn by SEED; 0: with all.  `make mutants M=ring` breaks only one.
# MUTANTS_x are the unit tests for xen/x.c, the quickest to notice first.

MUTANTS_ring     = ring netio netlies
MUTANTS_netio    = netio netlies netfront netruns
MUTANTS_nettx    = netio netgso netlies netfit netruns
MUTANTS_netrx    = netio netgso netlies netfront
MUTANTS_netfront = netfront netio netlies netfit netgso
MUTANTS_blkfront = blkfront blklies
MUTANTS_xenbus   = xenbus xenrounds xenlife xenmoments
MUTANTS_xenstate = xenbus xenrounds xenlife xenmoments
MUTANTS_gnttab   = gnttab
MUTANTS_xenstore = xenstore xenstore_rounds xenstore_threads

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
mutants: $(PACKAGES)
	@mkdir -p $(B)/mutants
	@printf "%s" "$$MUTANTS_PLAN" >$(B)/mutants/plan
	@CC='$(CC)' CFLAGS='$(UNIT_CFLAGS)' test/mutants/run $(B)/mutants $(MUTANTS) $(SEED) \
	    $(foreach m,$(M),xen/$(m).c='$(MUTANTS_$(m))')
