# Unit tests: test/unit/X.c tests X.c, on the build machine, with Criterion.
# UNIT_x lists what test x links besides itself: the sources under test, and
# fakes for what lies above them.  UNIT_x_FLAGS are added to its flags.
# Each test runs in a process of its own, and whatever it has not freed when it
# returns fails the run (test/unit/run sets ASAN_OPTIONS so; by hand do the
# same).  A pool that a singleton keeps for ever hangs on its static struct and
# is no leak; a pointer that lies only in a test's local variable is one.

SCARCE_FLAGS = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=free

UNIT_ring  = xen/ring.c
UNIT_format = lib/format.c
UNIT_format_FLAGS = -Usniprintf -Uvsniprintf -Wno-format-security -Wno-format-nonliteral -Wno-missing-prototypes
UNIT_string = arch/x86_64/string.S
UNIT_string_FLAGS = -Dmemcpy=guest_memcpy -Dmemset=guest_memset
UNIT_stamp = xen/stamp.c lib/param.c test/fake/said.c
UNIT_stamp_FLAGS = -include test/fake/cpu.h -Wl,-T,test/fake/params.lds
UNIT_slab  = kernel/slab.c kernel/page.c lib/heap.c test/fake/scarce.c
UNIT_slab_FLAGS = $(SCARCE_FLAGS) -Wl,--wrap=page_alloc,--wrap=page_alloc_run
BUDGET     = net/budget.c test/fake/slab.c
UNIT_buf   = kernel/buf.c test/fake/page.c test/fake/scarce.c
UNIT_buf_FLAGS = $(SCARCE_FLAGS)
UNIT_segment = kernel/segment.c kernel/buf.c test/fake/page.c
UNIT_blkfront = xen/blkfront.c xen/ring.c test/fake/blkback.c test/fake/peer.c test/fake/page.c
UNIT_blkfront_FLAGS = -Wl,--wrap=calloc
UNIT_blklies = $(UNIT_blkfront)
UNIT_netfront = xen/netfront.c xen/netio.c xen/nettx.c xen/netrx.c xen/ring.c kernel/buf.c kernel/segment.c test/fake/page.c \
                test/fake/netback.c test/fake/peer.c test/fake/stamp.c
UNIT_netio = $(UNIT_netfront)
UNIT_netlies = $(UNIT_netfront)
UNIT_netfit = $(UNIT_netfront)
UNIT_netgso = $(UNIT_netfront)
UNIT_netruns = $(UNIT_netfront)
UNIT_scarce_net = $(UNIT_netfront) test/fake/scarce.c
UNIT_scarce_net_FLAGS = $(SCARCE_FLAGS) -Wl,--wrap=buf_alloc,--wrap=gnttab_claim
UNIT_scarce_blk = $(UNIT_blkfront) test/fake/scarce.c
UNIT_scarce_blk_FLAGS = $(SCARCE_FLAGS) -Wl,--wrap=gnttab_claim
UNIT_random = lib/random.c
UNIT_random_FLAGS = -include test/fake/cpu.h
UNIT_sched = kernel/sched.c arch/x86_64/switch.S test/fake/stack.c test/fake/panic.c
UNIT_sched_FLAGS = -fno-sanitize=address # it switches stacks by itself
UNIT_shutdown = xen/shutdown.c xen/xenstore.c kernel/sched.c arch/x86_64/switch.S \
                test/fake/xenstored.c test/fake/events.c test/fake/world.c test/fake/stack.c test/fake/said.c
UNIT_shutdown_FLAGS = -fno-sanitize=address -include test/fake/shutdown.h
UNIT_xenbus = xen/xenbus.c xen/xenstate.c xen/xenstore.c xen/ring.c kernel/sched.c arch/x86_64/switch.S \
              test/fake/xenstored.c test/fake/events.c test/fake/world.c test/fake/stack.c test/fake/memory.c test/fake/said.c
