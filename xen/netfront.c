/* netfront.c: finding, connecting and leaving a network back-end. */

#include "xen/netfront.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

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

enum property {
    MAC,
    OWN_MTU,
    MTU,
    SG,
    NO_CSUM4,
    CSUM6,
    GSO4,
    GSO6,
    PROPERTIES
};

/* What the toolstack and the back-end say about an interface. */
struct properties {
    char text[PROPERTIES][18];
    struct xs_call reads[PROPERTIES];
};

static void ask_properties(struct net *net, struct properties *p)
{
    static const char *const keys[PROPERTIES] = {
        [MAC] = "mac",
        [OWN_MTU] = "mtu",
        [MTU] = "mtu",
        [SG] = "feature-sg",
        [NO_CSUM4] = "feature-no-csum-offload",
        [CSUM6] = "feature-ipv6-csum-offload",
        [GSO4] = "feature-gso-tcpv4",
        [GSO6] = "feature-gso-tcpv6",
    };

    for (size_t i = 0; i < PROPERTIES; i++)
        p->reads[i] = xs_read_call(i < MTU ? net->bus.path : net->bus.backend,
                                   keys[i], p->text[i], sizeof(p->text[i]));
}

static int take_properties(struct net *net, const struct properties *p)
{
    const struct xs_call *reads = p->reads, *mtu = &reads[OWN_MTU];
    uint64_t n = MTU_DEFAULT;

    if (reads[MAC].err || !parse_mac(p->text[MAC], net->mac))
        return xenbus_fail(&net->bus, "no proper mac in xenstore");

    if (mtu->err == -ENOENT)
        mtu = &reads[MTU];
    if (mtu->err != -ENOENT &&
        (mtu->err || xs_number(mtu->value, &n) || n < MTU_MIN || n > MTU_MAX))
        return xenbus_fail(&net->bus, "no proper mtu in xenstore");
    net->mtu = (unsigned)n;

    net->sg = is_on(&reads[SG]);
    net->csum4 = !is_on(&reads[NO_CSUM4]);
    net->csum6 = is_on(&reads[CSUM6]);
    net->gso4 = net->sg && net->csum4 && is_on(&reads[GSO4]);
    net->gso6 = net->sg && net->csum6 && is_on(&reads[GSO6]);
    if (!net->sg && net->mtu > PAGE_SIZE - NET_HEADER)
        net->mtu = PAGE_SIZE - NET_HEADER;
    return 0;
}

static int connect(struct net *net, const struct properties *p)
{
    int err;

    if ((err = take_properties(net, p)) ||
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
    if ((err = xenbus_connect(&net->bus, keys, ARRAY_LEN(keys), NULL, 0)))
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
        net->counts.tx_lost += netio_abandon(&net->tx, net->tx_ref);
        net->counts.rx_errors += net->partial.slots != 0;
        netio_abandon(&net->rx, net->rx_ref);
        buf_free(net->partial.first);
        net->partial = (struct net_partial){0};
        for (size_t i = 0; i < ARRAY_LEN(net->ref); i++)
            if (net->ref[i] != GREF_NONE)
                gnttab_release(&net->ref[i], 1);
    }
    net->ready = false;
    xenbus_close(&net->bus);
}

static struct net *open_place(struct xenbus_place *place)
{
    struct net *net = calloc(1, sizeof(*net));
    struct properties p = {0};
    int err;

    if (!net)
        return NULL;
    ask_properties(net, &p);
    if ((err = xenbus_open(&net->bus, place, p.reads, PROPERTIES))) {
        free(net);
        errno = -err;
        return NULL;
    }
    if ((err = connect(net, &p))) {
        disconnect(net);
        free(net);
        errno = -err;
        return NULL;
    }
    return net;
}

struct net *net_open(unsigned id)
{
    struct xenbus_place place;

    xenbus_ask(&place, "vif", id);
    return open_place(&place);
}

/* One of several that are opened at the same time. */
struct opening {
    struct xenbus_place place;
    struct net *net;
    int err;
    bool done;
};

static struct waitq opened;

static void open_one(void *arg)
{
    struct opening *o = arg;

    o->net = open_place(&o->place);
    o->err = errno;
    o->done = true;
    waitq_wake(&opened);
}

size_t net_open_all(const unsigned ids[], struct net *nets[], size_t n)
{
    struct opening o[NET_OPEN_ALL] = {0};
    size_t there = 0, got = 0, i;

    assert(n <= NET_OPEN_ALL);
    for (i = 0; i < n; i++)
        xenbus_ask(&o[i].place, "vif", ids[i]);
    for (i = 0; i < n; i++)
        there += xenbus_is_there(&o[i].place) && there == i;

    for (i = 1; i < there; i++)
        if (!thread_create("vif", open_one, &o[i]))
            open_one(&o[i]);
    if (there > 0)
        open_one(&o[0]);
    for (i = 0; i < there; i++)
        while (!o[i].done)
            waitq_wait(&opened);

    for (; got < there && o[got].net; got++)
        nets[got] = o[got].net;
    for (i = got + 1; i < there; i++)
        if (o[i].net)
            net_close(o[i].net);
    errno = got < there ? o[got].err : ENODEV;
    return got;
}

int net_reopen(struct net *net)
{
    struct properties p = {0};
    int err;

    net->bus.broken = true; /* for those who ask meanwhile */
    disconnect(net);
    ask_properties(net, &p);
    if ((err = xenbus_reopen(&net->bus, p.reads, PROPERTIES)))
        return err;
    if ((err = connect(net, &p)))
        disconnect(net);
    return err;
}

/* Let queued frames leave, for a while. */
static void drain(struct net *net)
{
    uint64_t deadline = clock_now() + CLOSE_WAIT;
    int err = 0;

    net_flush(net);
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

struct net_counts *net_counts(struct net *net)
{
    return &net->counts;
}

struct waitq *net_wake(struct net *net)
{
    return &net->bus.wake;
}
