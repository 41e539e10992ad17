/* What no proper stack sends: IPv4, TCP and echo replies. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>

#include "kernel/buf.h"
#include "lib/fd.h"
#include "lib/util.h"
#include "net/budget.h"
#include "net/iface.h"
#include "test/fake/frames.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

#define SEGMENT 1460
#define OTHER   "10.1.0.2" /* on another interface */

/* An endless loop ends here. */
TestSuite(strange, .timeout = 20);

static uint8_t data[100000], got[100000];

/* ---- a peer of TCP that knows no options ---- */

static int l, fd;
static struct tcp_pcb *pcb;
static uint32_t ours, theirs; /* the numbers of the first bytes */
static unsigned first_again;  /* times that our first byte went out */
static unsigned told;         /* the window that we told last */

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static void hear(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    const uint8_t *tcp = f + FRAME_IP + 20;

    if (f[12] != 8 || f[13] != 0 || f[FRAME_IP + 9] != IPPROTO_TCP) {
        fake_mirror(id, f, len, flags);
        return;
    }
    told = (unsigned)tcp[14] << 8 | tcp[15];
    if (tcp[13] & SYN)
        ours = get32(tcp + 4) + 1;
    else if (get32(tcp + 4) == ours && len > FRAME_IP + 40)
        first_again++;
}

/* n bytes of the stream from a place on, acknowledging so many of ours. */
static void segment(unsigned flags, uint32_t at, uint32_t acked, size_t n)
{
    uint8_t *tcp = frame4(PEER, IPPROTO_TCP, 20 + n);

    put16(tcp, 9);
    put16(tcp + 2, PORT);
    put32(tcp + 4, theirs + at);
    put32(tcp + 8, ours + acked);
    tcp[12] = 0x50;
    tcp[13] = (uint8_t)flags;
    put16(tcp + 14, 0xffff);
    for (size_t i = 0; i < n; i++)
        tcp[20 + i] = byte_at(at + i);
    frame_send(BUF_CSUM_OK);
}

static void call_us(void)
{
    fake_net.wire = hear;
    theirs = 1000;
    first_again = 0;
    l = listener(PORT, 5);
    segment(SYN, UINT32_MAX, 0, 0);
    segment(ACK, 0, 0, 0);
    fd = accept(l, NULL, NULL);
    cr_assert_geq(fd, 0);
    pcb = tcp_active_pcbs;
}

/* The peer is gone, after so many bytes. */
static void hang_up(uint32_t at)
{
    segment(RST | ACK, at, 0, 0);
    fd_close(fd);
    fd_close(l);
    fake_net.wire = fake_mirror;
}

/* Up to, and not including, a place. */
static void fill(uint32_t from, uint32_t to)
{
    for (uint32_t n; from < to; from += n) {
        n = to - from < SEGMENT ? to - from : SEGMENT;
        segment(ACK, from, 0, n);
    }
}

/* Exactly these bytes of the stream are to be read. */
static void reads(uint32_t from, uint32_t to)
{
    size_t n = 0;
    ssize_t m;

    while ((m = recv(fd, got + n, sizeof(got) - n, MSG_DONTWAIT)) > 0)
        n += (size_t)m;
    cr_assert_eq(m, -1);
    cr_assert_eq(errno, EAGAIN);
    cr_assert_eq(n, to - from, "%zu", n);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(got[i], byte_at(from + i), "byte %zu", from + i);
}

/* What comes early, while there is memory and while there is little. */
static void hoard(void)
{
    call_us();
    segment(ACK, 1000, 0, 100);
    nap(FAKE_SECOND);
    cr_assert(pcb->ooseq);
    budget_init(slab_in_use()); /* nothing is left */
    nap(4 * FAKE_SECOND);
    cr_assert_not(pcb->ooseq, "it can come again");
    segment(ACK, 1000, 0, 100);
    cr_assert_not(pcb->ooseq);
    budget_init(1 << 20);
    segment(ACK, 1000, 0, 100);
    cr_assert(pcb->ooseq);
    fill(0, 1000);
    reads(0, 1100);
    hang_up(1100);
}

Test(strange, keeps_nothing_early_when_memory_is_low)
{
    cr_assert(world(hoard));
}

