# What runs seldom is made small (-Oz); the rest, and above all what every
# packet, request or switch runs through, is made fast (-O2).

COLD = arch/x86_64/mm arch/x86_64/trap kernel/main kernel/panic kernel/stack \
       xen/hypercall xen/start xen/stamp xen/console xen/xenstore xen/shutdown xen/xenstate xen/xenbus \
       xen/netfront lib/format lib/heap lib/random lib/param lib/ioctl lib/tty lib/tar \
       lib/open lib/dirent lib/mman lib/sendfile lib/newlib lib/lock lib/error lib/signalfd lib/server \
       net/inet net/nameserver net/rdnss net/address net/address6 net/device \
       net/multicast net/stream_option net/ping net/pair net/ifaddrs net/service \
       net/dns_message net/dns net/hosts net/precedence net/netdb net/nameinfo \
       net/unreach net/gso net/recovery net/discovery net/packet6 net/connection net/quirk net/ends \
       net/isn net/tcpseg net/direct net/dgram net/datagrams net/end net/route net/lwip lib/fd net/timers net/socket lib/http_list lib/tree lib/ramdisk \
       lib/http_condition lib/http_site lib/http_body lib/http_accept kernel/page \
       $(addprefix $(LWIP)/src/core/, inet_chksum init netif raw tcp tcp_in tcp_out udp ipv4/dhcp ipv4/etharp ipv4/ip4 ipv4/icmp ipv4/igmp \
           ipv4/ip4_frag ipv6/ethip6 ipv6/icmp6 ipv6/ip6 ipv6/ip6_frag ipv6/mld6 ipv6/nd6)

# What most time is spent in, and programs, as their makers expect it.
HOT = net/plain xen/netio xen/netrx xen/nettx xen/ring lib/span lib/http lib/http_cache lib/http_conn \
      lib/http_path examples/% test/%

# For these the compiler, when it makes code small, had better not copy by
# itself, byte by byte: it is more than a few.
COPIES = net/tcpseg net/direct lib/ramdisk

# Nothing is padded, which the CPUs of today do not mind and makes an eighth of
# the code, and bytes are copied and cleared by string.S.  In what is not hot,
# functions are copied into their callers only where that makes the code smaller
# or the source says inline, and no blocks to save a jump.  clang knows no such
# options.
GCC   = $(if $(filter clang,$(CC)),,$(1))
COPY  = $(call GCC,-malign-data=abi -mmemcpy-strategy=libcall:-1:noalign -mmemset-strategy=libcall:-1:noalign)
FAST  = -O2 $(call GCC,-falign-functions=1 -falign-jumps=1 -falign-loops=1)
SHORT = $(FAST) $(call GCC,-fno-inline-functions -freorder-blocks-algorithm=simple -fno-tree-ch)

# For the recipe of an object.
OPTIMISE = $(COPY) $(if $(filter $(COPIES:%=%.c),$<),-fno-builtin-memcpy) $(if $(filter $(COLD:%=%.c),$<),-Oz,$(if $(filter $(HOT:%=%.c),$<),$(FAST),$(SHORT)))
