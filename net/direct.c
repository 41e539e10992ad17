/* direct.c: UDP past lwIP's layers: see direct.h. */

#include "net/direct.h"

#include <string.h>

#include <lwip/etharp.h>
#include <lwip/ip.h>
#include <lwip/prot/iana.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/udp.h>
#include <lwip/udp.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "lib/checksum.h"
#include "net/frame.h"
#include "xen/netfront.h"

#define PLAIN_IPV4 0x45 /* version, and a header of five words */
#define SUM_RIGHT  0xffff
#define LWIP_TURNS 64 /* one frame in so many is lwIP's to make */

struct headers {
    struct eth_hdr ether;
    struct ip_hdr ip;
    struct udp_hdr udp;
} __attribute__((packed));
_Static_assert(sizeof(struct headers) == 14 + 20 + 8, "RFC 894, 791, 768");

static uint16_t turn; /* also what identifies a datagram (RFC 791) */

/* ---- received ---- */

/* Someone vouches for the checksum, and it all lies in one piece. */
static bool is_plain(const struct buf *b, const struct headers *h)
{
    const unsigned length = lwip_ntohs(h->ip._len);

    return !b->next && b->len >= sizeof(*h) &&
           b->flags & (BUF_CSUM_OK | BUF_CSUM_BLANK) &&
           h->ether.type == PP_HTONS(ETHTYPE_IP) && h->ip._v_hl == PLAIN_IPV4 &&
           h->ip._proto == IP_PROTO_UDP &&
           !(h->ip._offset & PP_HTONS(IP_OFFMASK | IP_MF)) &&
           length >= sizeof(h->ip) + sizeof(h->udp) &&
           length <= b->len - sizeof(h->ether) &&
           lwip_ntohs(h->udp.len) == length - sizeof(h->ip) &&
           checksum_ipv4(&h->ip) == SUM_RIGHT;
}

/* From somebody else to us. */
static bool is_ours(struct netif *netif, const struct headers *h)
{
    const ip4_addr_t from = {h->ip.src.addr};
    const uint32_t own = netif_ip4_addr(netif)->addr;

    return own && h->ip.dest.addr == own && from.addr != own &&
           !ip4_addr_ismulticast(&from) && !ip4_addr_isbroadcast(&from, netif);
}

static bool takes(const struct udp_pcb *pcb, const struct headers *h)
{
    const ip_addr_t *ours = &pcb->local_ip, *theirs = &pcb->remote_ip;

    if (!pcb->recv || pcb->netif_idx != NETIF_NO_INDEX || IP_IS_V6(ours) ||
        (!ip_addr_isany(ours) && ip_2_ip4(ours)->addr != h->ip.dest.addr))
        return false;
    return !(pcb->flags & UDP_FLAGS_CONNECTED) ||
           (pcb->remote_port == lwip_ntohs(h->udp.src) && IP_IS_V4(theirs) &&
            ip_2_ip4(theirs)->addr == h->ip.src.addr);
}

/* The only pcb at the port, if it takes this.  DHCP's wants to know more of
 * the packet. */
static struct udp_pcb *receiver(const struct headers *h)
{
    const uint16_t port = lwip_ntohs(h->udp.dest);
    struct udp_pcb *found = NULL;

    for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
        if (pcb->local_port != port)
            continue;
        if (found)
            return NULL;
        found = pcb;
    }
    return found && port != LWIP_IANA_PORT_DHCP_CLIENT && takes(found, h)
               ? found
               : NULL;
}

bool direct_received(struct netif *netif, struct buf *b,
                     struct net_counts *counts)
{
    const struct headers *h = (const void *)(b->page + b->off);
    ip_addr_t from = IPADDR4_INIT(0);
    struct udp_pcb *pcb;
    struct pbuf *p;
    uint16_t port, n;

