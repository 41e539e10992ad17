/* direct.c: UDP past lwIP's layers: see direct.h. */

#include "net/direct.h"

#include <string.h>

#include <lwip/ip.h>
#include <lwip/prot/iana.h>
#include <lwip/prot/udp.h>
#include <lwip/udp.h>

#include "kernel/buf.h"
#include "net/frame.h"
#include "net/plain.h"
#include "xen/netfront.h"

#define HEADERS (sizeof(struct plain) + sizeof(struct udp_hdr))

/* ---- received ---- */

static bool takes(const struct udp_pcb *pcb, const struct plain *h,
                  uint16_t port)
{
    const ip_addr_t *ours = &pcb->local_ip, *theirs = &pcb->remote_ip;

    if (!pcb->recv || pcb->netif_idx != NETIF_NO_INDEX || IP_IS_V6(ours) ||
        (!ip_addr_isany(ours) && ip_2_ip4(ours)->addr != h->ip.dest.addr))
        return false;
    return !(pcb->flags & UDP_FLAGS_CONNECTED) ||
           (pcb->remote_port == port && IP_IS_V4(theirs) &&
            ip_2_ip4(theirs)->addr == h->ip.src.addr);
}

/* A host has sent it. */
static bool is_from_one(const struct netif *netif, const struct plain *h)
{
    const ip4_addr_t from = {h->ip.src.addr};

    return !ip4_addr_ismulticast(&from) && !ip4_addr_isbroadcast(&from, netif);
}

/* The only pcb at the port, if it takes this.  DHCP's wants to know more of
 * the packet. */
static struct udp_pcb *receiver(const struct plain *h, uint16_t port,
                                uint16_t from)
{
    struct udp_pcb *found = NULL;

    for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
        if (pcb->local_port != port)
            continue;
        if (found)
            return NULL;
        found = pcb;
    }
    return found && port != LWIP_IANA_PORT_DHCP_CLIENT && takes(found, h, from)
               ? found
               : NULL;
}

bool direct_received(const struct netif *netif, const struct plain *h,
                     struct buf *b, struct net_counts *counts)
{
    const struct udp_hdr *udp = (const void *)(h + 1);
    const size_t size = plain_size(h);
    const uint16_t port = lwip_ntohs(udp->src);
    ip_addr_t from = IPADDR4_INIT(h->ip.src.addr);
    struct udp_pcb *pcb;
    struct pbuf *p;

    if (b->next || lwip_ntohs(udp->len) != size || size < sizeof(*udp) ||
        !is_from_one(netif, h) ||
        !(pcb = receiver(h, lwip_ntohs(udp->dest), port)))
        return false;
    b->off = (uint16_t)(b->off + HEADERS);
    b->len = (uint16_t)(size - sizeof(*udp)); /* Ethernet's are never short */
    if ((p = frame_payload(b, counts)))
        pcb->recv(pcb->recv_arg, pcb, p, &from, port);
    return true;
}

/* ---- to send ---- */

struct buf *direct_frame(const struct udp_pcb *pcb, struct netif *netif,
                         const void *data, size_t n, const struct ip_addr *to,
                         uint16_t port, struct net_counts *counts)
{
    const uint16_t length = lwip_htons((u16_t)(sizeof(struct udp_hdr) + n));
    struct buf *b;
    struct plain *h;
    struct udp_hdr *udp;

    if (!IP_IS_V4(to) || HEADERS + n > PAGE_SIZE ||
        HEADERS + n - sizeof(struct eth_hdr) > netif->mtu ||
        (!ip_addr_isany(&pcb->local_ip) &&
         !ip4_addr_eq(ip_2_ip4(&pcb->local_ip), netif_ip4_addr(netif))) ||
        !(b = buf_alloc()))
        return NULL;
    h = (void *)b->page;
    udp = (void *)(h + 1);
    h->ip._tos = pcb->tos;
    h->ip._len = lwip_htons((u16_t)(HEADERS - sizeof(struct eth_hdr) + n));
    h->ip._ttl = pcb->ttl;
    h->ip._proto = IP_PROTO_UDP;
    h->ip.src.addr = netif_ip4_addr(netif)->addr;
    h->ip.dest.addr = ip_2_ip4(to)->addr;
    if (!plain_address(h, netif)) {
        buf_free(b);
        return NULL;
    }
    *udp = (struct udp_hdr){.src = lwip_htons(pcb->local_port),
                            .dest = lwip_htons(port),
                            .len = length,
                            .chksum = plain_pseudo_sum(h)};
    memcpy(b->page + HEADERS, data, n);
    b->len = (uint16_t)(HEADERS + n);
    b->flags = BUF_CSUM_BLANK;
    counts->tx_copied += n;
    return b;
}
