/* plain.c: IPv4 packets as nearly all are: see plain.h. */

#include "net/plain.h"

#include <string.h>

#include <lwip/etharp.h>
#include <lwip/netif.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/tcp.h>
#include <lwip/prot/udp.h>

#include "kernel/buf.h"
#include "lib/checksum.h"

#define PLAIN_IPV4 0x45 /* version, and a header of five words */
#define SUM_RIGHT  0xffff
#define LWIP_TURNS 128 /* two packets in so many are lwIP's to make */

static uint16_t turn;    /* also what identifies a packet (RFC 791) */
static size_t neighbour; /* the last one's place in lwIP's table */

/* ---- received ---- */

/* As much of the headers as must be in one piece; 0: neither UDP's nor TCP's.
 */
static size_t least(const struct plain *h)
{
    return h->ip._proto == IP_PROTO_TCP   ? sizeof(*h) + sizeof(struct tcp_hdr)
           : h->ip._proto == IP_PROTO_UDP ? sizeof(*h) + sizeof(struct udp_hdr)
                                          : 0;
}

static bool is_whole(const struct buf *b, const struct plain *h)
{
    const size_t length = sizeof(h->ether) + lwip_ntohs(h->ip._len);
    const size_t size = least(h), there = b->next ? buf_total(b) : b->len;

    return size && b->len >= size && length >= size && length <= there;
}

bool plain_is_own(uint32_t addr)
{
    const struct netif *netif = netif_list;

    if ((addr & PP_HTONL(0xff000000)) == PP_HTONL(0x7f000000))
        return true;
    while (netif && netif_ip4_addr(netif)->addr != addr)
        netif = netif->next;
    return netif;
}

const struct plain *plain_received(const struct netif *netif,
                                   const struct buf *b)
{
    const struct plain *h = (const void *)(b->page + b->off);
    const uint32_t own = netif_ip4_addr(netif)->addr;

    return b->len >= sizeof(*h) && h->ip.dest.addr == own &&
                   b->flags & (BUF_CSUM_OK | BUF_CSUM_BLANK) &&
                   h->ether.type == PP_HTONS(ETHTYPE_IP) &&
                   h->ip._v_hl == PLAIN_IPV4 &&
                   !(h->ip._offset & PP_HTONS(IP_OFFMASK | IP_MF)) &&
                   is_whole(b, h) && checksum_ipv4(&h->ip) == SUM_RIGHT &&
                   own && !plain_is_own(h->ip.src.addr)
               ? h
               : NULL;
}

/* ---- to send ---- */

/* The neighbour to whom a packet to this address goes; NULL: not one, or he is
 * not known. */
static const struct eth_addr *find(struct netif *netif, const ip4_addr_t *to)
{
    const ip4_addr_t *hop = to, *whose;
    struct eth_addr *addr;
    struct netif *his;
    ip4_addr_t *ip;
    ssize_t at;
    const bool known =
        etharp_get_entry(neighbour, &ip, &his, &addr) && his == netif;

    if (ip4_addr_eq(to, netif_ip4_addr(netif)))
        return NULL;
    if (known && ip4_addr_eq(ip, to))
        return addr;
    if (ip4_addr_ismulticast(to) || ip4_addr_isbroadcast(to, netif))
        return NULL;
    if (!ip4_addr_net_eq(to, netif_ip4_addr(netif), netif_ip4_netmask(netif)))
        hop = netif_ip4_gw(netif);
    if (known && ip4_addr_eq(ip, hop))
        return addr;
    at = etharp_find_addr(netif, hop, &addr, &whose);
    if (at < 0)
        return NULL;
    neighbour = (size_t)at;
    return addr;
}

bool plain_address(struct plain *h, struct netif *netif)
{
    const ip4_addr_t to = {h->ip.dest.addr};
    const struct eth_addr *addr;

    if (++turn % LWIP_TURNS < 2 || !(addr = find(netif, &to)))
        return false;
    h->ether.dest = *addr;
    memcpy(h->ether.src.addr, netif->hwaddr, ETH_HWADDR_LEN);
    h->ether.type = PP_HTONS(ETHTYPE_IP);
    h->ip._v_hl = PLAIN_IPV4;
    h->ip._id = turn;
    h->ip._offset = h->ip._chksum = 0;
    h->ip._chksum = (uint16_t)~checksum_ipv4(&h->ip);
    return true;
}

uint16_t plain_pseudo_sum(const struct plain *h)
{
    return checksum_fold((uint64_t)lwip_htons((u16_t)plain_size(h)) +
                         lwip_htons(h->ip._proto) + h->ip.src.addr +
                         h->ip.dest.addr);
}