    if (!is_plain(b, h) || !is_ours(netif, h) || !(pcb = receiver(h)))
        return false;
    ip_2_ip4(&from)->addr = h->ip.src.addr;
    port = lwip_ntohs(h->udp.src);
    n = (uint16_t)(lwip_ntohs(h->udp.len) - sizeof(h->udp));
    b->off = (uint16_t)(b->off + sizeof(*h));
    b->len = n; /* Ethernet's frames are never short */
    if (!(p = frame_received(b, counts)))
        return true;
    if (p->tot_len > n)
        pbuf_realloc(p, n);
    pcb->recv(pcb->recv_arg, pcb, p, &from, port);
    return true;
}

/* ---- to send ---- */

/* The neighbour to whom a frame to this address goes; NULL: not one, or he is
 * not known. */
static const struct eth_addr *neighbour(struct netif *netif,
                                        const ip4_addr_t *to)
{
    const ip4_addr_t *hop = to, *known;
    struct eth_addr *addr;

    if (ip4_addr_ismulticast(to) || ip4_addr_isbroadcast(to, netif) ||
        ip4_addr_eq(to, netif_ip4_addr(netif)))
        return NULL;
    if (!ip4_addr_net_eq(to, netif_ip4_addr(netif), netif_ip4_netmask(netif)))
        hop = netif_ip4_gw(netif);
    return etharp_find_addr(netif, hop, &addr, &known) < 0 ? NULL : addr;
}

/* UDP's checksum is that of the pseudo-header: the back-end does the rest. */
static void fill(struct headers *h, const struct udp_pcb *pcb,
                 const struct netif *netif, const struct eth_addr *neighbour,
                 const ip4_addr_t *to, uint16_t port, size_t n)
{
    const uint16_t length = lwip_htons((u16_t)(sizeof(h->udp) + n));

    *h = (struct headers){
        .ether = {.dest = *neighbour, .type = PP_HTONS(ETHTYPE_IP)},
        .ip = {._v_hl = PLAIN_IPV4,
               ._tos = pcb->tos,
               ._len = lwip_htons((u16_t)(sizeof(h->ip) + sizeof(h->udp) + n)),
               ._id = turn,
               ._ttl = pcb->ttl,
               ._proto = IP_PROTO_UDP,
               .src = {netif_ip4_addr(netif)->addr},
               .dest = {to->addr}},
        .udp = {.src = lwip_htons(pcb->local_port),
                .dest = lwip_htons(port),
                .len = length},
    };
    memcpy(h->ether.src.addr, netif->hwaddr, ETH_HWADDR_LEN);
    h->ip._chksum = (uint16_t)~checksum_ipv4(&h->ip);
    h->udp.chksum = checksum_fold((uint64_t)length + PP_HTONS(IP_PROTO_UDP) +
                                  h->ip.src.addr + h->ip.dest.addr);
}

struct buf *direct_frame(const struct udp_pcb *pcb, struct netif *netif,
                         const void *data, size_t n, const struct ip_addr *to,
                         uint16_t port, struct net_counts *counts)
{
    const size_t size = sizeof(struct headers) + n;
    const struct eth_addr *addr;
    struct buf *b;

    if (!IP_IS_V4(to) || size > PAGE_SIZE ||
        size - sizeof(struct eth_hdr) > netif->mtu ||
        (!ip_addr_isany(&pcb->local_ip) &&
         !ip4_addr_eq(ip_2_ip4(&pcb->local_ip), netif_ip4_addr(netif))) ||
        ++turn % LWIP_TURNS == 0 || !(addr = neighbour(netif, ip_2_ip4(to))) ||
        !(b = buf_alloc()))
        return NULL;
    fill((void *)b->page, pcb, netif, addr, ip_2_ip4(to), port, n);
    memcpy(b->page + sizeof(struct headers), data, n);
    b->len = (uint16_t)size;
    b->flags = BUF_CSUM_BLANK;
    counts->tx_copied += n;
    return b;
}
