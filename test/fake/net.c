/* net.c: interfaces with a wire: see net.h. */

#include "test/fake/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/page.h"
#include "kernel/sched.h"
#include "lib/random.h"
#include "xen/clock.h"
#include "xen/netfront.h"

#define VIFS  4
#define WEEK  (7 * 86400 * FAKE_SECOND)
#define QUEUE 4096

struct net {
    unsigned id;
    bool open;
    struct buf *tx[QUEUE]; /* queued, then sent */
    unsigned queued, sent, slots;
    struct buf *rx[QUEUE];
    unsigned rx_first, rx_count;
    struct waitq wake;
};

static struct net nets[VIFS];
static struct waitq returned;
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
        if (sched_run())
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
        n++;
    return n;
}

int net_trysend(struct net *net, struct buf *b)
{
    if (fake_net.broken) {
        buf_free(b);
        return -EIO;
    }
    if (net->slots + pages(b) > fake_net.slots)
        return -EAGAIN;
    net->slots += pages(b);
    net->tx[net->queued++] = b;
    return 0;
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
        }
        fake_net.frames++;
        fake_net.blank += first->flags & BUF_CSUM_BLANK;
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

/* The neighbour */

uint16_t fake_sum(const void *data, size_t n, uint32_t sum)
{
    const uint8_t *p = data;

    for (size_t i = 0; i < n; i++)
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* The TCP segment, UDP datagram or ICMPv6 message of a frame. */
struct segment {
    const uint8_t *addresses;
    size_t addresses_size, len;
    unsigned protocol;
    uint8_t *data, *sum; /* NULL: it has no checksum that we know */
};

static struct segment segment_of(uint8_t *frame)
{
    uint8_t *ip = frame + 14;
    const size_t head = (ip[0] & 15u) * 4;
    struct segment s = {ip + 12, 8,         ((size_t)ip[2] << 8 | ip[3]) - head,
                        ip[9],   ip + head, NULL};

    if (ip[0] >> 4 == 6)
        s = (struct segment){ip + 8, 32,      (size_t)ip[4] << 8 | ip[5],
                             ip[6],  ip + 40, NULL};
    if (s.protocol == 6)
        s.sum = s.data + 16;
    else if (s.protocol == 17)
        s.sum = s.data + 6;
    else if (s.protocol == 58)
        s.sum = s.data + 2;
    return s;
}

static uint16_t pseudo_sum(const struct segment *s)
{
    return fake_sum(s->addresses, s->addresses_size,
                    (uint32_t)(s->protocol + s->len));
}

bool fake_checksum(uint8_t *frame, bool fix)
{
    const struct segment s = segment_of(frame);
    uint16_t sum;

    if (!s.sum)
        return true;
    if (fix)
        s.sum[0] = s.sum[1] = 0;
    else if (s.protocol == 17 && s.addresses_size == 8 && !s.sum[0] &&
             !s.sum[1])
        return true; /* UDP over IPv4: not used */
    sum = fake_sum(s.data, s.len, pseudo_sum(&s));
    if (!fix)
        return sum == 0xffff;
    sum = (uint16_t)~sum;
    s.sum[0] = (uint8_t)(sum >> 8);
    s.sum[1] = (uint8_t)sum;
    return true;
}

/* What stands in the field must be the sum that the back-end carries on. */
static bool pseudo_sum_right(uint8_t *frame)
{
    const struct segment s = segment_of(frame);

    return s.protocol != 58 && pseudo_sum(&s) == (s.sum[0] << 8 | s.sum[1]);
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
    uint8_t saved[16];

    memcpy(saved, a, n);
    memcpy(a, b, n);
    memcpy(b, saved, n);
}

static void answer_arp(unsigned id, uint8_t *frame)
{
    static const uint8_t peer[4] = {10, 0, 0, 9};

    if (frame[21] != 1 || memcmp(frame + 38, peer, 4) != 0)
        return;
    frame[21] = 2;
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, FAKE_PEER, 6);
    memcpy(frame + 32, frame + 22, 10);
    memcpy(frame + 22, FAKE_PEER, 6);
    memcpy(frame + 28, peer, 4);
    fake_deliver(id, frame, 42, 0);
}

/* A neighbour advertisement for a solicitation (RFC 4861). */
static void answer_solicitation(unsigned id, uint8_t *frame)
{
    static const uint8_t any[16];
    uint8_t *ip = frame + 14, *icmp = ip + 40;

    if (icmp[8 + 15] != 9 || memcmp(ip + 8, any, 16) == 0)
        return; /* only our own address, and nobody tries it out */
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, FAKE_PEER, 6);
    memcpy(ip + 24, ip + 8, 16);
    memcpy(ip + 8, icmp + 8, 16);
    icmp[0] = 136;
    icmp[4] = 0x60; /* solicited, override */
    icmp[24] = 2;
    memcpy(icmp + 26, FAKE_PEER, 6);
    fake_checksum(frame, true);
    fake_deliver(id, frame, 86, 0);
}

/* The same with IPv6; of fragments nothing is looked at but the first's sum. */
static void mirror6(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    const bool fragment = frame[20] == 44, blank = flags & BUF_CSUM_BLANK;
    const bool chatter = frame[54] >= 130 && frame[54] <= 137;

    if (!fragment && frame[20] && !blank && !fake_checksum(frame, false))
        fake_net.bad_sums++;
    if (blank && (fragment || fake_net.no_csum6 || !pseudo_sum_right(frame)))
        fake_net.bad_sums++;
    if (frame[20] == 58 && frame[54] == 135)
        answer_solicitation(id, frame);
    if (memcmp(frame, FAKE_PEER, 6) != 0 || (frame[20] == 58 && chatter))
        return;
    if (blank && !fake_net.vouch)
        fake_checksum(frame, true);
    swap(frame, frame + 6, 6);
    swap(frame + 22, frame + 38, 16);
    fake_deliver(id, frame, len, fake_net.vouch ? BUF_CSUM_OK : 0);
}

void fake_mirror(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    static unsigned count;
    const unsigned fragment = ((unsigned)frame[20] << 8 | frame[21]) & 0x3fff;

    count++;
    if (frame[12] == 8 && frame[13] == 6)
        answer_arp(id, frame);
    if (frame[12] == 0x86 && frame[13] == 0xdd)
        mirror6(id, frame, len, flags);
    if (frame[12] != 8 || frame[13] != 0 || memcmp(frame, FAKE_PEER, 6) != 0)
        return;
    if (fake_sum(frame + 14, 20, 0) != 0xffff)
        fake_net.bad_sums++;
    if (!fragment && !(flags & BUF_CSUM_BLANK) && !fake_checksum(frame, false))
        fake_net.bad_sums++;
    if (fragment == 0x2000 && frame[23] == 17 && !frame[40] && !frame[41])
        fake_net.bad_sums++; /* a datagram in pieces has its sum */
    if (flags & BUF_CSUM_BLANK && (fragment || !pseudo_sum_right(frame)))
        fake_net.bad_sums++;
    if (flags & BUF_CSUM_BLANK && !fake_net.vouch)
        fake_checksum(frame, true);
    if (fake_net.lose && count % fake_net.lose == 0)
        return;
    if (fake_net.spoil && count % fake_net.spoil == 0)
        frame[len - 1] ^= 0x40;
    swap(frame, frame + 6, 6);
    swap(frame + 26, frame + 30, 4);
    fake_deliver(id, frame, len, fake_net.vouch ? BUF_CSUM_OK : 0);
}