/* So many bytes of one segment are within the window. */
static void beyond(uint32_t within, unsigned fin)
{
    uint32_t end, at;

    call_us();
    end = pcb->rcv_wnd;
    at = end - within;
    segment(ACK | fin, at, 0, SEGMENT);
    fill(0, at);
    reads(0, end);
    nap(FAKE_SECOND);
    segment(ACK | fin, end, 0, SEGMENT - within);
    if (fin) {
        cr_assert_eq(recv(fd, got, sizeof(got), 0), SEGMENT - within);
        cr_assert_eq(recv(fd, got, sizeof(got), 0), 0);
    } else {
        reads(end, end + SEGMENT - within);
    }
    hang_up(end + SEGMENT - within + fin);
}

static void window_end(void)
{
    static const uint32_t within[] = {1, 100, SEGMENT - 1};

    for (size_t i = 0; i < ARRAY_LEN(within); i++)
        beyond(within[i], 0);
}

static void fin_beyond(void)
{
    beyond(1, FIN);
    beyond(SEGMENT - 1, FIN);
}

static void fin_at_end(void)
{
    beyond(SEGMENT, FIN);
}

Test(strange, cuts_a_segment_that_ends_beyond_the_window)
{
    cr_assert(world(window_end));
}

Test(strange, hears_of_no_end_beyond_the_window)
{
    cr_assert(world(fin_beyond));
}

Test(strange, hears_of_no_end_right_behind_the_window)
{
    cr_assert(world(fin_at_end));
}

static void reopened(void)
{
    uint32_t end;

    call_us();
    end = pcb->rcv_wnd;
    cr_assert_eq(end, 65535);
    fill(0, end);
    nap(FAKE_SECOND);
    cr_assert_eq(told, 0);
    reads(0, end);
    nap(FAKE_SECOND);
    cr_assert_geq(told, 65535 / 2);
    fill(end, end + 20000);
    reads(end, end + 20000);
    hang_up(end + 20000);
}

Test(strange, opens_a_window_without_scaling_again)
{
    cr_assert(world(reopened));
}

static void duplicates(void)
{
    uint32_t end;

    call_us();
    end = pcb->rcv_wnd;
    fill(0, end);
    cr_assert_eq(pcb->rcv_wnd, 0);
    cr_assert_eq(send(fd, data, 8000, MSG_DONTWAIT), 8000);
    nap(FAKE_SECOND / 1000);
    cr_assert_eq(first_again, 1);
    for (int i = 0; i < 4; i++)
        segment(ACK, end, 0, 0);
    cr_assert_eq(first_again, 2, "sent again at once");
    hang_up(end);
}

Test(strange, counts_duplicates_while_its_window_is_closed)
{
    cr_assert(world(duplicates));
}

static void unacknowledged(void)
{
    static const struct {
        unsigned flags;
        uint32_t acked; /* of ours, of which there are none */
        size_t n;
    } bad[] = {
        {0, 0, 10},         {PSH, 0, 10},
        {FIN, 0, 10},       {FIN, 0, 0},
        {ACK, 1, 10},       {ACK | PSH, 1u << 24, 10},
        {ACK | FIN, 1, 10}, {ACK | FIN, 1u << 24, 0},
    };

    call_us();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        segment(bad[i].flags, 0, bad[i].acked, bad[i].n);
        cr_assert_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1, "%zu", i);
        cr_assert_eq(errno, EAGAIN, "%zu", i);
    }
    segment(ACK, 0, 0, 10);
    reads(0, 10);
    hang_up(10);
}

Test(strange, takes_no_data_without_a_proper_acknowledgement)
{
    cr_assert(world(unacknowledged));
}

/* ---- datagrams ---- */

static void loopback(void)
{
    const int s = bound(PORT);

    frame_forge(s, "127.0.0.1");
    frame_forge(s, "127.1.2.3");
    frame_forge(s, HERE);
    frame_udp(PEER);
    frame_send(0);
    cr_assert_eq(recv(s, got, sizeof(got), MSG_DONTWAIT), 32);
    fd_close(s);
}

Test(strange, drops_what_comes_from_127_0_0_1)
{
    cr_assert(world(loopback));
}

/* A datagram that says to have n bytes, with its header; its sum is right. */
static void datagram_of(size_t n)
{
    uint8_t *ip = frame + FRAME_IP;

    frame_udp(PEER);
    memset(ip + 28, 'x', 32);
    put16(ip + 24, n);
    put16(ip + 2, 20 + n);
    fake_checksum(frame, true);
    put16(ip + 2, 60);
}

