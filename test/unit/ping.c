/* Ping sockets; the mirror's neighbour sends every message back, so that the
 * stack answers itself. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/netif.h>

#include "lib/fd.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

#define LINK_LOCAL_PEER "fe80::216:3eff:fe00:9"

static uint8_t message[70000], got[70000];

static int new_ping(int family)
{
    const int fd = socket(family, SOCK_DGRAM,
                          family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);

    cr_assert_geq(fd, 0);
    set_timeout(fd, SO_RCVTIMEO, 3);
    return fd;
}

static struct sockaddr_in6 at6(const char *addr, uint32_t scope)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_scope_id = scope};

    cr_assert_eq(inet_pton(AF_INET6, addr, &in.sin6_addr), 1);
    return in;
}

static ssize_t ask(int fd, const char *addr, size_t n)
{
    const struct sockaddr_in6 in6 = at6(strchr(addr, ':') ? addr : "::", 2);

    message[0] = strchr(addr, ':') ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
    for (size_t i = 6; i < sizeof(message); i++)
        message[i] = byte_at(i);
    return strchr(addr, ':')
               ? sendto(fd, message, n, 0, (const struct sockaddr *)&in6,
                        sizeof(in6))
               : send_to(fd, message, n, addr, 0);
}

static uint16_t id_of(int fd)
{
    struct sockaddr_in6 in;
    socklen_t len = sizeof(in);

    cr_assert_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    return ntohs(in.sin6_port); /* at the same place as IPv4's */
}

/* A message there and back. */
static void reach(int family, const char *addr, size_t n)
{
    const int fd = new_ping(family);
    struct sockaddr_in6 in;
    socklen_t len = sizeof(in);
    char text[INET6_ADDRSTRLEN];

    cr_assert_eq(ask(fd, addr, n), (ssize_t)n, "%s", strerror(errno));
    cr_assert_eq(
        recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&in, &len),
        (ssize_t)n, "%s %zu: %s", addr, n, strerror(errno));
    cr_assert_eq(got[0], family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY);
    cr_assert_eq(got[4] << 8 | got[5], id_of(fd));
    cr_assert_arr_eq(got + 6, message + 6, n - 6);
    cr_assert_eq(in.sin6_family, family);
    cr_assert_eq(in.sin6_port, 0);
    inet_ntop(family,
              family == AF_INET ? (void *)&((struct sockaddr_in *)&in)->sin_addr
                                : (void *)&in.sin6_addr,
              text, sizeof(text));
    cr_assert_str_eq(text, addr);
    cr_assert_eq(recv(fd, got, 1, MSG_DONTWAIT), -1, "one answer");
    fd_close(fd);
}

static void sizes(void)
{
    static const size_t sizes[] = {8, 9, 64, 1480, 1481, 9001, 65000};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        reach(AF_INET, PEER, sizes[i]);
        reach(AF_INET, "127.0.0.1", sizes[i]);
        reach(AF_INET6, PEER6, sizes[i]);
        reach(AF_INET6, "::1", sizes[i]);
        reach(AF_INET6, LINK_LOCAL_PEER, sizes[i]);
    }
}

Test(ping, goes_there_and_back_in_every_size)
{
    cr_assert(world6(sizes));
}