UNIT_xenbus_FLAGS = -fno-sanitize=address # it switches stacks by itself
UNIT_xenrounds = $(UNIT_xenbus)
UNIT_xenrounds_FLAGS = $(UNIT_xenbus_FLAGS)
UNIT_xenlife = $(UNIT_xenbus)
UNIT_xenlife_FLAGS = $(UNIT_xenbus_FLAGS)
UNIT_xenmoments = $(UNIT_xenbus)
UNIT_xenmoments_FLAGS = $(UNIT_xenbus_FLAGS)
UNIT_scarce_bus = $(UNIT_xenbus) test/fake/scarce.c
UNIT_scarce_bus_FLAGS = $(UNIT_xenbus_FLAGS) $(SCARCE_FLAGS) -Wl,--wrap=gnttab_claim,--wrap=evtchn_open
UNIT_page  = kernel/page.c lib/heap.c
UNIT_clock = xen/clock.c
UNIT_clock_FLAGS = -include test/fake/cpu.h
UNIT_console = xen/console.c
UNIT_console_FLAGS = -include test/fake/hypercall.h
UNIT_tty   = lib/tty.c lib/fd.c test/fake/alone.c test/fake/panic.c
UNIT_gnttab = xen/gnttab.c xen/hypercall.c
UNIT_gnttab_FLAGS = -include test/fake/hypercall.h
UNIT_evtchn = xen/evtchn.c xen/hypercall.c test/fake/panic.c
UNIT_evtchn_FLAGS = -include test/fake/hypercall.h
UNIT_xenstore_threads = xen/xenstore.c kernel/sched.c arch/x86_64/switch.S \
              test/fake/xenstored.c test/fake/events.c test/fake/world.c test/fake/stack.c test/fake/said.c
UNIT_xenstore_threads_FLAGS = -fno-sanitize=address
UNIT_xenstore = xen/xenstore.c test/fake/xenstored.c test/fake/events.c test/fake/wait.c test/fake/said.c
UNIT_xenstore_rounds = $(UNIT_xenstore)
HTTP_PURE  = lib/http.c lib/http_path.c lib/http_body.c lib/span.c
UNIT_http  = $(HTTP_PURE)
UNIT_http_path = lib/http_path.c lib/span.c
UNIT_http_body = lib/http_body.c lib/span.c
UNIT_http_date = lib/http_date.c lib/span.c
UNIT_http_accept = lib/http_accept.c $(HTTP_PURE)
UNIT_http_condition = lib/http_condition.c lib/http_date.c $(HTTP_PURE)
UNIT_http_answer = lib/http_answer.c $(UNIT_http_condition) lib/http_accept.c
HTTP_ALL   = lib/http_conn.c lib/http_cache.c lib/http_site.c lib/http_list.c lib/http_reply.c $(UNIT_http_answer)
UNIT_http_conn = $(HTTP_ALL)
UNIT_http_cache = $(HTTP_ALL)
UNIT_scarce_http = $(HTTP_ALL) test/fake/scarce.c
UNIT_scarce_http_FLAGS = $(SCARCE_FLAGS)
UNIT_crowd = lib/crowd.c
UNIT_error = lib/error.c
UNIT_error_FLAGS = -Dstrerror=guest_strerror -D_strerror_r=guest_strerror_r -Dperror=guest_perror
UNIT_server = lib/server.c
UNIT_server_FLAGS = -Wl,--wrap=socket,--wrap=bind
UNIT_web   = examples/web.c lib/crowd.c lib/server.c $(HTTP_ALL)
UNIT_web_FLAGS = -Dmain=web_main -Wno-missing-prototypes -Wl,--wrap=bind,--wrap=listen,--wrap=clock_gettime,--wrap=epoll_wait
UNIT_webload = $(UNIT_web)
UNIT_webload_FLAGS = $(UNIT_web_FLAGS)
UNIT_fd    = lib/fd.c test/fake/scarce.c
UNIT_fd_FLAGS = $(SCARCE_FLAGS)
UNIT_signalfd = lib/signalfd.c lib/fd.c test/fake/alone.c
UNIT_signalfd_FLAGS = -Dsignalfd=guest_signalfd -Dsigprocmask=guest_sigprocmask
UNIT_poll  = lib/poll.c lib/fd.c test/fake/alone.c test/fake/switchable.c
UNIT_poll_FLAGS = -Dpoll=guest_poll -Dselect=guest_select # not the machine's
UNIT_time  = lib/time.c
UNIT_time_FLAGS = -Dclock_gettime=guest_clock_gettime -Dclock_getres=guest_clock_getres -Dgettimeofday=guest_gettimeofday \
    -Dtimes=guest_times -Dnanosleep=guest_nanosleep -Dsleep=guest_sleep -Dusleep=guest_usleep
