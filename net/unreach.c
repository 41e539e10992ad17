/* unreach.c: what ICMP says about our datagrams: see unreach.h. */

#include "net/unreach.h"

#include <lwip/inet_chksum.h>
#include <lwip/netif.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/udp.h>
#include <lwip/udp.h>

#define ICMP_SIZE        8 /* of its header */
#define PORT_UNREACHABLE 3

static bool sum_right(struct pbuf *p, size_t header)
{
    bool right;

    pbuf_remove_header(p, header);
    right = inet_chksum_pbuf(p) == 0;
    pbuf_add_header(p, header);
    return right;
}

/* The connected pcb that sends from this port to that one.  lwIP's own are not
 * connected to an address. */
static struct udp_pcb *sender(const struct ip_hdr *ip, const struct udp_hdr *h)
{
    const ip_addr_t to = IPADDR4_INIT(ip->dest.addr);
    struct udp_pcb *pcb = udp_pcbs;

    while (pcb && !(pcb->flags & UDP_FLAGS_CONNECTED && !ip_addr_isany(&to) &&
                    pcb->local_port == lwip_ntohs(h->src) &&
                    pcb->remote_port == lwip_ntohs(h->dest) &&
                    ip_addr_eq(&pcb->remote_ip, &to)))
        pcb = pcb->next;
    return pcb;
}

int unreach_input(struct pbuf *p, struct netif *netif)
{
    struct ip_hdr outer, inner;
    struct icmp_hdr icmp;
    struct udp_hdr udp;
    struct udp_pcb *pcb;
    u16_t at;

    if (pbuf_copy_partial(p, &outer, IP_HLEN, 0) != IP_HLEN ||
        IPH_PROTO(&outer) != IP_PROTO_ICMP || IPH_HL_BYTES(&outer) < IP_HLEN ||
        IPH_OFFSET(&outer) & PP_HTONS(IP_OFFMASK | IP_MF))
        return 0;
    at = IPH_HL_BYTES(&outer);
    if (pbuf_copy_partial(p, &icmp, ICMP_SIZE, at) != ICMP_SIZE ||
        ICMPH_TYPE(&icmp) != ICMP_DUR || ICMPH_CODE(&icmp) != PORT_UNREACHABLE)
        return 0;
    at = (u16_t)(at + ICMP_SIZE);
    if (pbuf_copy_partial(p, &inner, IP_HLEN, at) != IP_HLEN ||
        IPH_PROTO(&inner) != IP_PROTO_UDP || IPH_HL_BYTES(&inner) < IP_HLEN ||
        inner.src.addr != outer.dest.addr)
        return 0;
    at = (u16_t)(at + IPH_HL_BYTES(&inner));
    if (pbuf_copy_partial(p, &udp, UDP_HLEN, at) != UDP_HLEN ||
        (netif->chksum_flags & NETIF_CHECKSUM_CHECK_ICMP &&
         !sum_right(p, IPH_HL_BYTES(&outer))))
        return 0;
    pcb = sender(&inner, &udp);
    if (pcb && pcb->recv)
        pcb->recv(pcb->recv_arg, pcb, NULL, &pcb->remote_ip, pcb->remote_port);
    return 0;
}