static void lengths(void)
{
    static const uint8_t flags[] = {BUF_CSUM_OK, 0};
    static const size_t sizes[] = {8, 9, 39, 40}, wrong[] = {0, 7, 41, 60000};
    const int s = bound(PORT);
    uint8_t *udp;

    for (unsigned f = 0; f < ARRAY_LEN(flags); f++) {
        frame_udp(PEER);
        frame_send_as_is(flags[f]); /* without a sum */
        cr_assert_eq(recv(s, got, sizeof(got), MSG_DONTWAIT), 32);
        for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
            datagram_of(sizes[i]);
            frame_send_as_is(flags[f]);
            cr_assert_eq(recv(s, got, sizeof(got), MSG_DONTWAIT),
                         (ssize_t)sizes[i] - 8, "%u %u", f, i);
        }
        udp = frame4(PEER, IPPROTO_UDP, UDP_HLEN);
        put16(udp + 2, PORT);
        put16(udp + 4, UDP_HLEN + 1);
        frame_send(flags[f]);
        cr_assert_eq(recv(s, got, sizeof(got), MSG_DONTWAIT), -1);
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
            frame_udp(PEER);
            put16(frame + FRAME_IP + 24, wrong[i]);
            frame_send(flags[f]);
            cr_assert_eq(recv(s, got, sizeof(got), MSG_DONTWAIT), -1, "%u %u",
                         f, i);
        }
    }
    fd_close(s);
}

Test(strange, takes_as_much_of_a_datagram_as_its_header_says)
{
    cr_assert(world(lengths));
}

static void other_vif(void)
{
    const ip4_addr_t addr = {inet_addr(OTHER)}, mask = {inet_addr("255.0.0.0")};
    const int s = bound(PORT);
    struct netif *netif;

    NETIF_FOREACH(netif)
    {
        if (netif != netif_default && iface_of(netif))
            break;
    }
    cr_assert(netif);
    netif_set_addr(netif, &addr, &mask, IP4_ADDR_ANY4);
    frame_forge(s, OTHER);
    netif_set_addr(netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
    fd_close(s);
}

Test(strange, drops_what_comes_from_another_interface_s_address)
{
    fake_net.vifs = 2;
    cr_assert(world(other_vif));
}

/* ---- echo replies ---- */

static void reply(size_t n, unsigned wrong)
{
    uint8_t *icmp = frame4(PEER, IPPROTO_ICMP, n);

    put16(icmp + 4, 77);
    for (size_t i = 8; i < n; i++)
        icmp[i] = byte_at(i);
    put16(icmp + 2, wrong ^ 0xffffu ^ fake_sum(icmp, n, 0));
    frame_send(0);
}

static void replies(void)
{
    static const size_t sizes[] = {8, 100, 600, 1480};
    const int s = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);

    cr_assert_eq(call(bind, s, "0.0.0.0", 77), 0);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        reply(sizes[i], 1);
        cr_assert_eq(recv(s, got, sizeof(got), MSG_DONTWAIT), -1);
        cr_assert_eq(errno, EAGAIN);
        reply(sizes[i], 0);
        cr_assert_eq(recv(s, got, sizeof(got), MSG_DONTWAIT),
                     (ssize_t)sizes[i]);
        cr_assert_arr_eq(got, frame + FRAME_IP + 20, sizes[i]);
    }
    fd_close(s);
}

Test(strange, drops_an_echo_reply_with_a_wrong_checksum)
{
    cr_assert(world(replies));
}

/* ---- no memory ---- */

static void short_frames(void)
{
    static void *held[100000];
    const int s = bound(PORT);
    size_t n = 0;

    for (size_t size = 4000; size; size /= 2)
        while (n < ARRAY_LEN(held) && (held[n] = budget_malloc(size)))
            n++;
    cr_assert_lt(n, ARRAY_LEN(held));
    for (int six = 0; six < 2; six++)
        for (size_t len = FRAME_IP; len < FRAME_IP + 48; len++) {
            frame_udp(six ? PEER6 : PEER);
            frame_len = len;
            frame_send_as_is(0);
        }
    while (n)
        budget_free(held[--n]);
    cr_assert_eq(fake_net.lost, 0);
    frame_udp(PEER);
    frame_send(0);
    cr_assert_eq(recv(s, got, sizeof(got), MSG_DONTWAIT), 32);
    fd_close(s);
}

Test(strange, is_not_harmed_by_short_frames_without_memory)
{
    cr_assert(world(short_frames));
}
