/*
 * lwipopts.h: how lwIP is built here, each option with its reason.  What is
 * not named keeps lwIP's default.
 */
#pragma once

#include <limits.h>
#include <sys/types.h>

#include "kernel/panic.h"
#include "lib/random.h"
#include "net/budget.h"
#include "lib/checksum.h"
#include "net/discovery.h"
#include "net/gso.h"
#include "net/isn.h"
#include "net/nameserver.h"
#include "net/quirk.h"
#include "net/route.h"
#include "net/unreach.h"

/* The port: what other systems keep in arch/cc.h.  An assertion that fails is
 * an invalid opcode; the backtrace tells which it was, so 8 KB of their texts
 * stay out. */
#define LWIP_PLATFORM_ASSERT(why)             __builtin_trap()
#define LWIP_PLATFORM_DIAG(text)              /* it has nothing to say */
#define LWIP_RAND()                           random_u32() /* DHCP ids, first ports */
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS 1 /* netinet/in.h has htons() */
#define LWIP_ERRNO_STDINCLUDE                 1
#define LWIP_CHKSUM(data, n)                  checksum(data, (size_t)(n))
/* One instruction each, where lwIP has calls. */
static inline uint16_t swap16(uint16_t x)
{
    return __builtin_bswap16(x);
}
static inline uint32_t swap32(uint32_t x)
{
    return __builtin_bswap32(x);
}
#define lwip_htons(x) swap16(x)
#define lwip_htonl(x) swap32(x)

#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port)              \
    isn_of(&(local)->u_addr, local_port, &(remote)->u_addr, remote_port,       \
           IP_IS_V6(local) ? 16 : 4) /* RFC 6528 */

#define LWIP_HOOK_IP4_INPUT(p, netif)                                          \
    (unreach_possible((p)->payload, (p)->len) ? unreach_input(p, netif) : 0)

#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, o, o1, o2, p)                  \
    (quirk_refuses(pcb, header, o1, o2, p) ? ERR_ABRT                          \
                                           : (gso_received(pcb, p), ERR_OK))
#define LWIP_HOOK_IP6_INPUT(p, netif)     discovery_eats(p, netif)
#define LWIP_HOOK_ND6_GET_GW(netif, to)   route_gateway6(netif)
#define LWIP_HOOK_IP4_ROUTE_SRC(from, to) route_v4(from, to)
#define LWIP_HOOK_IP6_ROUTE(from, to)     route_v6(from, to)

/* One thread at a time, nothing in lwIP waits: no locks, no mailboxes. */
#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0 /* net/socket.c is the socket layer */
#define LWIP_SOCKET          0
#define LWIP_TIMERS_CUSTOM   1 /* net/timers.c: no malloc, so none can fail */
#define LWIP_STATS           0 /* struct net_counts has what is dropped */

#ifndef SSIZE_MAX /* newlib has the type only; lwIP would make its own */
#define SSIZE_MAX LONG_MAX
#endif

/* Memory: by size from pages of our own, under a budget: nothing sits idle in
 * pools, and neither peers nor the program can use up the other's. */
#define MEM_CUSTOM_ALLOCATOR     1
#define MEM_CUSTOM_MALLOC        budget_malloc
#define MEM_CUSTOM_CALLOC        budget_calloc
#define MEM_CUSTOM_FREE          budget_free
#define MEMP_MEM_MALLOC          1
#define MEM_ALIGNMENT            8
#define LWIP_SUPPORT_CUSTOM_PBUF 1 /* received pages, ip4_frag */
#define PBUF_POOL_FREE_OOSEQ     0 /* there are no pools to run out of */

/* Interfaces. */
#define LWIP_NETIF_LOOPBACK          1 /* 127.0.0.1 */
#define LWIP_LOOPBACK_MAX_PBUFS      0 /* the budget bounds them */
#define LWIP_NETIF_HWADDRHINT        1 /* tells whose packet it is, too: net/gso.c */
#define LWIP_NETIF_TX_SINGLE_PBUF    0 /* linkoutput gathers chains */
#define LWIP_NETIF_STATUS_CALLBACK   1 /* an address came or went */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1 /* the back-end does TCP's and UDP's */
#define LWIP_CHECKSUM_ON_COPY        0 /* for the same reason */
#define ETH_PAD_SIZE                 0 /* x86 loads unaligned words */

/* ARP: a UDP datagram of 64 KB is 46 frames, and must survive the wait for
 * its first answer. */
