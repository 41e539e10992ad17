/* What no proper stack sends: IPv6 and ICMPv6. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/nd6.h>
#include <lwip/netif.h>

#include "kernel/buf.h"
#include "lib/fd.h"
#include "lib/util.h"
#include "net/budget.h"
#include "net/iface.h"
#include "net/nameserver.h"
#include "test/fake/frames.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

#define EVERYBODY  "ff02::1"
#define LINK_LOCAL "fe80::216:3eff:fe00:2"
#define ROUTER     "fe80::fe"
#define OTHER      "2001:db8:1::2" /* on another interface */
#define SERVER     "2001:db8::53"
#define MTU        1500

/* An endless loop ends here. */
TestSuite(strange6, .timeout = 20);

static uint8_t data[3000], got[3000];

static struct sockaddr_in6 at6(const char *addr, uint16_t port)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port)};

    cr_assert_eq(inet_pton(AF_INET6, addr, &in.sin6_addr), 1);
    return in;
}

static int call6(int (*fn)(int, const struct sockaddr *, socklen_t), int fd,
                 const char *addr, uint16_t port)
{
    const struct sockaddr_in6 in = at6(addr, port);

    return fn(fd, (const struct sockaddr *)&in, sizeof(in));
}

static int new_socket(int type, int protocol)
{
    const int fd = socket(AF_INET6, type, protocol);

    cr_assert_geq(fd, 0);
    set_timeout(fd, SO_RCVTIMEO, 10);
    return fd;
}

static ip_addr_t lwip_addr(const char *text)
{
    ip_addr_t a = IPADDR6_INIT(0, 0, 0, 0);

    cr_assert_eq(inet_pton(AF_INET6, text, ip_2_ip6(&a)->addr), 1);
    return a;
}

/* Datagrams and a connection go to the neighbour and come back. */
static void talk(void)
{
    const int u = new_socket(SOCK_DGRAM, 0), l = new_socket(SOCK_STREAM, 0),
              c = new_socket(SOCK_STREAM, 0);
    int s;

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = byte_at(i);
    cr_assert_eq(call6(bind, u, "::", 20), 0);
    cr_assert_eq(call6(connect, u, PEER6, 20), 0);
    cr_assert_eq(send(u, data, sizeof(data), 0), sizeof(data));
    cr_assert_eq(recv(u, got, sizeof(got), 0), sizeof(got));
    cr_assert_arr_eq(got, data, sizeof(data));
    set_int(l, SOL_SOCKET, SO_REUSEADDR, 1);
    cr_assert_eq(call6(bind, l, "::", PORT), 0);
    cr_assert_eq(listen(l, 5), 0);
    cr_assert_eq(call6(connect, c, PEER6, PORT), 0);
    s = accept(l, NULL, NULL);
    cr_assert_geq(s, 0);
    memset(got, 0, sizeof(got));
    cr_assert_eq(send(s, data, sizeof(data), 0), sizeof(data));
    cr_assert_eq(recv(c, got, sizeof(got), MSG_WAITALL), sizeof(got));
    cr_assert_arr_eq(got, data, sizeof(data));
    fd_close(u);
    fd_close(l);
    fd_close(c);
    fd_close(s);
}

/* ---- router advertisements ---- */

static const char *server(void)
{
    static char text[INET6_ADDRSTRLEN];
    ip_addr_t addr;

    return nameserver_get(0, &addr)
               ? inet_ntop(AF_INET6, ip_2_ip6(&addr), text, sizeof(text))
               : "";
}

/* Of n bytes; a DNS server for so long is what it ends with. */
static void advertise(size_t n, uint8_t seconds)
{
    uint8_t *ra = frame6(ROUTER, EVERYBODY, IPPROTO_ICMPV6, n);

    ra[0] = ND_ROUTER_ADVERT;
    ra[4] = 64;
    for (size_t at = 16; at < n - 24; at += 8) {
        ra[at] = 254; /* an option that means nothing */
        ra[at + 1] = 1;
    }
    memcpy(ra + n - 24, "\x19\x03\x00\x00\x00\x00\x00", 7);
    ra[n - 24 + 7] = seconds;
    cr_assert_eq(inet_pton(AF_INET6, SERVER, ra + n - 16), 1);
    frame_send(0);
}

