# The emulated Xen host, see ./host, and `make run`, see ./run.

XENHOST_PACKAGES = qemu-system-x86 cpio kmod # what ./build and ./host call

# The host itself; everything that uses it makes it when it is missing.
.PHONY: xenhost
xenhost:
	@B=$(B) test/xenhost/host build
