/* direct.c, against what lwIP does with the same datagrams and frames. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/etharp.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/udp.h>

#include "kernel/buf.h"
#include "lib/fd.h"
#include "lib/util.h"
#include "net/direct.h"
#include "net/plain.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

#define HEADERS 42
#define TURNS   128 /* two in so many are lwIP's */
#define OURS    2000
#define THEIRS  9

static struct net_counts counts;

/* ---- to send ---- */

static uint8_t sent[2 * TURNS][1514];
static size_t sent_len[2 * TURNS];
static uint16_t sent_id[2 * TURNS];
static unsigned sent_n;

static void keep(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    if (frame[12] != 8 || frame[13] != 0) { /* ARP */
        fake_mirror(id, frame, len, flags);
        return;
    }
    cr_assert_eq(flags, BUF_CSUM_BLANK);
    cr_assert_eq(fake_sum(frame + 14, 20, 0), 0xffff);
    memcpy(&sent_id[sent_n], frame + 18, 2);
    memset(frame + 18, 0, 2); /* its identification, */
    memset(frame + 24, 0, 2); /* which is in this sum */
    memcpy(sent[sent_n], frame, len);
    sent_len[sent_n++] = len;
}

static unsigned send_many(int fd, const char *to, const void *data, size_t n)
{
    unsigned left = 0;

    sent_n = 0;
    for (unsigned i = 0; i < TURNS; i++) {
        left += send_to(fd, data, n, to, THEIRS) == (ssize_t)n;
        nap(1000000);
    }
    return left;
}

/* All but lwIP's are numbered one after the other (RFC 791). */
static void check_ids(void)
{
    unsigned same = 0;

    for (unsigned n = 1; n < TURNS; n++)
        same += sent_id[n] == sent_id[n - 1];
    cr_assert_leq(same, 3, "%u", same);
}

static void sends(void)
{
    static const size_t sizes[] = {0, 1, 17, 18, 19, 1000, 1471, 1472};
    static const char *const to[] = {PEER, "192.0.2.1"};
    static uint8_t data[1472];
    const ip4_addr_t router = {inet_addr(PEER)};
    const int fd = bound(OURS);

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = byte_at(i);
    set_int(fd, IPPROTO_IP, IP_TOS, 0x48);
    set_int(fd, IPPROTO_IP, IP_TTL, 7);
    netif_set_gw(netif_default, &router);
    send_to(fd, "x", 1, PEER, THEIRS); /* who is that? */
    nap(FAKE_SECOND);
    fake_net.wire = keep;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (size_t k = 0; k < ARRAY_LEN(to); k++) {
            cr_assert_eq(send_many(fd, to[k], data, sizes[i]), TURNS);
            cr_assert_eq(sent_n, TURNS);
            cr_assert_eq(sent_len[0], HEADERS + sizes[i]);
            check_ids();
            for (unsigned n = 1; n < TURNS; n++) {
                cr_assert_eq(sent_len[n], sent_len[0]);
                cr_assert_arr_eq(sent[n], sent[0], sent_len[0], "%zu %u",
                                 sizes[i], n);
            }
            cr_assert_arr_eq(sent[0] + HEADERS, data, sizes[i]);
        }
    mallocs_left = 0; /* which lwIP cannot do without */
    cr_assert_eq(send_many(fd, PEER, data, 100), TURNS - 2);
    mallocs_left = SIZE_MAX;
    fd_close(fd);
    fake_net.wire = fake_mirror;
}

Test(direct, makes_the_frames_that_lwip_makes)
{
    cr_assert(world(sends));
}

static struct udp_pcb *pcb;

static bool makes_to(const ip_addr_t *to, size_t n)
{
    static const uint8_t data[5000];
    bool made = false;

    for (int i = 0; i < 3; i++) { /* one of three is not lwIP's turn */
        struct buf *b =
            direct_frame(pcb, netif_default, data, n, to, THEIRS, &counts);

        made |= b != NULL;
        buf_free(b);
    }
    return made;
}

