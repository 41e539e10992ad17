/* iface.c: one interface of lwIP's: see iface.h. */

#include "net/iface.h"

#include <errno.h>
#include <string.h>

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <netif/ethernet.h>

#include "kernel/panic.h"
#include "lib/util.h"
#include "net/direct.h"
#include "net/frame.h"
#include "net/gso.h"
#include "net/plain.h"
#include "net/packet6.h"
#include "net/predict.h"
#include "net/timers.h"
#include "xen/stamp.h"

#define TYPE    12 /* where a frame has it */
#define SOURCE4 26
#define SOURCE6 22
#define BATCH   64 /* frames between two looks at the other threads */

#define OFFLOADED_TX (NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP)
#define OFFLOADED_RX (NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP)

static unsigned full; /* interfaces that are */

bool iface_any_full(void)
{
    return full > 0;
}

bool iface_resume(struct iface *i)
{
    const bool changed = net_reap(i->net) || net_broken(i->net);

    if (!changed || !i->full)
        return false;
    i->full = false;
    full--;
    return true;
}

err_t iface_send(struct iface *i, struct buf *b)
{
    const int err = net_trysend(i->net, b);

    if (err == -EAGAIN) {
        buf_free(b);
        full += !i->full;
        i->full = true;
        return ERR_MEM;
    }
    if (err)
        return ERR_IF;
    if (++i->queued >= BATCH) {
        net_flush(i->net);
        i->queued = 0;
    }
    return ERR_OK;
}

/* lwIP's link output.  Never waits: on ERR_MEM TCP tries again when the net
 * thread calls tcp_txnow(). */
static err_t output(struct netif *netif, struct pbuf *p)
{
    struct iface *i = netif->state;
    const struct eth_hdr *ether = p->payload;
    const bool v6 = ether->type == PP_HTONS(ETHTYPE_IPV6);
    struct buf *b;

    if (i->full)
        return ERR_MEM;
    b = frame_to_send(p, net_csum6(i->net),
                      gso_size(netif, p->tot_len - sizeof(*ether), v6),
                      net_counts(i->net));
    return b ? iface_send(i, b) : ERR_MEM;
}

struct iface *iface_of(struct netif *netif)
{
    return netif->linkoutput == output ? netif->state : NULL;
}

static COLD bool is_own6(const ip6_addr_t *addr)
{
    struct netif *netif = netif_list;

    while (netif && !packet6_is_own(addr, netif))
        netif = netif->next;
    return netif;
}

/* A packet from outside that says it came from us: a service that answered it
 * would talk to itself, perhaps for ever (RFC 1122, 3.2.1.3). */
static bool is_forged(const struct netif *netif, const struct pbuf *p)
{
    uint8_t copy[SOURCE6 + 16];
    const uint8_t *f =
        p->len >= sizeof(copy)
            ? p->payload
            : pbuf_get_contiguous(p, copy, sizeof(copy), sizeof(copy), 0);
    ip6_addr_t from = {0};
    unsigned type;

    if (!f)
        return true; /* a short one, when there is no memory */
    type = (unsigned)f[TYPE] << 8 | f[TYPE + 1];
    if (type == ETHTYPE_IP) {
        memcpy(from.addr, f + SOURCE4, 4);
        return from.addr[0] && plain_is_own(from.addr[0]);
    }
    if (type != ETHTYPE_IPV6)
        return false;
    memcpy(from.addr, f + SOURCE6, 16);
    ip6_addr_assign_zone(&from, IP6_UNICAST, netif);
    return ip6_addr_isloopback(&from) || is_own6(&from);
}

/* True: a plain packet, which is gone. */
static bool shortcut(struct iface *i, struct buf *b)
{
    const struct plain *h = plain_received(&i->netif, b);

    return h && (h->ip._proto == IP_PROTO_UDP
                     ? direct_received(&i->netif, h, b, net_counts(i->net))
                     : predict_received(h, b, net_counts(i->net)));
}

static void input(struct iface *i, struct buf *b)
{
    struct pbuf *p;
    bool check;

    if (b->page[b->off] & 1) /* to a group: it may be asked for members */
        timers_report();
    if (shortcut(i, b))
        return;
    check = !frame_trusted(b);
    p = frame_received(b, net_counts(i->net));
    if (!p)
        return;
    if (is_forged(&i->netif, p)) {
        net_counts(i->net)->rx_forged++;
        pbuf_free(p);
        return;
    }
    /* At rest nothing is checked: what we send ourselves has no sums. */
    if (check)
        i->netif.chksum_flags |= OFFLOADED_RX;
    if (i->netif.input(p, &i->netif) != ERR_OK)
        pbuf_free(p);
    i->netif.chksum_flags &= (u16_t)~OFFLOADED_RX;
}

/* What lwIP may leave to the back-end, which may come back as another. */
static COLD void take_offloads(struct iface *i)
{
    u16_t flags = NETIF_CHECKSUM_ENABLE_ALL & ~(OFFLOADED_RX | GSO_V4 | GSO_V6);

    if (net_csum6(i->net))
        flags &= (u16_t)~OFFLOADED_TX;
    if (net_gso(i->net, false))
        flags |= GSO_V4;
    if (net_gso(i->net, true))
        flags |= GSO_V6;
    NETIF_SET_CHECKSUM_CTRL(&i->netif, flags);
}

static COLD err_t netif_start(struct netif *netif)
{
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
                   NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6 |
                   NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = output;
    take_offloads(netif->state);
    return ERR_OK;
}

COLD int iface_start(struct iface *i, unsigned id, struct net *net,
                     netif_status_callback_fn changed)
{
    int err;

    i->net = net;
    netif_add_noaddr(&i->netif, i, netif_start, ethernet_input);
    netif_set_status_callback(&i->netif, changed);
    device_start(&i->device, &i->netif, net, id);
    netif_set_up(&i->netif);
    err = address_start(&i->address, &i->netif, id);
    if (err) {
        say("net: no memory for vif %u", id);
        netif_remove(&i->netif);
        net_close(net);
        return err;
    }
    address6_start(&i->address6, &i->netif, id);
    return 0;
}

void iface_follow(struct iface *i)
{
    if (!device_is_steady(&i->device) && device_follow(&i->device)) {
        take_offloads(i);
        address6_restart(&i->address6);
        timers_report();
        device_resend();
    }
    address_report(&i->address);
    address6_report(&i->address6);
}

bool iface_receive(struct iface *i)
{
    struct buf *b;

    for (unsigned n = 0; n < BATCH; n++) {
        b = net_poll(i->net);
        if (!b)
            return false;
        if (n == 0)
            stamp(STAMP_IN);
        input(i, b);
    }
    return true;
}

void iface_flush(struct iface *i)
{
    if (i->queued) {
        net_flush(i->net);
        stamp(STAMP_REPLY);
    }
    i->queued = 0;
}
