# newlib, from Debian's package newlib-source, built for the guest.

NEWLIB     := $(D)/newlib
LIBC       := $(NEWLIB)/lib/libc.a $(NEWLIB)/lib/libm.a

# The locks are lib/lock.c's, so that two threads may share a FILE: newlib's own
# do nothing, and are taken out.  The library's own struct mallinfo has ints
# where the header, which programs see, has size_t.  What few programs use of its
# state, stdin and asctime()'s text, is made when it is first used.
NEWLIB_CONFIGURE = --host=x86_64-elf --target=x86_64-elf --disable-multilib \
                   --disable-newlib-supplied-syscalls --disable-newlib-mb \
                   --enable-newlib-io-long-long --enable-newlib-io-c99-formats \
                   --enable-newlib-retargetable-locking --enable-newlib-reent-small

# Small, but for its string functions, which would look at bytes one by one.
NEWLIB_CFLAGS = -Os -U__OPTIMIZE_SIZE__ -w $(GUEST_CODEGEN) $(NEWLIB_DEFINES) -fno-stack-protector

# Built in a folder of its own and put in place whole, so that one that is in
# use, or half made, is never seen.
$(NEWLIB)/lib/libc.a: lib/newlib.mk | $(PACKAGES)
	@echo "newlib: building (once, about a minute)"
	@new=$$(mktemp -d $(NEWLIB).XXXXXX) && trap 'rm -rf "$$new"; exit 1' INT TERM HUP && mkdir $$new/source $$new/build $$new/lib && \
	tar xJf /usr/src/newlib/newlib-*.tar.xz -C $$new/source --strip-components=1 && \
	sed -i '/^struct mallinfo {/,/^}/s/^  int/  size_t/' $$new/source/newlib/libc/stdlib/mallocr.c && \
	{ (cd $$new/build && ../source/newlib/configure $(NEWLIB_CONFIGURE) \
	    CC="gcc $(NEWLIB_CFLAGS)" AR=ar RANLIB=ranlib AS=as READELF=readelf \
	    CFLAGS= && $(MAKE)) >$$new/log 2>&1 </dev/null || \
	    { tail -20 $$new/log; echo "newlib: the build failed, see $$new/log"; exit 1; }; } && \
	cp -r $$new/source/newlib/libc/include $$new/include && \
	cp -r $$new/build/targ-include/. $$new/include && \
	ar d $$new/build/libc.a lib_a-lock.o && \
	cp $$new/build/libm.a $$new/build/libc.a $$new/lib && \
	chmod 755 $$new && rm -rf $$new/build $$new/source $(NEWLIB) && mv -T $$new $(NEWLIB)

$(NEWLIB)/lib/libm.a: $(NEWLIB)/lib/libc.a
