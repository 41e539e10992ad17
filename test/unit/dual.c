/* Sockets with IPv6, alone and beside IPv4. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/netif.h>
#include <lwip/tcp.h>

#include "kernel/buf.h"
#include "lib/fd.h"
#include "lib/util.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"
#include "xen/clock.h"

#define LINK_LOCAL      "fe80::216:3eff:fe00:2"
#define LINK_LOCAL_PEER "fe80::216:3eff:fe00:9"
#define SCOPE           2 /* lo is 1 */

typedef int addr_call(int, const struct sockaddr *, socklen_t);

static struct sockaddr_in6 at6(const char *addr, uint16_t port, uint32_t scope)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6,
                              .sin6_port = htons(port),
                              .sin6_scope_id = scope};

    cr_assert_eq(inet_pton(AF_INET6, addr, &in.sin6_addr), 1);
    return in;
}

static int call6(addr_call *fn, int fd, const char *addr, uint16_t port,
                 uint32_t scope)
{
    const struct sockaddr_in6 in = at6(addr, port, scope);

    return fn(fd, (const struct sockaddr *)&in, sizeof(in));
}

static int new6(int type)
{
    const int fd = socket(AF_INET6, type, 0);

    cr_assert_geq(fd, 0);
    return fd;
}

static int listener6(const char *addr, bool v6only)
{
    const int fd = new6(SOCK_STREAM);

    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only);
    cr_assert_eq(call6(bind, fd, addr, PORT, 0), 0, "%s", strerror(errno));
    cr_assert_eq(listen(fd, 5), 0);
    return fd;
}

/* The name of one end, and with which port. */
static const char *name(int (*fn)(int, struct sockaddr *, socklen_t *), int fd,
                        uint16_t *port, uint32_t *scope)
{
    static char text[4][INET6_ADDRSTRLEN];
    static unsigned n;
    struct sockaddr_in6 in;
    socklen_t len = sizeof(in);
    char *to = text[n++ % 4];

    cr_assert_eq(fn(fd, (struct sockaddr *)&in, &len), 0);
    cr_assert_eq(len, sizeof(in));
    cr_assert_eq(in.sin6_family, AF_INET6);
    if (port)
        *port = ntohs(in.sin6_port);
    if (scope)
        *scope = in.sin6_scope_id;
    return inet_ntop(AF_INET6, &in.sin6_addr, to, INET6_ADDRSTRLEN);
}

static void exchange(int a, int b)
{
    static uint8_t out[300000], in[300000];
    size_t sent = 0, got = 0;

    for (size_t i = 0; i < sizeof(out); i++)
        out[i] = byte_at(i);
    while (got < sizeof(in)) {
        ssize_t n;

        if (sent < sizeof(out) &&
            (n = send(a, out + sent, sizeof(out) - sent, MSG_DONTWAIT)) > 0)
            sent += (size_t)n;
        nap(FAKE_SECOND / 100);
        if ((n = recv(b, in + got, sizeof(in) - got, MSG_DONTWAIT)) > 0)
            got += (size_t)n;
    }
    cr_assert_eq(memcmp(in, out, sizeof(in)), 0);
}

/* A client of the family reaches the listener at addr; it has these names. */
static void reach(int l, int client_fd, const char *local, const char *remote)
{
    const int s = accept(l, NULL, NULL);
    uint16_t port;

    cr_assert_geq(s, 0);
    cr_assert_str_eq(name(getsockname, s, &port, NULL), local);
    cr_assert_eq(port, PORT);
    cr_assert_str_eq(name(getpeername, s, &port, NULL), remote);
    cr_assert_geq(port, 0xc000);
    exchange(client_fd, s);
    exchange(s, client_fd);
    fd_close(client_fd);
    fd_close(s);
}