UNIT_epoll = lib/epoll.c $(UNIT_poll)
UNIT_epoll_FLAGS = $(UNIT_poll_FLAGS) -Depoll_create=guest_epoll_create \
    -Depoll_create1=guest_epoll_create1 -Depoll_ctl=guest_epoll_ctl -Depoll_wait=guest_epoll_wait
UNIT_tty_epoll = lib/tty.c lib/epoll.c lib/fd.c kernel/sched.c arch/x86_64/switch.S test/fake/stack.c test/fake/panic.c
UNIT_tty_epoll_FLAGS = -fno-sanitize=address $(UNIT_epoll_FLAGS) # it switches stacks by itself
UNIT_param = lib/param.c test/fake/said.c
UNIT_tar   = lib/tar.c test/fake/archive.c
UNIT_ramdisk = lib/ramdisk.c lib/tree.c lib/tar.c lib/fd.c test/fake/archive.c test/fake/said.c test/fake/still.c
UNIT_uio   = lib/uio.c $(UNIT_ramdisk)
UNIT_uio_FLAGS = -Dreadv=guest_readv -Dwritev=guest_writev # not the machine's
UNIT_open  = lib/open.c $(UNIT_ramdisk)
UNIT_open_FLAGS = -Dopen=guest_open -Dstat=guest_stat -Daccess=guest_access # not the machine's
UNIT_sendfile = lib/sendfile.c $(UNIT_ramdisk)
UNIT_sendfile_FLAGS = -Dsendfile=guest_sendfile # not the machine's
UNIT_scarce_ramdisk = $(UNIT_ramdisk) test/fake/scarce.c
UNIT_scarce_ramdisk_FLAGS = $(SCARCE_FLAGS)
UNIT_checksum =
UNIT_isn    = net/isn.c
UNIT_inet   = net/inet.c
UNIT_budget = $(BUDGET) test/fake/page.c
UNIT_inbox  = net/inbox.c $(BUDGET) test/fake/page.c test/fake/said.c $(LWIP_HOST_LIB)
UNIT_inbox_FLAGS = $(LWIP_CFLAGS)
UNIT_frame  = net/frame.c net/payload.c $(BUDGET) kernel/buf.c kernel/segment.c test/fake/page.c test/fake/constant.c test/fake/said.c $(LWIP_HOST_LIB)
UNIT_frame_FLAGS = $(LWIP_CFLAGS)
UNIT_payload = $(UNIT_frame)
UNIT_payload_FLAGS = $(LWIP_CFLAGS)
UNIT_tcpseg = net/tcpseg.c net/payload.c $(BUDGET) kernel/buf.c test/fake/page.c test/fake/constant.c $(LWIP_HOST_LIB)
UNIT_tcpseg_FLAGS = $(LWIP_CFLAGS)
# Hidden: Criterion shall go on using the machine's own socket().
NET_STACK = net/lwip.c net/iface.c net/direct.c net/predict.c net/plain.c net/tcpout.c net/ends.c net/gso.c net/recovery.c net/tcpseg.c net/payload.c net/device.c net/timers.c net/quirk.c net/packet6.c net/rdnss.c net/discovery.c net/route.c net/address.c net/address6.c net/frame.c net/inet.c lib/param.c kernel/sched.c \
            arch/x86_64/switch.S kernel/buf.c kernel/segment.c test/fake/net.c test/fake/mirror.c test/fake/netkeys.c test/fake/page.c test/fake/constant.c \
            test/fake/stack.c test/fake/said.c test/fake/stamp.c $(BUDGET) net/isn.c net/unreach.c net/nameserver.c $(LWIP_HOST_LIB)
NET_FLAGS = $(LWIP_CFLAGS) $(LWIP_WRAP) -fno-sanitize=address -fvisibility=hidden \
            -Wl,-T,test/fake/params.lds
ON_STACK = address6 device discovery lwip rdnss route # and what stands here:
UNIT_address6 = test/fake/router.c
UNIT_rdnss = test/fake/router.c
UNIT_gsomake = $(NET_STACK)
UNIT_gsomake_FLAGS = $(filter-out -fno-sanitize=address,$(NET_FLAGS)) # no threads here
UNIT_gsofit = $(NET_STACK)
UNIT_gsofit_FLAGS = $(UNIT_gsomake_FLAGS)
SOCKETS     = net/socket.c net/socket_common.c net/end.c net/stream.c net/stream_option.c net/connection.c net/multicast.c net/dgram.c net/datagrams.c net/ping.c \
              net/message.c net/pair.c lib/pipe.c lib/uio.c lib/ioctl.c \
              net/inbox.c lib/fd.c lib/poll.c lib/epoll.c test/fake/sockets.c test/fake/scarce.c $(NET_STACK)