static bool makes(const char *to, size_t n)
{
    const ip_addr_t addr = IPADDR4_INIT(inet_addr(to));

    return makes_to(&addr, n);
}

/* Somebody says that our address is his. */
static void claim_ours(void)
{
    static const uint8_t claim[60] =
        FAKE_MAC FAKE_PEER "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" FAKE_PEER
                           "\x0a\x00\x00\x02" FAKE_MAC "\x0a\x00\x00\x02";

    fake_deliver(0, claim, sizeof(claim), 0);
    nap(FAKE_SECOND);
}

static void leaves(void)
{
    const ip_addr_t six = IPADDR6_INIT(inet_addr(PEER), 0, 0, 0);
    const ip4_addr_t router = {inet_addr(PEER)};
    const ip_addr_t ours = IPADDR4_INIT_BYTES(10, 0, 0, 2),
                    old = IPADDR4_INIT_BYTES(10, 0, 0, 3);
    const int fd = bound(OURS);
    struct buf *all = NULL, *b;

    send_to(fd, "x", 1, PEER, THEIRS);
    claim_ours();
    pcb = udp_new();
    cr_assert(makes(PEER, 100));
    cr_assert_eq(counts.tx_copied % 100, 0);
    cr_assert_gt(counts.tx_copied, 0);
    cr_assert_not(makes_to(&six, 100), "IPv6");
    netif_set_gw(netif_default, &router);
    cr_assert(makes("192.0.2.1", 100));
    cr_assert_not(makes("10.0.0.77", 100), "who is that?");
    cr_assert_not(makes(HERE, 100), "stays here");
    cr_assert_not(makes("10.0.0.255", 100), "to all");
    cr_assert_not(makes("255.255.255.255", 100), "to all");
    cr_assert_not(makes("224.0.0.1", 100), "to a group");
    cr_assert(makes(PEER, 1472));
    cr_assert_not(makes(PEER, 1473), "above the MTU");
    netif_default->mtu = 9000;
    cr_assert(makes(PEER, 4096 - HEADERS));
    cr_assert_not(makes(PEER, 4097 - HEADERS), "above a page");
    netif_default->mtu = 1500;
    pcb->local_ip = ours;
    cr_assert(makes(PEER, 100));
    pcb->local_ip = old;
    cr_assert_not(makes(PEER, 100), "an address we have no more");
    pcb->local_ip = ours;
    while ((b = buf_alloc())) {
        b->next = all;
        all = b;
    }
    cr_assert_not(makes(PEER, 100), "no page");
    buf_free(all);
    udp_remove(pcb);
    fd_close(fd);
}

Test(direct, leaves_to_lwip_what_is_not_for_one_known_neighbour)
{
    cr_assert(world(leaves));
}

/* ---- received ---- */

static uint8_t frame[600];
static size_t frame_len;
static int sockets[3];

/* From 10.0.0.9:9 to 10.0.0.2:2000, n bytes. */
static void make_frame(size_t n)
{
    memset(frame, 0, sizeof(frame));
    memcpy(frame, FAKE_MAC FAKE_PEER "\x08\x00\x45", 15);
    frame[16] = (uint8_t)((n + 28) >> 8);
    frame[17] = (uint8_t)(n + 28);
    memcpy(frame + 22, "\x40\x11\x00\x00\x0a\x00\x00\x09\x0a\x00\x00\x02", 12);
    memcpy(frame + 34, "\x00\x09\x07\xd0", 4);
    frame[38] = (uint8_t)((n + 8) >> 8);
    frame[39] = (uint8_t)(n + 8);
    for (size_t i = 0; i < n; i++)
        frame[HEADERS + i] = byte_at(i);
    frame_len = HEADERS + n;
}