#define ARP_TABLE_SIZE                64
#define ARP_QUEUEING                  1
#define ARP_QUEUE_LEN                 48
#define ETHARP_SUPPORT_STATIC_ENTRIES 0

/* IPv4. */
#define LWIP_RAW              1  /* net/ping.c */
#define IP_DEFAULT_TTL        64 /* as everyone's; lwIP's is 255 */
#define LWIP_IGMP             1  /* net/timers.c lets it tick when it has to */
#define LWIP_LOOPIF_MULTICAST 1  /* groups by lo, too */
#define LWIP_AUTOIP           0
#define IP_FORWARD            0
#define IP_FRAG               1
#define IP_REASSEMBLY         1   /* UDP up to 65,507 bytes */
#define IP_REASS_MAX_PBUFS    192 /* fragments held: four such datagrams */
#define IP_REASS_MAXAGE       5 /* seconds: on a LAN the rest is lost by then */
#define IP_SOF_BROADCAST      1 /* SO_BROADCAST guards sending, as in POSIX */
#define LWIP_BROADCAST_PING   0

/* IPv6: addresses by EUI-64: those of a server had better be foreseeable, and
 * there is no place for a secret that outlives it. */
#define LWIP_IPV6                     1
#define LWIP_IPV6_NUM_ADDRESSES       6 /* of each interface */
#define LWIP_IPV6_FRAG                1
#define LWIP_IPV6_REASS               1
#define IPV6_FRAG_COPYHEADER          1 /* pointers have 64 bits */
#define IPV6_REASS_MAXAGE             IP_REASS_MAXAGE
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 1
#define LWIP_ND6_NUM_NEIGHBORS        64
#define LWIP_ND6_NUM_DESTINATIONS     64
#define LWIP_ND6_QUEUEING             1
#define MEMP_NUM_ND6_QUEUE            ARP_QUEUE_LEN
#define LWIP_IPV6_MLD                 1 /* bridges that snoop need it */

/* DHCP. */
#define LWIP_DHCP                1
#define LWIP_ACD                 0 /* seconds before the first packet; */
#define LWIP_DHCP_DOES_ACD_CHECK 0 /* a gratuitous ARP tells the neighbours */
#define LWIP_DNS                 0 /* net/dns.c: no cache, so no timer */

#define LWIP_DHCP_PROVIDE_DNS_SERVERS NAMESERVERS
#define dns_setserver(n, addr)        nameserver_set(n, addr)

/* UDP. */
#define LWIP_UDPLITE     0
#define SO_REUSE_RXTOALL 1 /* a group's datagrams go to all that listen */

/* TCP. */
#define TCP_MSS        8960 /* MTU 9000; smaller MTUs lower it by themselves */
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE  5
/* From 32 KB to 1 MB, as memory allows; to the preprocessor a name is 0. */
#define TCP_WND                    (32768u + budget_window)
#define TCP_WND_UPDATE_THRESHOLD   (TCP_WND_MAX(pcb) / 4) /* in tcp_recved() */
#define TCP_SND_BUF                TCP_WND
#define TCP_SNDLOWAT               16384 /* writable again: a few segments, not one */
#define TCP_SND_QUEUELEN           1024 /* pbufs: pages, and headers */
#define TCP_SNDQUEUELOWAT          960
#define TCP_OVERSIZE               1460 /* small writes share a segment's memory */
#define TCP_MSL                    30000 /* ms: TIME_WAIT lasts a minute, as in Linux */
#define TCP_LISTEN_BACKLOG         1
#define TCP_DEFAULT_LISTEN_BACKLOG 255
#define SO_REUSE                   1
#define LWIP_TCP_KEEPALIVE         1 /* TCP_KEEPINTVL, TCP_KEEPCNT */
#define LWIP_TCP_SACK_OUT          1 /* the peer need not resend what came */
#define LWIP_TCP_PCB_NUM_EXT_ARGS  1 /* net/ends.c */
#define LWIP_TCP_TIMESTAMPS        0 /* lwIP uses them for nothing: 12 bytes saved */
#define TCP_QUEUE_OOSEQ            1
#define TCP_OOSEQ_MAX_BYTES        262144
#define TCP_OOSEQ_MAX_PBUFS        256 /* tiny segments cost memory too */
/* RFC 6928 */
#define LWIP_TCP_CALC_INITIAL_CWND(mss)                                        \
    ((tcpwnd_size_t)LWIP_MIN(10U * (mss), LWIP_MAX(2U * (mss), 14600U)))
