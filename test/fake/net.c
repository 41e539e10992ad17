/* net.c: interfaces with a wire: see net.h. */

#include "test/fake/net.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "kernel/sched.h"
#include "lib/random.h"
#include "xen/clock.h"
#include "xen/netfront.h"

#define VIFS  6
#define WEEK  (7 * 86400 * FAKE_SECOND)
#define QUEUE 4096

struct net {
    unsigned id;
    bool open;
    struct buf *tx[QUEUE]; /* queued, then sent */
    unsigned queued, sent, slots;
    struct buf *rx[QUEUE];
    unsigned rx_first, rx_count;
    bool tx_armed; /* somebody waits for what is sent */
    struct waitq wake;
};

static struct net nets[VIFS];
static struct waitq returned;
struct net_counts fake_counts;
struct fake_net fake_net = {
    .vifs = 1, .mac = FAKE_MAC, .mtu = 1500, .slots = 256, .wire = fake_mirror};
uint64_t fake_now = 1000 * FAKE_SECOND;

/* The world */

uint64_t clock_now(void)
{
    return fake_now;
}

void random_bytes(void *out, size_t n)
{
    static uint64_t x = 88172645463325252u;

    for (size_t i = 0; i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        ((uint8_t *)out)[i] = (uint8_t)x;
    }
}

uint32_t random_u32(void)
{
    uint32_t x;

    random_bytes(&x, sizeof(x));
    return x;
}

static void (*job)(void);
static bool done;

static void run_job(void *arg)
{
    (void)arg;
    job();
    done = true;
}

bool fake_world(void (*fn)(void))
{
    const uint64_t end = fake_now + WEEK;

    job = fn;
    done = false;
    thread_create("test", run_job, NULL);
    while (!done && fake_now < end) {
        sched_expire(fake_now);
        if (sched_run(1))
            fake_net.turns++;
        else if (sched_next_deadline() > fake_now)
            fake_now = sched_next_deadline();
    }
    return done;
}

/* The interfaces */

struct net *net_open(unsigned id)
{
    struct net *net = &nets[id];

    if (id >= fake_net.vifs || net->open) {
        errno = ENODEV;
        return NULL;
    }
    thread_yield(); /* the handshake waits */
    net->id = id;
    net->open = true;
    return net;
}

size_t net_open_all(const unsigned ids[], struct net *opened[], size_t n)
{
    size_t got = 0;

    while (got < n && (opened[got] = net_open(ids[got])))
        got++;
    return got;
}

void net_close(struct net *net)
{
    net->open = false;
}

const uint8_t *net_mac(const struct net *net)
{
    (void)net;
    return (const uint8_t *)fake_net.mac;
}

unsigned net_mtu(const struct net *net)
{
    (void)net;
    return fake_net.mtu;
}

bool net_csum6(const struct net *net)
{
    (void)net;
    return !fake_net.no_csum6;
}

bool net_gso(const struct net *net, bool v6)
{
    (void)net;
    return fake_net.gso && !(v6 && fake_net.no_csum6);
}

struct net_counts *net_counts(struct net *net)
{
    (void)net;
    return &fake_counts;
}

bool net_broken(const struct net *net)
{
    (void)net;
    return fake_net.broken;
}

unsigned net_epoch(const struct net *net)
{
    (void)net;
    return fake_net.epoch;
}

int net_reopen(struct net *net)
{
    (void)net;
    while (fake_net.gone)
        waitq_wait(&returned);
    fake_net.broken = false;
    fake_net.epoch++;
    return 0;
}

static unsigned pages(const struct buf *b)
{
    unsigned n = 0;

    for (; b; b = b->next)
        n += buf_touches(b);
    return n;
}

/* What leaves on a wire fits into its MTU. */
static bool fits(const struct net *net, const struct buf *b)
{
    return b->gso_size ? net_gso(net, b->flags & BUF_GSO_V6) &&
                             b->gso_size + 40u <= fake_net.mtu
                       : buf_total(b) <= fake_net.mtu + 14;
}

int net_trysend(struct net *net, struct buf *b)
{
    if (fake_net.broken) {
        buf_free(b);
        return -EIO;
    }
    if (!fits(net, b)) {
        fake_net.too_long++;
        buf_free(b);
        return -EMSGSIZE;
    }
    if (net->slots + pages(b) > fake_net.slots)
        return -EAGAIN;
    net->slots += pages(b);
    net->tx[net->queued++] = b;
    return 0;
}

static void put_u16(uint8_t *p, size_t n)
{
    p[0] = (uint8_t)(n >> 8);
    p[1] = (uint8_t)n;
}

