# How much an object is optimised.  All is made small (-Oz) but for what is named
# here: -O2, for what many packets, requests or switches run through.
QUICK = kernel/buf kernel/sched kernel/segment kernel/slab \
        xen/blkfront xen/clock xen/evtchn xen/gnttab \
        lib/epoll lib/http_answer lib/http_reply lib/poll \
        net/frame net/iface net/inbox net/lwip net/message net/payload net/predict \
        net/socket_common net/stream net/tcpout \
        $(LWIP)/src/core/pbuf

# The same, and functions are copied into their callers where the compiler takes
# that to be faster: what most time is spent in, and programs, as their makers
# expect it.
HOT = xen/netio xen/netrx xen/nettx xen/ring net/plain \
      lib/http lib/http_cache lib/http_conn lib/http_path lib/span examples/% test/%

# Of what is made small: these copy more than a few bytes, and the compiler, left
# to itself, would copy one by one.
COPIES = net/tcpseg net/direct lib/ramdisk

# Nothing is padded, which the CPUs of today do not mind and makes an eighth of
# the code, and bytes are copied and cleared by string.S.  No blocks to save a
# jump in what is not hot.  clang knows no such options.
GCC   = $(if $(filter clang,$(CC)),,$(1))
COPY  = $(call GCC,-malign-data=abi -mmemcpy-strategy=libcall:-1:noalign -mmemset-strategy=libcall:-1:noalign)
FAST  = -O2 $(call GCC,-falign-functions=1 -falign-jumps=1 -falign-loops=1)
SHORT = $(FAST) $(call GCC,-fno-inline-functions -freorder-blocks-algorithm=simple -fno-tree-ch)

# For the recipe of an object.
among    = $(filter $($(1):%=%.c),$<)
OPTIMISE = $(COPY) $(if $(call among,HOT),$(FAST),$(if $(call among,QUICK),$(SHORT),-Oz)) \
           $(if $(call among,COPIES),-fno-builtin-memcpy)