static void advertised(void)
{
    static const size_t sizes[] = {40, 400, 456, 464, 512, 520, 1000, 1480};

    netif_set_ip6_autoconfig_enabled(netif_default, 1);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        advertise(sizes[i], 60);
        cr_assert_str_eq(server(), SERVER, "%zu", sizes[i]);
        frame[frame_len - 1] ^= 1; /* a wrong sum */
        frame_send_as_is(0);
        advertise(sizes[i], 0);
        cr_assert_str_eq(server(), "", "%zu", sizes[i]);
        frame[frame_len - 17] = 60;
        frame_send_as_is(0);
        cr_assert_str_eq(server(), "", "%zu", sizes[i]);
    }
    talk();
}

Test(strange6, reads_the_dns_servers_of_a_large_advertisement)
{
    cr_assert(world6(advertised));
}

static void low(void)
{
    static void *held[100000];
    size_t n = 0;

    netif_set_ip6_autoconfig_enabled(netif_default, 1);
    while (!budget_low()) {
        cr_assert_lt(n, ARRAY_LEN(held));
        cr_assert(held[n] = budget_malloc(1000));
        n++;
    }
    advertise(88, 60);
    cr_assert_str_eq(server(), SERVER);
    while (n)
        budget_free(held[--n]);
    talk();
}

Test(strange6, reads_an_advertisement_while_memory_is_low)
{
    cr_assert(world6(low));
}

/* ---- packets too big ---- */

/* The neighbour says so behind so many headers of options. */
static void too_big(unsigned headers, uint32_t mtu)
{
    const size_t behind = 8u * headers, n = 48;
    uint8_t *at =
        frame6(PEER6, HERE6, headers ? IPPROTO_DSTOPTS : 58, behind + n);
    uint8_t *const ip = frame + FRAME_IP, *const icmp = at + behind;

    for (; at < icmp; at += 8) {
        at[0] = at + 8 < icmp ? IPPROTO_DSTOPTS : IPPROTO_ICMPV6;
        at[2] = 1;
        at[3] = 4; /* that are padding */
    }
    icmp[0] = ICMP6_PACKET_TOO_BIG;
    put32(icmp + 4, mtu);
    icmp[8] = 0x60;
    icmp[8 + 6] = IPPROTO_NONE;
    cr_assert_eq(inet_pton(AF_INET6, HERE6, icmp + 8 + 8), 1);
    cr_assert_eq(inet_pton(AF_INET6, PEER6, icmp + 8 + 24), 1);
    put16(icmp + 2, 0xffffu ^ fake_sum(icmp, n, fake_sum(ip + 8, 32, n + 58)));
    frame_send_as_is(0);
}

static unsigned path_mtu(void)
{
    const ip_addr_t peer = lwip_addr(PEER6);

    return nd6_get_destination_mtu(ip_2_ip6(&peer), netif_default);
}

static void many_headers(void)
{
    static const uint32_t mtus[] = {0, 40, 50, 1279, 1280, 1400};

    talk(); /* the path is known from now on */
    for (unsigned headers = 8; headers < 12; headers++)
        for (size_t i = 0; i < ARRAY_LEN(mtus); i++) {
            too_big(headers, mtus[i]);
            cr_assert_eq(path_mtu(), MTU, "%u %u", headers, mtus[i]);
        }
    talk();
}

Test(strange6, believes_no_packet_too_big_behind_eight_headers)
{
    cr_assert(world6(many_headers));
}

static void still_talks(void)
{
    talk();
    too_big(8, 40);
    talk();
}

Test(strange6, goes_on_after_a_packet_too_big_behind_eight_headers)
{
    cr_assert(world6(still_talks));
}

Test(strange6, goes_on_with_large_segments_after_one)
{
    fake_net.gso = true;
    cr_assert(world6(still_talks));
}

static void few_headers(void)
{
    talk();
    for (unsigned headers = 0; headers < 8; headers++) {
        too_big(headers, 1279);
        too_big(headers, 40);
        cr_assert_eq(path_mtu(), MTU - headers);
        too_big(headers, MTU - 1 - headers);
        cr_assert_eq(path_mtu(), MTU - 1 - headers, "%u", headers);
    }
    talk();
}

Test(strange6, believes_a_packet_too_big_behind_seven_headers)
{
    cr_assert(world6(few_headers));
}

/* ---- neighbour advertisements ---- */

/* An address is said to be somebody else's. */
static void claim(const char *addr, const char *to, uint8_t flags)
{
    uint8_t *na = frame6("fe80::9", to, IPPROTO_ICMPV6, 32);

    na[0] = ND_NEIGHBOR_ADVERT;
    na[4] = flags;
    cr_assert_eq(inet_pton(AF_INET6, addr, na + 8), 1);
    memcpy(na + 24, "\x02\x01" FAKE_PEER, 8);
    frame_send(0);
}

