/*
 * plain.h: IPv4 packets as nearly all are: whole, without options, between an
 * address of the interface's own and one neighbour or a router.  What direct.h,
 * predict.h and tcpout.h share on their way past lwIP's Ethernet and IP.
 * Whatever is not so, or is wrong, is left to lwIP, as if nothing had been.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lwip/opt.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip4.h>

struct buf;
struct netif;

struct plain {
    struct eth_hdr ether;
    struct ip_hdr ip;
} __attribute__((packed));
_Static_assert(sizeof(struct plain) == 14 + 20, "RFC 894, RFC 791");

/* Bytes behind IP's header. */
static inline size_t plain_size(const struct plain *h)
{
    return (size_t)lwip_ntohs(h->ip._len) - sizeof(h->ip);
}

/* Is this IPv4 address, in network byte order, one of ours, or of no wire? */
bool plain_is_own(uint32_t addr);

/* The headers of a received frame to the interface's own address, when it has
 * come whole and someone vouches for its checksum; UDP's or TCP's header, too,
 * is in its first piece.  From whom it is has not been looked at, but that
 * plain_is_own() does not say so.  NULL: lwIP must. */
const struct plain *plain_received(const struct netif *netif,
                                   const struct buf *b);

/*
 * The headers of a packet to be sent by netif: ip's _tos, _len, _ttl, _proto,
 * src and dest are there.  False: lwIP must, and now and then although it need
 * not, twice, for who is told so may ask once more on lwIP's behalf: it then
 * asks the neighbour again who he is.
 */
bool plain_address(struct plain *h, struct netif *netif);

/* What a checksum is before that of a payload and its own header: the back-end
 * does the rest. */
uint16_t plain_pseudo_sum(const struct plain *h);