static void sum_frame(void)
{
    uint16_t sum;

    frame[24] = frame[25] = 0;
    sum = (uint16_t)~fake_sum(frame + 14, (frame[14] & 15u) * 4, 0);
    frame[24] = (uint8_t)(sum >> 8);
    frame[25] = (uint8_t)sum;
    fake_checksum(frame, true);
}

/* What has come, and where: the socket, the length, the sender. */
static void what_came(int came[3])
{
    static uint8_t data[600];
    struct sockaddr_in from = {0};
    socklen_t len = sizeof(from);

    came[0] = came[1] = came[2] = -1;
    for (int i = 0; i < (int)ARRAY_LEN(sockets); i++) {
        const ssize_t n = recvfrom(sockets[i], data, sizeof(data), MSG_DONTWAIT,
                                   (struct sockaddr *)&from, &len);

        if (n < 0)
            continue;
        cr_assert_eq(came[0], -1, "twice");
        cr_assert_arr_eq(data, frame + HEADERS, (size_t)n);
        cr_assert_eq(from.sin_addr.s_addr, inet_addr(PEER));
        came[0] = i;
        came[1] = (int)n;
        came[2] = ntohs(from.sin_port);
    }
}

static bool take(struct buf *b)
{
    const struct plain *h = plain_received(netif_default, b);

    return h && h->ip._proto == IP_PROTO_UDP &&
           direct_received(netif_default, h, b, &counts);
}

/* Is it taken directly?  If so, lwIP must do the same with it. */
static bool direct(void)
{
    struct buf *b = buf_alloc();
    int came[3], lwips[3];
    bool taken;

    memcpy(b->page + 33, frame, sizeof(frame)); /* more than there is */
    b->off = 33;
    b->len = (uint16_t)frame_len;
    b->flags = BUF_CSUM_OK;
    taken = take(b);
    what_came(came);
    if (!taken) {
        cr_assert_eq(came[0], -1);
        buf_free(b);
        return false;
    }
    fake_deliver(0, frame, frame_len, 0); /* without the mark: by lwIP */
    nap(FAKE_SECOND);
    what_came(lwips);
    cr_assert_eq(came[0], lwips[0]);
    cr_assert_eq(came[1], lwips[1]);
    cr_assert_eq(came[2], lwips[2]);
    return true;
}

/* With one of its bytes another. */
static bool with(size_t at, uint8_t byte)
{
    make_frame(100);
    frame[at] = byte;
    sum_frame();
    return direct();
}

static void receives(void)
{
    static const struct {
        size_t at;
        uint8_t byte;
        const char *why;
    } left[] = {
        {12, 0x86, "not IP"},      {14, 0x55, "not version 4"},
        {14, 0x46, "options"},     {20, 0x20, "a fragment"},
        {21, 1, "a fragment"},     {23, 6, "not UDP"},
        {33, 3, "not to us"},      {30, 224, "to a group"},
        {26, 224, "from a group"}, {29, 2, "in our name"},
        {29, 255, "from all"},     {39, 107, "two lengths"},
        {39, 109, "two lengths"},  {37, 0xd1, "nobody's port"},
    };
    struct buf *b;

    sockets[0] = bound(OURS);
    sockets[1] = bound(3000);
    sockets[2] = bound(68);
    for (size_t n = 0; n <= 512; n += n < 64 ? 1 : 64) {
        make_frame(n);
        sum_frame();
        cr_assert(direct(), "%zu", n);
        if (frame_len < 60)
            frame_len = 60; /* as it is on a wire */
        cr_assert(direct());
    }
    cr_assert(with(15, 0x10), "any type of service");
    cr_assert(with(20, 0x40), "not to be cut");
    for (size_t i = 0; i < ARRAY_LEN(left); i++)
        cr_assert_not(with(left[i].at, left[i].byte), "%s", left[i].why);
    make_frame(100);
    sum_frame();
    frame[24]++;
    cr_assert_not(direct(), "a wrong sum");
    make_frame(100);
    frame[36] = 0, frame[37] = 68;
    sum_frame();
    cr_assert_not(direct(), "DHCP's port");
    make_frame(0);
    sum_frame();
    frame_len--;
    cr_assert_not(direct(), "no whole header");
    frame_len = 13;
    cr_assert_not(direct(), "not even Ethernet's");
    make_frame(100);
    frame[17]++, frame[39]++;
    sum_frame();
    cr_assert_not(direct(), "more than has come");
    frame[17] = 27, frame[39] = 7;
    sum_frame();
    cr_assert_not(direct(), "less than the headers");

    make_frame(100);
    sum_frame();
    b = buf_alloc();
    memcpy(b->page, frame, b->len = (uint16_t)frame_len);
    cr_assert_not(take(b), "nobody vouches");
    b->flags = BUF_CSUM_OK;
    b->next = buf_alloc();
    cr_assert_not(take(b), "two pieces");
    b->page[23] = 1;
    b->page[24] = frame[24] + 16;
    cr_assert_null(plain_received(netif_default, b), "ICMP");
    buf_free(b);
    for (int i = 0; i < 3; i++)
        fd_close(sockets[i]);
}

