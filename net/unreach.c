/* unreach.c: what ICMP says about our datagrams: see unreach.h. */

#include "net/unreach.h"

#include <string.h>

#include <lwip/inet_chksum.h>
#include <lwip/netif.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/udp.h>
#include <lwip/udp.h>

#include "net/packet6.h"

#define IP_PROTOCOL       9 /* where a header has it */
#define ICMP_SIZE         8 /* of its header */
#define PORT_UNREACHABLE  3
#define PORT6_UNREACHABLE 4

static bool sum_right(struct pbuf *p, size_t header)
{
    bool right;

    pbuf_remove_header(p, header);
    right = inet_chksum_pbuf(p) == 0;
    pbuf_add_header_force(p, header);
    return right;
}

/* The connected pcb that sends from this port to that one.  lwIP's own are not
 * connected to an address. */
static struct udp_pcb *sender(const ip_addr_t *to, const struct udp_hdr *h)
{
    struct udp_pcb *pcb = udp_pcbs;

    while (pcb && !(pcb->flags & UDP_FLAGS_CONNECTED && !ip_addr_isany(to) &&
                    pcb->local_port == lwip_ntohs(h->src) &&
                    pcb->remote_port == lwip_ntohs(h->dest) &&
                    ip_addr_eq(&pcb->remote_ip, to)))
        pcb = pcb->next;
    return pcb;
}

static void refuse(const ip_addr_t *to, const struct udp_hdr *h)
{
    struct udp_pcb *pcb = sender(to, h);

    if (pcb && pcb->recv)
        pcb->recv(pcb->recv_arg, pcb, NULL, &pcb->remote_ip, pcb->remote_port);
}

int unreach_input(struct pbuf *p, struct netif *netif)
{
    struct ip_hdr outer, inner;
    struct icmp_hdr icmp;
    struct udp_hdr udp;
    ip_addr_t to;
    u16_t at;

    if (pbuf_get_at(p, IP_PROTOCOL) != IP_PROTO_ICMP)
        return 0;
    if (pbuf_copy_partial(p, &outer, IP_HLEN, 0) != IP_HLEN ||
        IPH_HL_BYTES(&outer) < IP_HLEN ||
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
    ip_addr_set_ip4_u32_val(to, inner.dest.addr);
    refuse(&to, &udp);
    return 0;
}

void unreach6(struct pbuf *p, unsigned at, struct netif *netif)
{
    const unsigned inner = at + ICMP6_SIZE;
    ip_addr_t to = IPADDR6_INIT(0, 0, 0, 0);
    uint8_t us[2][16];
    struct udp_hdr udp;

    if (packet6_u8(p, at + ICMP6_CODE) != PORT6_UNREACHABLE ||
        packet6_u8(p, inner + IP6_NEXT) != IP_PROTO_UDP ||
        pbuf_copy_partial(p, &udp, UDP_HLEN, (u16_t)(inner + IP6_SIZE)) !=
            UDP_HLEN)
        return;
    pbuf_copy_partial(p, us[0], sizeof(us[0]), IP6_TARGET);
    pbuf_copy_partial(p, us[1], sizeof(us[1]), (u16_t)(inner + IP6_SOURCE));
    pbuf_copy_partial(p, ip_2_ip6(&to)->addr, 16, (u16_t)(inner + IP6_TARGET));
    ip6_addr_assign_zone(ip_2_ip6(&to), IP6_UNICAST, netif);
    if (memcmp(us[0], us[1], sizeof(us[0])) == 0 &&
        packet6_sum_right(p, at, netif))
        refuse(&to, &udp);
}