/* The pseudo-header's part of a TCP segment's sum, and all of IPv4's. */
static void fix_headers(uint8_t *ip, uint8_t *tcp, size_t n)
{
    const bool v6 = ip[0] >> 4 == 6;

    put_u16(ip + (v6 ? 4 : 2), v6 ? n : n + 20);
    put_u16(tcp + 16,
            fake_sum(ip + (v6 ? 8 : 12), v6 ? 32 : 8, (uint32_t)n + 6));
    if (!v6) {
        put_u16(ip + 10, 0);
        put_u16(ip + 10, (uint16_t)~fake_sum(ip, 20, 0));
    }
}

/* As a card cuts a large segment. */
static void cut(struct net *net, const uint8_t *frame, size_t len, size_t size,
                unsigned flags)
{
    const size_t ip = 14, tcp = ip + (frame[ip] >> 4 == 6 ? 40 : 20);
    const size_t head = tcp + (frame[tcp + 12] >> 4) * 4u;
    static uint8_t part[65536 + 64];

    assert(flags & BUF_CSUM_BLANK);
    for (size_t at = head; at < len; at += size) {
        const size_t n = len - at < size ? len - at : size;
        uint32_t seq;

        memcpy(part, frame, head);
        memcpy(part + head, frame + at, n);
        memcpy(&seq, part + tcp + 4, 4);
        seq = htonl(ntohl(seq) + (uint32_t)(at - head));
        memcpy(part + tcp + 4, &seq, 4);
        if (at + n < len)
            part[tcp + 13] &= (uint8_t)~9; /* FIN and PSH are the last one's */
        fix_headers(part + ip, part + tcp, head - tcp + n);
        fake_net.wire(net->id, part, head + n, flags);
    }
}

static void transmit(struct net *net)
{
    static uint8_t frame[65536 + 64];

    while (net->sent < net->queued && !fake_net.stuck) {
        const struct buf *first = net->tx[net->sent++];
        size_t len = 0;

        for (const struct buf *b = first; b; b = b->next) {
            memcpy(frame + len, b->page + b->off, b->len);
            len += b->len;
            fake_net.in_place += b->owner != b ? buf_touches(b) : 0;
        }
        fake_net.frames++;
        fake_net.blank += first->flags & BUF_CSUM_BLANK;
        fake_net.large += first->gso_size != 0;
        if (first->gso_size && !fake_net.whole)
            cut(net, frame, len, first->gso_size, first->flags);
        else
            fake_net.wire(net->id, frame, len, first->flags);
    }
}

void net_flush(struct net *net)
{
    fake_net.kicks += net->sent < net->queued;
    transmit(net);
}

bool net_reap(struct net *net)
{
    const unsigned n = net->sent;

    for (unsigned i = 0; i < n; i++) {
        net->slots -= pages(net->tx[i]);
        buf_free(net->tx[i]);
    }
    memmove(net->tx, net->tx + n, (net->queued - n) * sizeof(net->tx[0]));
    net->queued -= n;
    net->sent = 0;
    return n != 0;
}

void fake_break(void)
{
    fake_net.broken = fake_net.gone = true;
    for (unsigned id = 0; id < fake_net.vifs; id++) {
        nets[id].sent = nets[id].queued;
        net_reap(&nets[id]);
        waitq_wake(&nets[id].wake);
    }
}

void fake_take_over(void)
{
    fake_net.epoch++;
    for (unsigned id = 0; id < fake_net.vifs; id++)
        nets[id].tx_armed = true;
    fake_unstick();
}

void fake_mend(void)
{
    fake_net.gone = false;
    waitq_wake(&returned);
}

void fake_unstick(void)
{
    fake_net.stuck = false;
    for (unsigned id = 0; id < fake_net.vifs; id++) {
        transmit(&nets[id]);
        if (nets[id].tx_armed)
            waitq_wake(&nets[id].wake);
    }
}

struct buf *net_poll(struct net *net)
{
    struct buf *b;

    if (!net->rx_count)
        return NULL;
    b = net->rx[net->rx_first];
    net->rx_first = (net->rx_first + 1) % QUEUE;
    net->rx_count--;
    return b;
}

bool net_arm(struct net *net, bool tx)
{
    net->tx_armed = tx;
    return net->rx_count || (tx && net->sent * 2 >= net->queued && net->sent);
}

struct waitq *net_wake(struct net *net)
{
    return &net->wake;
}

void fake_deliver(unsigned id, const void *frame, size_t len, uint8_t flags)
{
    struct net *net = &nets[id];
    struct buf *first = buf_alloc(), *b = first;
    const uint8_t *p = frame;

    while (b) {
        const size_t n = len < PAGE_SIZE ? len : PAGE_SIZE;

        memcpy(b->page, p, n);
        b->len = (uint16_t)n;
        p += n;
        len -= n;
        if (!len)
            break;
        b = b->next = buf_alloc();
    }
    if (!b || net->rx_count == QUEUE) {
        buf_free(first);
        fake_net.lost++;
        return;
    }
    first->flags = flags;
    net->rx[(net->rx_first + net->rx_count++) % QUEUE] = first;
    waitq_wake(&net->wake);
}
