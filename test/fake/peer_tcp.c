/* peer_tcp.c: a TCP peer that says what it is told to: see peer_tcp.h. */

#include "test/fake/peer_tcp.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/priv/tcp_priv.h>

#include "kernel/buf.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

#define TCP        34 /* where its header begins */
#define HEADERS    54
#define FIRST      0xffff0000u /* the SYN's number: the others wrap soon */
#define STREAM_MAX (4u << 20)
#define BREATH     (FAKE_SECOND / 1000)

struct peer_tcp peer_tcp = {.mss = 1460, .scale = 7, .window = 1u << 20};

static bool arrived[STREAM_MAX];
static uint32_t ours, theirs; /* our first byte's number, and its next one */
static uint16_t port;         /* ours */

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static void put16(uint8_t *p, uint32_t n)
{
    p[0] = (uint8_t)(n >> 8);
    p[1] = (uint8_t)n;
}

static void put32(uint8_t *p, uint32_t n)
{
    put16(p, n >> 16);
    put16(p + 2, n);
}

/* ---- what it says ---- */

/* With options, whose sizes are multiples of 4, and n bytes of data. */
static void deliver(unsigned flags, uint32_t ack, uint32_t window,
                    const void *options, size_t size, size_t n)
{
    static uint8_t f[2000];

    if (!(flags & TCP_SYN))
        window >>= peer_tcp.scale;
    memset(f, 0, sizeof(f));
    memcpy(f, FAKE_MAC FAKE_PEER "\x08\x00\x45", 15);
    put16(f + 16, (uint32_t)(40 + size + n));
    memcpy(f + 22, "\x40\x06\x00\x00\x0a\x00\x00\x09\x0a\x00\x00\x02", 12);
    put16(f + 24, ~(uint32_t)fake_sum(f + 14, 20, 0));
    put16(f + TCP, PEER_PORT);
    put16(f + TCP + 2, port);
    put32(f + TCP + 4, theirs);
    put32(f + TCP + 8, flags & TCP_ACK ? ours + ack : 0);
    f[TCP + 12] = (uint8_t)((20 + size) / 4 << 4);
    f[TCP + 13] = (uint8_t)flags;
    put16(f + TCP + 14, window < 65535 ? window : 65535);
    if (size)
        memcpy(f + HEADERS, options, size);
    fake_deliver(0, f, HEADERS + size + n, BUF_CSUM_OK);
    theirs += (uint32_t)n + (flags & TCP_SYN ? 1 : 0);
}

void peer_tcp_say(uint32_t ack, uint32_t window)
{
    deliver(TCP_ACK, ack, window, NULL, 0, 0);
}

void peer_tcp_send(uint32_t ack, uint32_t window, size_t n)
{
    deliver(TCP_ACK, ack, window, NULL, 0, n);
}

void peer_tcp_say_mss(uint32_t ack, uint32_t window, unsigned mss)
{
    const uint8_t option[] = {2, 4, (uint8_t)(mss >> 8), (uint8_t)mss};

    deliver(TCP_ACK, ack, window, option, sizeof(option), 0);
}

/* Where what it may be sent ends. */
static uint32_t edge(void)
{
    return peer_tcp.edge ? peer_tcp.edge : peer_tcp.next + peer_tcp.window;
}

void peer_tcp_ack(void)
{
    peer_tcp_say(peer_tcp.next + peer_tcp.fin, edge() - peer_tcp.next);
}

static void say_syn(unsigned flags)
{
    const uint8_t options[] = {
        2, 4, (uint8_t)(peer_tcp.mss >> 8), (uint8_t)peer_tcp.mss, 1,
        3, 3, (uint8_t)peer_tcp.scale};

    theirs = FIRST;
    deliver(flags, 0, peer_tcp.window, options, sizeof(options), 0);
}

void peer_tcp_say_hello(void)
{
    say_syn(TCP_SYN | TCP_ACK);
}

/* ---- what it hears ---- */

static void take(uint32_t at, const uint8_t *data, size_t n)
{
    const uint32_t end = edge();

    cr_assert_leq(at + n, STREAM_MAX);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(data[i], byte_at(at + i), "at %zu", at + i);
        if (at + i < end)
            arrived[at + i] = true;
    }
    while (peer_tcp.next < STREAM_MAX && arrived[peer_tcp.next])
        peer_tcp.next++;
}

static void hear(const uint8_t *tcp, size_t size)
{
    const size_t n = size - (tcp[12] >> 4) * 4u;
    const uint32_t number = get32(tcp + 4), at = number - ours;

    if (tcp[13] & TCP_SYN) {
        port = (uint16_t)(tcp[0] << 8 | tcp[1]);
        ours = number + 1;
        if (!(tcp[13] & TCP_ACK))
            peer_tcp_say_hello();
        return;
    }
    if (tcp[13] & TCP_RST || !(n || tcp[13] & TCP_FIN))
        return;
    take(at, tcp + size - n, n);
    if (tcp[13] & TCP_FIN && at + n == peer_tcp.next && at + n < edge())
        peer_tcp.fin = true;
    peer_tcp_ack();
}

static void wire(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    if (f[12] == 8 && f[13] == 6) /* ARP */
        fake_mirror(id, f, len, flags);
    else if (f[12] == 8 && f[13] == 0 && f[23] == 6 && !peer_tcp.deaf)
        hear(f + TCP, ((size_t)f[16] << 8 | f[17]) - 20);
}

/* ---- its connection ---- */

int peer_tcp_accept(void)
{
    int fd;

    fake_net.wire = wire;
    fd = client(PEER, PEER_PORT);
    peer_tcp_ack(); /* a SYN's window is not scaled */
    nap(BREATH);
    return fd;
}

int peer_tcp_connect(int l, unsigned syns)
{
    int fd;

    fake_net.wire = wire;
    port = PORT;
    while (syns--) {
        say_syn(TCP_SYN);
        nap(FAKE_SECOND);
    }
    peer_tcp_ack();
    fd = accept(l, NULL, NULL);
    cr_assert_geq(fd, 0);
    return fd;
}

void peer_tcp_reset(void)
{
    deliver(TCP_RST, 0, 0, NULL, 0, 0);
    nap(FAKE_SECOND);
}

struct tcp_pcb *peer_tcp_pcb(void)
{
    struct tcp_pcb *pcb = tcp_active_pcbs;

    while (pcb && pcb->remote_port != PEER_PORT)
        pcb = pcb->next;
    return pcb;
}
