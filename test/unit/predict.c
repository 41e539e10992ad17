/* predict.c and tcpout.c, against what lwIP does in the same places. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "lib/fd.h"
#include "lib/util.h"
#include "net/frame.h"
#include "net/lwip.h"
#include "net/plain.h"
#include "net/predict.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

#define THEIRS  9
#define HEADERS 54
#define BREATH  (FAKE_SECOND / 1000)
#define STEPS   3000
#define SCALE   5 /* of the peer's window */

enum { FIN = 1, PSH = 8, ACK = 16 };

/* All that an observer can see of a step: of two runs it must be the same. */
struct seen {
    uint32_t value[40];
};

static struct seen seen[2][STEPS];
static unsigned run, steps, taken;
static struct net_counts counts;
static struct tcp_pcb *pcb;
static uint32_t ours, theirs;      /* their first byte's numbers */
static uint32_t sent, received;    /* by the peer */
static uint32_t acknowledged;      /* by the peer */
static uint32_t written, done;     /* by our program */
static uint32_t window = 1u << 16; /* the peer's */
static uint32_t frames;            /* of ours, in a sum */
static uint32_t dice;
static bool calm; /* most segments are what one expects */
static bool slow; /* our program reads little */
static int fd;

static uint32_t roll(uint32_t n)
{
    dice = dice * 1664525 + 1013904223;
    return (dice >> 8) % n;
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static void put32(uint8_t *p, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* ---- the peer ---- */

static uint8_t frame[2000];

static size_t make_segment(unsigned flags, uint32_t seq, uint32_t ack, size_t n)
{
    memset(frame, 0, HEADERS);
    memcpy(frame, FAKE_MAC FAKE_PEER "\x08\x00\x45", 15);
    frame[16] = (uint8_t)((n + 40) >> 8);
    frame[17] = (uint8_t)(n + 40);
    memcpy(frame + 22, "\x40\x06\x00\x00\x0a\x00\x00\x09\x0a\x00\x00\x02", 12);
    memcpy(frame + 34, "\x00\x09\x00\x07", 4);
    put32(frame + 38, theirs + seq);
    put32(frame + 42, ours + ack);
    frame[46] = 0x50;
    frame[47] = (uint8_t)flags;
    frame[48] = (uint8_t)(window >> SCALE >> 8);
    frame[49] = (uint8_t)(window >> SCALE);
    for (size_t i = 0; i < n; i++)
        frame[HEADERS + i] = byte_at(seq + i);
    return HEADERS + n;
}

static void sum_header(void)
{
    uint16_t sum;

    frame[24] = frame[25] = 0;
    sum = (uint16_t)~fake_sum(frame + 14, 20, 0);
    frame[24] = (uint8_t)(sum >> 8);
    frame[25] = (uint8_t)sum;
}

/* In one piece or two. */
static struct buf *in_buf(size_t len, size_t first)
{
    struct buf *b = buf_alloc();

    b->off = 33;
    b->len = (uint16_t)(len < first ? len : first);
    b->flags = BUF_CSUM_OK;
    memcpy(b->page + b->off, frame, b->len);
    if (len > first) {
        b->next = buf_alloc();
        b->next->len = (uint16_t)(len - first);
        memcpy(b->next->page, frame + first, len - first);
    }
    return b;
}

/* Is it taken, when nobody has to ask lwIP? */
static bool predicted(size_t len, size_t first)
{
    struct buf *b = in_buf(len, first);
    const struct plain *h = plain_received(netif_default, b);

    if (h && h->ip._proto == IP_PROTO_TCP && predict_received(h, b, &counts)) {
        net_touch();
        nap(BREATH);
        return true;
    }
    buf_free(b);
    return false;
}

/* As it may be. */
static void deliver(size_t len)
{
    const size_t first = roll(3) ? sizeof(frame) : HEADERS + roll(400);

    sum_header();

    fake_checksum(frame, true);
    if (roll(8) == 0)
        len += 6; /* what follows is not the packet's */
    if (predicted(len, first)) {
        cr_assert_eq(run, 1);
        taken++;
        return;
    }
    fake_deliver(0, frame, len, 0);
    nap(BREATH);
}

static void say_segment(unsigned flags, uint32_t seq, uint32_t ack, size_t n)
{
    deliver(make_segment(flags, seq, ack, n));
}

/* What we send: kept in a sum, but for what identifies a packet. */
static void wire(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    const size_t n = ((size_t)f[16] << 8 | f[17]) - 40;
    uint32_t seq;

    if (f[12] != 8 || f[13] != 0 || f[23] != 6) {
        fake_mirror(id, f, len, flags);
        return;
    }
    cr_assert_eq(fake_sum(f + 14, 20, 0), 0xffff);
    cr_assert_eq(flags, BUF_CSUM_BLANK);
    if (f[47] & 2) { /* SYN */
        ours = get32(f + 38) + 1;
        return;
    }
    seq = get32(f + 38) - ours;
    if (seq + n > received && seq <= received)
        received = seq + (uint32_t)n;
    put32(f + 38, seq);
    put32(f + 42, get32(f + 42) - theirs);
    memset(f + 18, 0, 2);
    memset(f + 24, 0, 2);
    memset(f + 50, 0, 2);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(f[HEADERS + i], byte_at(seq + i));
    for (size_t i = 0; i < len; i++)
        frames = frames * 31 + f[i];
}

/* ---- the observer ---- */

static uint32_t bytes_in(const struct tcp_seg *seg)
{
    uint32_t n = 0;

    for (; seg; seg = seg->next)
        n = n * 3 + seg->len;
    return n;
}

static void note(void)
{
    int unread = 0;

    cr_assert_lt(steps, STEPS);
    ioctl(fd, FIONREAD, &unread);
    seen[run][steps++] =
        (struct seen){{pcb->state,
                       pcb->flags,
                       pcb->rcv_nxt - theirs,
                       pcb->rcv_wnd,
                       pcb->rcv_ann_wnd,
                       pcb->rcv_ann_right_edge - theirs,
                       (uint32_t)pcb->rtime,
                       pcb->rttest ? tcp_ticks - pcb->rttest : 99,
                       pcb->rttest ? pcb->rtseq - ours : 0,
                       (uint32_t)pcb->sa,
                       (uint32_t)pcb->sv,
                       (uint32_t)pcb->rto,
                       pcb->nrtx,
                       pcb->dupacks,
                       pcb->lastack - ours,
                       pcb->cwnd,
                       pcb->ssthresh,
                       pcb->snd_nxt - ours,
                       pcb->snd_wl1 - theirs,
                       pcb->snd_wl2 - ours,
                       pcb->snd_lbb - ours,
                       pcb->snd_wnd,
                       pcb->snd_wnd_max,
                       pcb->snd_buf,
                       pcb->snd_queuelen,
                       pcb->unsent_oversize,
                       pcb->bytes_acked,
                       bytes_in(pcb->unsent),
                       bytes_in(pcb->unacked),
                       bytes_in(pcb->ooseq),
                       pcb->polltmr,
                       tcp_ticks - pcb->tmr,
                       pcb->keep_cnt_sent,
                       pcb->persist_backoff,
                       pcb->persist_probe,
                       (uint32_t)unread,
                       ready(fd),
                       frames}};
}

static void compare(void)
{
    for (unsigned i = 0; i < steps; i++)
        for (unsigned k = 0; k < ARRAY_LEN(seen[0][0].value); k++)
            cr_assert_eq(seen[0][i].value[k], seen[1][i].value[k],
                         "step %u, value %u: %u, not %u", i, k,
                         seen[1][i].value[k], seen[0][i].value[k]);
}

/* ---- a conversation ---- */

static void begin(void)
{
    const int l = listener(PORT, 5);

    nap(FAKE_SECOND - fake_now % FAKE_SECOND +
        BREATH / 2); /* never as a timer */
    fake_net.wire = wire;
    theirs = 0xfffff000u; /* its numbers wrap soon */
    sent = received = acknowledged = frames = written = done = steps = 0;
    make_segment(2, 0, 0, 4);
    put32(frame + 42, 0);
    frame[46] = 0x60;
    memcpy(frame + HEADERS, "\x03\x03\x05\x00", 4); /* its window's scale */
    theirs++;
    sum_header();
    fake_checksum(frame, true);
    fake_deliver(0, frame, HEADERS + 4, 0);
    nap(BREATH);
    say_segment(ACK, 0, 0, 0);
    fd = accept(l, NULL, NULL);
    cr_assert_geq(fd, 0);
    fd_close(l);
    pcb = tcp_active_pcbs;
    if (run == 0) /* all is left to lwIP when a pcb is an interface's */
        pcb->netif_idx = netif_get_index(netif_default);
    if (slow) { /* and wants to know who lives */
        set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
        set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
    }
    for (const uint32_t now = tcp_ticks; tcp_ticks == now;)
        nap(BREATH); /* the timers' step is the same in both runs */
    note();
}

static void write_some(void)
{
    static uint8_t data[70000];
    const size_t n = roll(4) ? 1 + roll(100) : 1 + roll(sizeof(data));
    for (size_t i = 0; i < n; i++)
        data[i] = byte_at(written + i);
    if (pcb->snd_lbb - pcb->lastack > 200000)
        return; /* how much it may be is not the same: memory is not */
    const ssize_t m = send(fd, data, n, MSG_DONTWAIT);

    written += m > 0 ? (uint32_t)m : 0;
    nap(BREATH);
}

static void read_some(void)
{
    static uint8_t data[70000];
    const ssize_t n =
        recv(fd, data, 1 + roll(slow ? 200 : sizeof(data)), MSG_DONTWAIT);

    for (ssize_t i = 0; i < n; i++)
        cr_assert_eq(data[i], byte_at(done + (size_t)i));
    done += n > 0 ? (uint32_t)n : 0;
    nap(BREATH);
}

static void step(void)
{
    const uint32_t n = slow || roll(3) ? 1 + roll(1460) : 1 + roll(20);
    const uint32_t room = pcb->rcv_wnd;

    switch (roll(calm ? 48 : 16)) {
    case 0: /* again */
        if (sent >= n)
            say_segment(ACK, sent - n, acknowledged, n);
        break;
    case 1: /* too early */
        if (room > 3000)
            say_segment(ACK, sent + n, acknowledged, n);
        break;
    case 2: /* again, and more */
        if (sent >= n && room > n) {
            say_segment(ACK | PSH, sent - n, acknowledged, 1460);
            sent += 1460 - n;
        }
        break;
    case 3:
        window = roll(4) ? 1u << (11 + roll(8)) : roll(2) * 5000;
        say_segment(ACK, sent, acknowledged, 0);
        break;
    case 4:        /* a part of what has come */
        if (!room) /* lwIP would answer that, for nothing */
            break;
        acknowledged += roll(received - acknowledged + 1);
        say_segment(ACK, sent, acknowledged, 0);
        break;
    case 5: /* a duplicate */
        say_segment(ACK, sent, acknowledged, 0);
        break;
    case 6: /* what was never sent */
        say_segment(ACK, sent, received + 100000, 0);
        break;
    case 7:
        nap(roll(3) ? 50 * BREATH : roll(3) ? 700 * BREATH : 2500 * BREATH);
        break;
    case 8: /* asks whether we live */
        if (sent)
            say_segment(ACK, sent - 1, acknowledged, 0);
        break;
    case 9:
    case 10:
        write_some();
        break;
    case 11:
        read_some();
        break;
    case 12:
        if (!room)
            break;
        acknowledged = received;
        say_segment(ACK, sent, acknowledged, 0);
        break;
    default: /* data in order */
        acknowledged = roll(2) ? received : acknowledged;
        if (roll(8) == 0)
            window = 1u << (11 + roll(10));
        say_segment(roll(2) ? ACK : ACK | PSH, sent, acknowledged, n);
        sent += n < room ? n : room;
        if (room < 5 * 1460 && roll(20) == 0)
            read_some();
    }
}

/* A FIN behind what is written, which the peer does not acknowledge. */
static void say_goodbye(void)
{
    write_some();
    shutdown(fd, SHUT_WR);
    nap(BREATH);
    note();
    for (int i = 0; i < 3; i++) {
        acknowledged = received;
        say_segment(ACK, sent, acknowledged, 0);
        note();
    }
}

static void converse(void)
{
    begin();
    while (steps < STEPS - 10) {
        step();
        if (tcp_active_pcbs != pcb || pcb->state != ESTABLISHED)
            break;
        note();
    }
    cr_assert_gt(steps, 20);
    if (tcp_active_pcbs == pcb && pcb->state == ESTABLISHED)
        say_goodbye();
    fake_net.wire = fake_mirror;
    fd_close(fd);
    if (tcp_active_pcbs)
        tcp_abort(tcp_active_pcbs);
}

static void talk(void)
{
    unsigned all = 0;

    cr_assert(world(converse)); /* lwIP measures nothing in its first tick */
    for (uint32_t seed = 1; seed <= 20; seed++) {
        for (run = 0; run < 2; run++) {
            dice = seed;
            calm = seed % 2;
            slow = seed % 4 == 1;
            window = 1u << 16;
            cr_assert(world(converse));
            all += steps;
        }
        compare();
    }
    cr_assert_gt(all, 50000);
    cr_assert_gt(taken, all / 6, "%u of %u", taken, all);
}

Test(predict, leaves_connections_as_lwip_would)
{
    talk();
}

Test(predict, does_so_with_large_segments)
{
    fake_net.gso = true;
    talk();
    cr_assert_gt(fake_net.large, 1000);
}

static void cut_short(void)
{
    for (unsigned length = 0; length < 44; length++) {
        const size_t len = make_segment(ACK, 0, 0, 4);
        struct buf *b;

        frame[17] = (uint8_t)length;
        sum_header();
        b = in_buf(len, sizeof(frame));
        cr_assert_eq(plain_received(netif_default, b) != NULL, length >= 40,
                     "%u", length);
        b->len = (uint16_t)(14 + length); /* nothing behind it */
        cr_assert_eq(plain_received(netif_default, b) != NULL, length >= 40,
                     "%u", length);
        buf_free(b);
    }
}

Test(predict, leaves_what_has_no_whole_header)
{
    cr_assert(world(cut_short));
}

/* With its window closed the peer takes the byte that asks whether it still is.
 */
static void probe(void)
{
    const uint8_t byte = byte_at(0);

    begin();
    window = 0;
    say_segment(ACK, 0, 0, 1);
    say_segment(ACK, 1, 0, 1);
    cr_assert_eq(send(fd, &byte, 1, 0), 1);
    nap(20 * FAKE_SECOND);
    cr_assert_eq(received, 1);
    say_segment(ACK, 2, 1, 0);
    nap(100 * FAKE_SECOND);
    cr_assert_eq(pcb->state, ESTABLISHED);
    cr_assert(!pcb->unsent && !pcb->unacked);
    fd_close(fd);
    while (tcp_active_pcbs)
        tcp_abort(tcp_active_pcbs);
    fake_net.wire = fake_mirror;
}

Test(predict, stops_asking_when_the_byte_that_asks_was_the_last)
{
    cr_assert(world(probe));
}