Test(direct, receives_what_lwip_would)
{
    cr_assert(world(receives));
}

static struct udp_pcb *at_port(uint16_t port)
{
    struct udp_pcb *p = udp_pcbs;

    while (p->local_port != port)
        p = p->next;
    return p;
}

static void share_port(void)
{
    make_frame(100);
    sum_frame();
    for (int i = 0; i < 2; i++) {
        sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
        set_int(sockets[i], SOL_SOCKET, SO_REUSEADDR, 1);
    }
    sockets[2] = bound(3000);
    cr_assert_not(direct(), "nobody's");
    cr_assert_eq(call(bind, sockets[0], HERE, OURS), 0);
    cr_assert(direct(), "bound to our address");
    cr_assert_eq(call(connect, sockets[0], PEER, THEIRS), 0);
    cr_assert(direct(), "connected to him");
    at_port(OURS)->netif_idx = 1;
    cr_assert_not(direct(), "bound to the other interface");
    at_port(OURS)->netif_idx = NETIF_NO_INDEX;
    cr_assert_eq(call(connect, sockets[0], PEER, 10), 0);
    cr_assert_not(direct(), "connected to another port");
    cr_assert_eq(call(connect, sockets[0], "10.0.0.19", THEIRS), 0);
    cr_assert_not(direct(), "connected to another address");
    cr_assert_eq(call(bind, sockets[1], "0.0.0.0", OURS), 0);
    cr_assert_not(direct(), "two have the port");
    cr_assert_eq(call(connect, sockets[0], PEER, THEIRS), 0);
    cr_assert_not(direct(), "and both would take it");
    for (int i = 0; i < 3; i++)
        fd_close(sockets[i]);
}

Test(direct, receives_for_the_only_one_at_a_port)
{
    cr_assert(world(share_port));
}

static void loopback(void)
{
    sockets[0] = socket(AF_INET, SOCK_DGRAM, 0);
    sockets[1] = bound(3000);
    sockets[2] = bound(3001);
    cr_assert_eq(call(bind, sockets[0], "127.0.0.1", OURS), 0);
    make_frame(100);
    sum_frame();
    cr_assert_not(direct(), "bound to another address");
    fd_close(sockets[0]);
    sockets[0] = socket(AF_INET6, SOCK_DGRAM, 0);
    set_int(sockets[0], IPPROTO_IPV6, IPV6_V6ONLY, 1);
    struct sockaddr_in6 any = {.sin6_family = AF_INET6,
                               .sin6_port = htons(OURS)};
    cr_assert_eq(bind(sockets[0], (struct sockaddr *)&any, sizeof(any)), 0);
    cr_assert_not(direct(), "IPv6's");
    for (int i = 0; i < 3; i++)
        fd_close(sockets[i]);
}

Test(direct, minds_the_address_a_socket_is_bound_to)
{
    cr_assert(world(loopback));
}