static bool is_ours(const char *text)
{
    const ip_addr_t addr = lwip_addr(text);

    for (unsigned i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
        if (ip6_addr_zoneless_eq(netif_ip6_addr(netif_default, i),
                                 ip_2_ip6(&addr)) &&
            ip6_addr_isvalid(netif_ip6_addr_state(netif_default, i)))
            return true;
    return false;
}

static void claimed(void)
{
    static const char *const ours[] = {HERE6, LINK_LOCAL};
    static const uint8_t flags[] = {0, 0x20, 0x40, 0x60, 0xe0};

    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        for (size_t k = 0; k < ARRAY_LEN(flags); k++) {
            cr_assert(is_ours(ours[i]));
            claim(ours[i], EVERYBODY, flags[k]);
            claim(ours[i], ours[i], flags[k]);
            cr_assert(is_ours(ours[i]), "%s %#x", ours[i], flags[k]);
            nap(10 * FAKE_SECOND);
            cr_assert(is_ours(ours[i]), "%s %#x", ours[i], flags[k]);
        }
    talk();
}

Test(strange6, keeps_an_address_in_use_that_somebody_claims)
{
    cr_assert(world6(claimed));
}

/* ---- datagrams ---- */

static void loopback(void)
{
    const int fd = new_socket(SOCK_DGRAM, 0);

    cr_assert_eq(call6(bind, fd, "::", PORT), 0);
    frame_forge(fd, "::1");
    frame_forge(fd, HERE6);
    frame_udp(PEER6);
    frame_send(0);
    cr_assert_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), 32);
    fd_close(fd);
}

Test(strange6, drops_what_comes_from_the_loopback_address)
{
    cr_assert(world6(loopback));
}

static void other_vif(void)
{
    const ip_addr_t addr = lwip_addr(OTHER);
    const int fd = new_socket(SOCK_DGRAM, 0);
    struct netif *netif;
    s8_t at;

    NETIF_FOREACH(netif)
    {
        if (netif != netif_default && iface_of(netif))
            break;
    }
    cr_assert(netif);
    cr_assert_eq(netif_add_ip6_address(netif, ip_2_ip6(&addr), &at), ERR_OK);
    netif_ip6_addr_set_state(netif, at, IP6_ADDR_PREFERRED);
    cr_assert_eq(call6(bind, fd, "::", PORT), 0);
    frame_forge(fd, OTHER);
    netif_ip6_addr_set_state(netif, at, IP6_ADDR_INVALID);
    fd_close(fd);
}

Test(strange6, drops_what_comes_from_another_interface_s_address)
{
    fake_net.vifs = 2;
    cr_assert(world6(other_vif));
}

/* Only a back-end that vouches for it may leave it out. */
static void no_sum(void)
{
    const int fd = new_socket(SOCK_DGRAM, 0);

    cr_assert_eq(call6(bind, fd, "::", PORT), 0);
    frame_udp(PEER6);
    frame_send_as_is(0);
    cr_assert_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
    frame_send_as_is(BUF_CSUM_BLANK);
    cr_assert_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), 32);
    frame_send(0);
    cr_assert_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), 32);
    fd_close(fd);
}

Test(strange6, drops_a_datagram_without_a_checksum)
{
    cr_assert(world6(no_sum));
}

/* ---- echo replies ---- */

static void reply(size_t n)
{
    uint8_t *icmp = frame6(PEER6, HERE6, IPPROTO_ICMPV6, n);

    icmp[0] = ICMP6_ECHO_REPLY;
    put16(icmp + 4, 77);
    for (size_t i = 8; i < n; i++)
        icmp[i] = byte_at(i);
}

static void replies(void)
{
    static const size_t sizes[] = {8, 100, 560, 1460};
    const int fd = new_socket(SOCK_DGRAM, IPPROTO_ICMPV6);

    cr_assert_eq(call6(bind, fd, "::", 77), 0);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        reply(sizes[i]);
        frame[FRAME_IP6 + 2] = 1;
        frame_send_as_is(0);
        cr_assert_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
        cr_assert_eq(errno, EAGAIN);
        reply(sizes[i]);
        frame_send(0);
        cr_assert_eq(recv(fd, got, sizeof(got), MSG_DONTWAIT),
                     (ssize_t)sizes[i]);
        cr_assert_arr_eq(got + 8, frame + FRAME_IP6 + 8, sizes[i] - 8);
    }
    fd_close(fd);
}

Test(strange6, drops_an_echo_reply_with_a_wrong_checksum)
{
    cr_assert(world6(replies));
}
