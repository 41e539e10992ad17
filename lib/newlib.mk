# newlib, from Debian's package newlib-source, built for the guest.

NEWLIB     := $(D)/newlib
LIBC       := $(NEWLIB)/lib/libc.a $(NEWLIB)/lib/libm.a

# The locks are lib/lock.c's, so that two threads may share a FILE: newlib's own
# do nothing, and are taken out.
NEWLIB_CONFIGURE = --host=x86_64-elf --target=x86_64-elf --disable-multilib \
                   --disable-newlib-supplied-syscalls --disable-newlib-mb \
                   --enable-newlib-io-long-long --enable-newlib-io-c99-formats \
                   --enable-newlib-retargetable-locking

NEWLIB_CFLAGS = -O2 -w $(GUEST_CODEGEN) $(NEWLIB_DEFINES) -fno-stack-protector

$(NEWLIB)/lib/libc.a: lib/newlib.mk | $(PACKAGES)
	@echo "newlib: building (once, about a minute)"
	@rm -rf $(NEWLIB)
	@mkdir -p $(NEWLIB)/source $(NEWLIB)/build $(NEWLIB)/lib
	@tar xJf /usr/src/newlib/newlib-*.tar.xz -C $(NEWLIB)/source --strip-components=1
	@cd $(NEWLIB)/build && { ../source/newlib/configure $(NEWLIB_CONFIGURE) \
	    CC="gcc $(NEWLIB_CFLAGS)" AR=ar RANLIB=ranlib AS=as READELF=readelf \
	    CFLAGS= && $(MAKE) -j$$(nproc); } >../log 2>&1 </dev/null || \
	    { tail -20 ../log; echo "newlib: the build failed, see $(NEWLIB)/log"; exit 1; }
	@cp -r $(NEWLIB)/source/newlib/libc/include $(NEWLIB)/include
	@cp -r $(NEWLIB)/build/targ-include/. $(NEWLIB)/include
	@cp $(NEWLIB)/build/libm.a $(NEWLIB)/lib
	@ar d $(NEWLIB)/build/libc.a lib_a-lock.o
	@cp $(NEWLIB)/build/libc.a $(NEWLIB)/lib
	@rm -rf $(NEWLIB)/build $(NEWLIB)/source

$(NEWLIB)/lib/libm.a: $(NEWLIB)/lib/libc.a