static void several(void)
{
    const int a = new_ping(AF_INET), b = new_ping(AF_INET),
              six = new_ping(AF_INET6);

    cr_assert_eq(call(bind, a, "0.0.0.0", 77), 0);
    cr_assert_eq(id_of(a), 77);
    cr_assert_eq(call(bind, a, "0.0.0.0", 78), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(call(bind, b, "0.0.0.0", 77), -1);
    cr_assert_eq(errno, EADDRINUSE);
    cr_assert_eq(call(bind, b, "10.9.9.9", 0), -1);
    cr_assert_eq(errno, EADDRNOTAVAIL);
    cr_assert_eq(call(bind, b, HERE, 0), 0);
    cr_assert_neq(id_of(b), 0);
    cr_assert_neq(id_of(b), 77);
    cr_assert_eq(ask(a, PEER, 20), 20);
    cr_assert_eq(ask(b, PEER, 30), 30);
    cr_assert_eq(ask(six, PEER6, 40), 40);
    nap(FAKE_SECOND);
    cr_assert_eq(recv(a, got, sizeof(got), MSG_DONTWAIT), 20);
    cr_assert_eq(recv(b, got, sizeof(got), MSG_DONTWAIT), 30);
    cr_assert_eq(recv(six, got, sizeof(got), MSG_DONTWAIT), 40);
    cr_assert_not(ready(a) & POLLIN, "each its own");
    fd_close(b);
    cr_assert_eq(ask(a, PEER, 20), 20);
    fd_close(a); /* with an answer to come, and one unread */
    cr_assert_eq(ask(six, PEER6, 40), 40);
    nap(FAKE_SECOND);
    fd_close(six);
}

Test(ping, gives_each_socket_its_own_answers)
{
    cr_assert(world6(several));
}

static void connected(void)
{
    const int fd = new_ping(AF_INET);

    cr_assert_eq(send(fd, message, 8, 0), -1, "not a request");
    cr_assert_eq(errno, EINVAL);
    message[0] = ICMP_ECHO;
    cr_assert_eq(send(fd, message, 8, 0), -1);
    cr_assert_eq(errno, EDESTADDRREQ);
    cr_assert_eq(call(connect, fd, PEER, 0), 0);
    cr_assert_eq(send(fd, message, 8, 0), 8);
    cr_assert_eq(recv(fd, got, 8, 0), 8);
    cr_assert_eq(ask(fd, HERE, 8), 8);
    cr_assert_eq(recv(fd, got, 8, 0), -1, "not from the peer");
    cr_assert_eq(errno, EAGAIN);
    cr_assert_eq(shutdown(fd, SHUT_WR), 0);
    cr_assert_eq(send(fd, message, 8, 0), -1);
    cr_assert_eq(errno, EPIPE);
    fd_close(fd);
}

Test(ping, hears_only_its_peer_once_connected)
{
    cr_assert(world6(connected));
}

static void errors(void)
{
    const int fd = new_ping(AF_INET), six = new_ping(AF_INET6);
    struct sockaddr_in6 in = at6("::ffff:10.0.0.9", 0);

    set_int(six, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    cr_assert_eq(bind(six, (const struct sockaddr *)&in, sizeof(in)), -1);
    in = at6("::", 0);
    cr_assert_eq(bind(six, (const struct sockaddr *)&in, sizeof(in)), 0);
    in = at6("::ffff:10.0.0.9", 0);
    cr_assert_eq(ask(fd, PEER, 7), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(ask(fd, PEER, 65516), -1);
    cr_assert_eq(errno, EMSGSIZE);
    cr_assert_eq(ask(six, PEER6, 65496), -1);
    cr_assert_eq(errno, EMSGSIZE);
    message[0] = ICMP_ECHO;
    message[1] = 1;
    cr_assert_eq(send_to(fd, message, 8, PEER, 0), -1);
    cr_assert_eq(errno, EINVAL);
    message[1] = 0;
    cr_assert_eq(send_to(fd, message, 8, "10.0.0.255", 0), -1);
    cr_assert_eq(errno, EACCES);
    set_int(fd, SOL_SOCKET, SO_BROADCAST, 1);
    cr_assert_eq(send_to(fd, message, 8, "10.0.0.255", 0), 8);
    message[0] = ICMP6_ECHO_REQUEST;
    cr_assert_eq(
        sendto(six, message, 8, 0, (const struct sockaddr *)&in, sizeof(in)),
        -1);
    cr_assert_eq(errno, EINVAL, "the other family");
    cr_assert_eq(get_int(six, SOL_SOCKET, SO_PROTOCOL), IPPROTO_ICMPV6);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_ICMP);
    cr_assert_eq(socket(AF_INET, SOCK_STREAM, IPPROTO_ICMP), -1);
    cr_assert_eq(errno, EPROTONOSUPPORT);
    cr_assert_eq(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMPV6), -1);
    cr_assert_eq(errno, EPROTONOSUPPORT);
    fd_close(fd);
    fd_close(six);
}

Test(ping, has_linux_s_errors)
{
    cr_assert(world6(errors));
}

static void spoilt(void)
{
    const int fd = new_ping(AF_INET), six = new_ping(AF_INET6);

    fake_net.spoil = 1;
    cr_assert_eq(ask(fd, PEER, 100), 100);
    cr_assert_eq(recv(fd, got, sizeof(got), 0), -1);
    fake_net.spoil = 0;
    cr_assert_eq(ask(fd, PEER, 100), 100);
    cr_assert_eq(recv(fd, got, sizeof(got), 0), 100);
    fd_close(fd);
    fd_close(six);
}

Test(ping, believes_no_wrong_checksum)
{
    cr_assert(world6(spoilt));
}

static const char *local_name(int fd)
{
    static char text[INET_ADDRSTRLEN];
    struct sockaddr_in in;
    socklen_t len = sizeof(in);

    cr_assert_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    return inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
}

static void moved(void)
{
    const ip4_addr_t here = *netif_ip4_addr(netif_default),
                     there = {inet_addr("10.0.0.3")};
    const int own = new_ping(AF_INET), any = new_ping(AF_INET);

    cr_assert_eq(call(bind, own, HERE, 0), 0);
    netif_set_ipaddr(netif_default, &there);
    cr_assert_str_eq(local_name(own), "10.0.0.3");
    cr_assert_str_eq(local_name(any), "0.0.0.0");
    netif_set_ipaddr(netif_default, &here);
    fd_close(own);
    fd_close(any);
}

Test(ping, follows_the_address_it_is_bound_to)
{
    cr_assert(world(moved));
}

static void full(void)
{
    const int fd = new_ping(AF_INET);

    fake_net.stuck = true;
    fake_net.slots = 4;
    set_timeout(fd, SO_SNDTIMEO, 1);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(ask(fd, PEER, 100), 100);
    cr_assert_eq(ask(fd, PEER, 100), -1);
    cr_assert_eq(errno, EAGAIN);
    cr_assert_not(ready(fd) & POLLOUT);
    fake_net.slots = 256;
    fake_unstick();
    nap(FAKE_SECOND);
    cr_assert_eq(ready(fd) & (POLLIN | POLLOUT), POLLIN | POLLOUT);
    fd_close(fd);
}

Test(ping, waits_for_room_in_the_interface)
{
    cr_assert(world6(full));
}

static void poor(void)
{
    for (size_t n = 0; n < 12; n++) {
        int fd;

        mallocs_left = n;
        fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
        if (fd >= 0)
            ask(fd, PEER, 100);
        nap(FAKE_SECOND);
        mallocs_left = SIZE_MAX;
        if (fd >= 0)
            fd_close(fd);
    }
}

Test(ping, survives_every_failing_allocation)
{
    cr_assert(world6(poor));
}
