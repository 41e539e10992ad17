# The emulated Xen host, see ./host, and `make run`, see ./run.

XENHOST_PACKAGES = qemu-system-x86 cpio kmod # what ./build and ./host call

include xen/toolstack/toolstack.mk

# The host itself; everything that uses it makes it when it is missing.
.PHONY: xenhost
xenhost: | $(D)/packages
	@B=$(B) test/xenhost/host build

APP  = web
SITE = examples/site
PORT = 8080

# The arguments are checked before anything is built: ./run calls make again.
.PHONY: run
run:
	+@B=$(B) MAKE='$(MAKE)' test/xenhost/run '$(APP)' '$(SITE)' '$(PORT)'

# System tests: all, or those named in T; the Makefile says which images first.
.PHONY: system soak
system:
	@B=$(B) test/system/run $(if $(filter command,$(firstword $(origin T))),$(T))
soak:
	@B=$(B) test/system/run --soak $(if $(filter command,$(firstword $(origin T))),$(T))