static void streams(void)
{
    const int l = listener6("::", false);
    uint32_t scope = 99;
    int fd = new6(SOCK_STREAM);

    cr_assert_str_eq(name(getsockname, l, NULL, NULL), "::");
    cr_assert_eq(call6(connect, fd, PEER6, PORT, 0), 0, "%s", strerror(errno));
    cr_assert_str_eq(name(getsockname, fd, NULL, &scope), HERE6);
    cr_assert_eq(scope, 0);
    cr_assert_str_eq(name(getpeername, fd, NULL, NULL), PEER6);
    reach(l, fd, HERE6, PEER6);

    fd = new6(SOCK_STREAM);
    cr_assert_eq(call6(connect, fd, "::1", PORT, 0), 0);
    reach(l, fd, "::1", "::1");
    fd = new6(SOCK_STREAM);
    cr_assert_eq(call6(connect, fd, "::", PORT, 0), 0, "this host");
    reach(l, fd, "::1", "::1");

    fd = new6(SOCK_STREAM);
    cr_assert_eq(call6(connect, fd, LINK_LOCAL_PEER, PORT, SCOPE), 0);
    cr_assert_str_eq(name(getsockname, fd, NULL, &scope), LINK_LOCAL);
    cr_assert_eq(scope, SCOPE);
    reach(l, fd, LINK_LOCAL, LINK_LOCAL_PEER);

    reach(l, client(PEER, PORT), "::ffff:" HERE, "::ffff:" PEER);
    reach(l, client("127.0.0.1", PORT), "::ffff:127.0.0.1", "::ffff:127.0.0.1");
    fd = new6(SOCK_STREAM);
    cr_assert_eq(call6(connect, fd, "::ffff:" PEER, PORT, 0), 0);
    cr_assert_str_eq(name(getsockname, fd, NULL, NULL), "::ffff:" HERE);
    cr_assert_str_eq(name(getpeername, fd, NULL, NULL), "::ffff:" PEER);
    reach(l, fd, "::ffff:" HERE, "::ffff:" PEER);
    fd_close(l);
    cr_assert_gt(fake_net.blank, 100, "the back-end did the sums");
}

Test(dual, carries_streams_of_both_kinds)
{
    cr_assert(world6(streams));
}

Test(dual, carries_streams_in_large_frames_that_nobody_vouches_for)
{
    fake_net.mtu = 9000;
    fake_net.doubt = true;
    cr_assert(world6(streams));
}

static void sums(void)
{
    const int l = listener6("::", true), fd = new6(SOCK_STREAM);
    const unsigned before = fake_net.blank;

    cr_assert_eq(call6(connect, fd, PEER6, PORT, 0), 0);
    reach(l, fd, HERE6, PEER6);
    fd_close(l);
    cr_assert_eq(fake_net.blank, before);
}

Test(dual, sums_itself_if_the_back_end_does_not)
{
    fake_net.no_csum6 = true;
    cr_assert(world6(sums));
}

