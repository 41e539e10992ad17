/* netfront.c: finding, connecting and leaving a network back-end. */

#include "xen/netfront.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel/page.h"
#include "lib/util.h"
#include "xen/clock.h"
#include "xen/netio.h"
#include "xen/stamp.h"

#define MTU_MIN     68 /* RFC 791 */
#define MTU_MAX     (XEN_NETIF_MAX_TX_SIZE - NET_HEADER)
#define MTU_DEFAULT 1500

#define CLOSE_WAIT SECOND

/* Exactly xx:xx:xx:xx:xx:xx. */
static bool parse_mac(const char *text, uint8_t mac[6])
{
    for (int i = 0; i < 6; i++, text += 3) {
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);

        if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
            return false;
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool is_on(const struct xs_call *feature)
{
    uint64_t n;

    return !feature->err && !xs_number(feature->value, &n) && n > 0;
}

/* What the toolstack and the back-end say about this interface. */
static int read_properties(struct net *net)
{
    char mac[18], own_mtu[8], mtu[8], sg[4], no_csum4[4], csum6[4], gso4[4],
        gso6[4];
    struct xs_call calls[] = {
        xs_read_call(net->bus.path, "mac", mac, sizeof(mac)),
        xs_read_call(net->bus.path, "mtu", own_mtu, sizeof(own_mtu)),
        xs_read_call(net->bus.backend, "mtu", mtu, sizeof(mtu)),
        xs_read_call(net->bus.backend, "feature-sg", sg, sizeof(sg)),
        xs_read_call(net->bus.backend, "feature-no-csum-offload", no_csum4,
                     sizeof(no_csum4)),
        xs_read_call(net->bus.backend, "feature-ipv6-csum-offload", csum6,
                     sizeof(csum6)),
        xs_read_call(net->bus.backend, "feature-gso-tcpv4", gso4, sizeof(gso4)),
        xs_read_call(net->bus.backend, "feature-gso-tcpv6", gso6, sizeof(gso6)),
    };
    const struct xs_call *from = &calls[1];
    uint64_t n = MTU_DEFAULT;

    xs_batch(0, calls, ARRAY_LEN(calls)); /* each call tells its own error */
    if (calls[0].err || !parse_mac(mac, net->mac))
        return xenbus_fail(&net->bus, "no proper mac in xenstore");

    if (from->err == -ENOENT)
        from = &calls[2];
    if (from->err != -ENOENT &&
        (from->err || xs_number(from->value, &n) || n < MTU_MIN || n > MTU_MAX))
        return xenbus_fail(&net->bus, "no proper mtu in xenstore");
    net->mtu = (unsigned)n;

    net->sg = is_on(&calls[3]);
    net->csum4 = !is_on(&calls[4]);
    net->csum6 = is_on(&calls[5]);
    net->gso4 = net->sg && net->csum4 && is_on(&calls[6]);
    net->gso6 = net->sg && net->csum6 && is_on(&calls[7]);
    if (!net->sg && net->mtu > PAGE_SIZE - NET_HEADER)
        net->mtu = PAGE_SIZE - NET_HEADER;
    return 0;
}

static int connect(struct net *net)
{
    int err;

    if ((err = read_properties(net)) ||
        (err = xenbus_ring(&net->bus, &net->tx,
                           sizeof(union netif_tx_sring_entry))) ||
        (err = xenbus_ring(&net->bus, &net->rx,
                           sizeof(union netif_rx_sring_entry))) ||
        (err = gnttab_claim(net->ref, ARRAY_LEN(net->ref))))
        return err;
    net->tx_ref = net->ref;
    net->rx_ref = net->ref + RING_MAX;
    netio_list(net);
    net->ready = true;
    if (!netio_fill(net))
        return -ENOMEM;

    const struct xenbus_key keys[] = {
        {"tx-ring-ref", xenbus_ring_ref(&net->bus, 0)},
        {"rx-ring-ref", xenbus_ring_ref(&net->bus, 1)},
        {"request-rx-copy", 1},
        {"feature-rx-notify", 1},
        {"feature-sg", 1},
        {"feature-gso-tcpv4", 1},
        {"feature-gso-tcpv6", 1},
        {"feature-ipv6-csum-offload", 1},
    };
    if ((err = xenbus_connect(&net->bus, keys, ARRAY_LEN(keys))))
        return err;
    stamp(STAMP_VIF);
    netio_kick(net, &net->rx);
    return 0;
}

/* Undo connect(), however far it came. */
static void disconnect(struct net *net)
{
    if (net->ready)
        netio_unlist(net);
    xenbus_leave(&net->bus); /* so that it lets go of all our pages */
    if (net->ready) {
        netio_abandon(&net->tx, net->tx_ref);
        netio_abandon(&net->rx, net->rx_ref);
        buf_free(net->partial.first);
        net->partial = (struct net_partial){0};
        for (size_t i = 0; i < ARRAY_LEN(net->ref); i++)
            if (net->ref[i] != NET_REF_NONE)
                gnttab_release(&net->ref[i], 1);
    }
    net->ready = false;
    xenbus_close(&net->bus);
}

struct net *net_open(unsigned id)
{
    struct net *net = calloc(1, sizeof(*net));
    int err;

    if (!net)
        return NULL;
    if ((err = xenbus_open(&net->bus, "vif", id))) {
        free(net);
        errno = -err;
        return NULL;
    }
    if ((err = connect(net))) {
        disconnect(net);
        free(net);
        errno = -err;
        return NULL;
    }
    return net;
}

int net_reopen(struct net *net)
{
    int err;

    net->bus.broken = true; /* for those who ask meanwhile */
    disconnect(net);
    if ((err = xenbus_reopen(&net->bus)))
        return err;
    if ((err = connect(net)))
        disconnect(net);
    return err;
}

/* Let queued frames leave, for a while. */
static void drain(struct net *net)
{
    uint64_t deadline = clock_now() + CLOSE_WAIT;
    int err = 0;

    net_flush(net);
    net_reap(net);
    while (!err && !net->bus.broken && ring_space(&net->tx) < net->tx.size) {
        if (!ring_arm_half(&net->tx))
            err = waitq_wait_until(&net->bus.wake, deadline);
        net_reap(net);
    }
}

void net_close(struct net *net)
{
    drain(net);
    disconnect(net);
    free(net);
}

const uint8_t *net_mac(const struct net *net)
{
    return net->mac;
}

unsigned net_mtu(const struct net *net)
{
    return net->mtu;
}

bool net_csum6(const struct net *net)
{
    return net->csum6;
}

bool net_gso(const struct net *net, bool v6)
{
    return v6 ? net->gso6 : net->gso4;
}

bool net_broken(const struct net *net)
{
    return net->bus.broken;
}

unsigned net_epoch(const struct net *net)
{
    return net->bus.epoch;
}

const struct net_counts *net_counts(const struct net *net)
{
    return &net->counts;
}

struct waitq *net_wake(struct net *net)
{
    return &net->bus.wake;
}