SOCKET_FLAGS = $(NET_FLAGS) $(SCARCE_FLAGS)
ON_SOCKETS = accept behave connection dgram direct dual ends gso gsoloss ifaddrs multicast \
             peer peer6 ping pipe predict quirk scarce scarce_start socket strange \
             strange6 stream stream_option unreach # and what stands here:
UNIT_scarce_FLAGS = -Wl,--wrap=buf_alloc
UNIT_scarce_start_FLAGS = -Wl,--wrap=buf_alloc
UNIT_accept = test/fake/frames.c
UNIT_dual_FLAGS = -Wl,--wrap=socket_random_port
UNIT_peer = test/fake/peer_tcp.c
UNIT_quirk_FLAGS = -Wl,--wrap=tcp_send_empty_ack,--wrap=budget_low
UNIT_strange = test/fake/frames.c
UNIT_strange6 = test/fake/frames.c
UNIT_behave = net/ifaddrs.c $(BEHAVE) test/fake/posix.c
UNIT_behave_FLAGS = -Dmain=behave_main -Wno-missing-prototypes -DBEHAVE='"$(B)/system/behave.linux"'
$(B)/unit/behave: $(B)/system/behave.linux
UNIT_ifaddrs = net/ifaddrs.c
UNIT_dns_message = net/dns_message.c
UNIT_netdb  = $(SOCKETS) net/netdb.c net/nameinfo.c net/dns.c net/dns_message.c net/hosts.c net/precedence.c net/service.c net/ifaddrs.c \
              test/fake/dnsd.c
UNIT_netdb_FLAGS = $(SOCKET_FLAGS)
UNIT_netdb6 = $(UNIT_netdb)
UNIT_netdb6_FLAGS = $(SOCKET_FLAGS)
UNIT_scarce_names = $(UNIT_netdb)
UNIT_scarce_names_FLAGS = $(SOCKET_FLAGS) -Wl,--wrap=buf_alloc
UNIT_elf    = xen/toolstack/elf.c test/fake/image.c
UNIT_layout = xen/toolstack/layout.c

$(foreach u,$(ON_STACK),$(eval UNIT_$(u) += $$(NET_STACK))$(eval UNIT_$(u)_FLAGS += $$(NET_FLAGS)))
$(foreach u,$(ON_SOCKETS),$(eval UNIT_$(u) += $$(SOCKETS))$(eval UNIT_$(u)_FLAGS += $$(SOCKET_FLAGS)))

UNITS := $(sort $(filter-out %_FLAGS,$(patsubst UNIT_%,%,$(filter UNIT_%,$(.VARIABLES)))))
T      = $(UNITS)

UNIT_CFLAGS = $(CSTD) $(WARN) -iquote . -idirafter lib/include -D_GNU_SOURCE -O1 -g \
              -Dsniprintf=snprintf -Dvsniprintf=vsnprintf \
              -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

# The headers of all the sources: a compiler that makes a program of several
# would tell of the last one's only.  A source that is gone, as a header under
# -MP, only means that the program is out of date.
define UNIT_RULE
$(B)/unit/$(1): test/unit/$(1).c $(UNIT_$(1)) test/unit/unit.mk | $(PACKAGES)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(UNIT_CFLAGS) $$(UNIT_$(1)_FLAGS) -o $$@ $$(filter %.c %.S %.a,test/unit/$(1).c $$(UNIT_$(1))) -lcriterion
	@$$(CC) $$(UNIT_CFLAGS) $$(UNIT_$(1)_FLAGS) -M -MP -MT $$@ $$(filter %.c %.S,test/unit/$(1).c $$(UNIT_$(1))) >$$@.d
	@printf '%s:\n' $$(filter %.c %.S,test/unit/$(1).c $$(UNIT_$(1))) >>$$@.d
-include $(B)/unit/$(1).d
endef
$(foreach u,$(UNITS),$(eval $(call UNIT_RULE,$(u))))

.PHONY: unit
unit: $(T:%=$(B)/unit/%)
	@test/unit/run $^