static void only6(void)
{
    const int l = listener6("::", true), fd = new6(SOCK_STREAM);
    const int four = listener(PORT, 5);
    int value = 1;

    cr_assert_eq(get_int(l, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    cr_assert_eq(get_int(fd, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    cr_assert_eq(setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &value, 4), -1);
    cr_assert_eq(errno, EINVAL, "too late");
    cr_assert_eq(setsockopt(four, IPPROTO_IPV6, IPV6_V6ONLY, &value, 4), -1);
    cr_assert_eq(errno, ENOPROTOOPT);
    fd_close(four);
    cr_assert_eq(call6(connect, fd, "::ffff:" PEER, PORT, 0), -1);
    cr_assert_eq(errno, ECONNREFUSED);
    set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    cr_assert_eq(call6(bind, fd, "::ffff:" HERE, 1, 0), -1);
    cr_assert_eq(errno, EINVAL);
    fd_close(fd);
    fd_close(l);
}

Test(dual, keeps_ipv4_out_of_an_ipv6_only_socket)
{
    cr_assert(world6(only6));
}

static void ports(void)
{
    const int l = listener6("::", false);
    int fd = new6(SOCK_STREAM);

    cr_assert_eq(call6(bind, fd, "::", PORT, 0), -1);
    cr_assert_eq(errno, EADDRINUSE);
    cr_assert_eq(call6(bind, fd, HERE6, PORT, 0), -1);
    cr_assert_eq(errno, EADDRINUSE);
    cr_assert_eq(call6(bind, fd, "::ffff:" HERE, PORT, 0), -1);
    cr_assert_eq(errno, EADDRINUSE);
    fd_close(fd);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(call(bind, fd, HERE, PORT), -1);
    cr_assert_eq(errno, EADDRINUSE);
    fd_close(fd);
    fd_close(l);
    fd_close(listener6("::", true)); /* but not beside each other */
    fd = listener(PORT, 1);
    fd_close(listener6("::", true));
    fd_close(fd);
}

Test(dual, knows_when_a_port_is_taken_for_both_kinds)
{
    cr_assert(world6(ports));
}

static void addresses(void)
{
    struct sockaddr_in6 in = at6(HERE6, PORT, 0);
    int fd = new6(SOCK_STREAM);

    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_DOMAIN), AF_INET6);
    cr_assert_eq(bind(fd, (struct sockaddr *)&in, 23), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(call6(bind, fd, "2001:db8::3", PORT, 0), -1);
    cr_assert_eq(errno, EADDRNOTAVAIL);
    cr_assert_eq(call6(bind, fd, LINK_LOCAL, PORT, 0), -1);
    cr_assert_eq(errno, EINVAL, "on which link?");
    cr_assert_eq(call6(connect, fd, LINK_LOCAL_PEER, PORT, 0), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(call6(connect, fd, LINK_LOCAL_PEER, PORT, 7), -1);
    cr_assert_eq(errno, ENETUNREACH);
    cr_assert_eq(call6(connect, fd, "2001:db8:1::9", PORT, 0), -1);
    cr_assert_eq(errno, ENETUNREACH, "there is no router");
    cr_assert_eq(call6(bind, fd, LINK_LOCAL, PORT, SCOPE), 0);
    in.sin6_family = AF_INET;
    cr_assert_eq(connect(fd, (struct sockaddr *)&in, sizeof(in)), -1);
    cr_assert_eq(errno, EAFNOSUPPORT);
    fd_close(fd);
    fd = new6(SOCK_STREAM);
    cr_assert_eq(call6(bind, fd, HERE6, PORT, 0), 0);
    cr_assert_eq(call6(connect, fd, "::ffff:" PEER, PORT, 0), -1);
    cr_assert_eq(errno, ENETUNREACH, "not from an IPv6 address");
    fd_close(fd);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(call6(connect, fd, PEER6, PORT, 0), -1);
    cr_assert_eq(errno, EAFNOSUPPORT);
    fd_close(fd);
}

Test(dual, refuses_what_is_no_address_for_it)
{
    cr_assert(world6(addresses));
}

static ssize_t send_to6(int fd, const void *data, size_t n, const char *addr,
                        uint16_t port, uint32_t scope)
{
    const struct sockaddr_in6 in = at6(addr, port, scope);

    return sendto(fd, data, n, 0, (const struct sockaddr *)&in, sizeof(in));
}

static void datagrams_to(int a, int b, const char *addr, uint32_t scope)
{
    static const size_t sizes[] = {0,    1,    100,   1452,  1453, 2960,
                                   5000, 8972, 30000, 65486, 65487};
    static uint8_t out[65507], in[65536];
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in6 from;
    socklen_t len = sizeof(from);

    for (size_t i = 0; i < sizeof(out); i++)
        out[i] = byte_at(i);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        memset(in, 0, sizeof(in));
        cr_assert_eq(send_to6(a, out, sizes[i], addr, 2000, scope),
                     (ssize_t)sizes[i], "%zu %s", sizes[i], strerror(errno));
        cr_assert_eq(
            recvfrom(b, in, sizeof(in), 0, (struct sockaddr *)&from, &len),
            (ssize_t)sizes[i]);
        cr_assert_eq(memcmp(in, out, sizes[i]), 0);
        inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof(text));
        cr_assert_str_eq(text, addr);
        cr_assert_eq(from.sin6_port, htons(1000));
        cr_assert_eq(from.sin6_scope_id, scope);
    }
}

static void datagrams(void)
{
    const int a = new6(SOCK_DGRAM), b = new6(SOCK_DGRAM), c = new6(SOCK_DGRAM);
    char text[8];

    cr_assert_eq(call6(bind, a, "::", 1000, 0), 0);
    cr_assert_eq(call6(bind, b, "::", 2000, 0), 0);
    datagrams_to(a, b, PEER6, 0);
    datagrams_to(a, b, "::1", 0);
    datagrams_to(a, b, LINK_LOCAL_PEER, SCOPE);
    datagrams_to(a, b, "::ffff:" PEER, 0);
    cr_assert_eq(send_to6(a, "x", 65488, PEER6, 2000, 0), -1);
    cr_assert_eq(errno, EMSGSIZE);
    cr_assert_eq(send_to6(a, "x", 1, LINK_LOCAL_PEER, 2000, 0), -1);
    cr_assert_eq(errno, EINVAL);

    cr_assert_eq(call6(connect, c, PEER6, 2000, 0), 0);
    cr_assert_str_eq(name(getsockname, c, NULL, NULL), HERE6);
    cr_assert_str_eq(name(getpeername, c, NULL, NULL), PEER6);
    cr_assert_eq(send(c, "hello", 5, 0), 5);
    cr_assert_eq(recv(b, text, sizeof(text), 0), 5);
    cr_assert_eq(call(bind, socket(AF_INET, SOCK_DGRAM, 0), "0.0.0.0", 2000),
                 -1);
    cr_assert_eq(errno, EADDRINUSE);
    for (int fd = 0; fd < 4; fd++)
        fd_close(fd);
}

Test(dual, carries_datagrams_of_any_size)
{
    cr_assert(world6(datagrams));
}

static void poor(void)
{
    for (size_t n = 0; n < 40; n++) {
        static const uint8_t data[3000];
        const int l = socket(AF_INET6, SOCK_STREAM, 0);
        const int d = socket(AF_INET6, SOCK_DGRAM, 0);

        mallocs_left = n;
        if (call6(bind, l, "::", (uint16_t)(PORT + n), 0) == 0)
            listen(l, 1);
        send_to6(d, data, sizeof(data), PEER6, 9, 0);
        nap(FAKE_SECOND);
        mallocs_left = SIZE_MAX;
        fd_close(d);
        fd_close(l);
    }
}

Test(dual, survives_every_failing_allocation)
{
    cr_assert(world6(poor));
}

/* Datagrams come back as if we had sent them to ourselves. */
static void forge(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    if (frame[12] != 0x86 || frame[20] != IPPROTO_UDP) {
        fake_mirror(id, frame, len, flags);
        return;
    }
    memcpy(frame, FAKE_MAC FAKE_PEER, 12);
    memcpy(frame + 38, frame + 22, 16);
    fake_deliver(id, frame, len, BUF_CSUM_OK);
}

static void forged(void)
{
    const int a = new6(SOCK_DGRAM), b = new6(SOCK_DGRAM);

    cr_assert_eq(call6(bind, b, "::", 2000, 0), 0);
    fake_net.wire = forge;
    cr_assert_eq(send_to6(a, "x", 1, PEER6, 2000, 0), 1);
    cr_assert_eq(send_to6(a, "x", 1, LINK_LOCAL_PEER, 2000, SCOPE), 1);
    nap(FAKE_SECOND);
    cr_assert(!(ready(b) & POLLIN), "from outside");
    cr_assert_eq(send_to6(a, "x", 1, HERE6, 2000, 0), 1);
    nap(FAKE_SECOND);
    cr_assert(ready(b) & POLLIN, "from here");
    fd_close(a);
    fd_close(b);
}

Test(dual, believes_nobody_else_who_says_to_be_this_host)
{
    cr_assert(world6(forged));
}

/* Random ports as we want them: these, one after the other. */
static uint16_t chance;

uint16_t __real_socket_random_port(void);
uint16_t __wrap_socket_random_port(void);
uint16_t __wrap_socket_random_port(void)
{
    return chance ? chance++ : __real_socket_random_port();
}

static void lucky(void)
{
    const int four = socket(AF_INET, SOCK_STREAM, 0), six = new6(SOCK_STREAM);
    uint16_t port;

    set_int(six, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    cr_assert_eq(call(bind, four, "127.0.0.1", 50000), 0);
    chance = 50000;
    cr_assert_eq(call6(bind, six, "::", 0, 0), 0);
    name(getsockname, six, &port, NULL);
    cr_assert_eq(port, 50001, "not one that is IPv4's");
    chance = 0;
    fd_close(four);
    fd_close(six);
}

Test(dual, a_random_port_is_nobodys)
{
    cr_assert(world6(lucky));
}
