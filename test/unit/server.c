#include "lib/server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static bool no_ipv6, bound_v6; /* of the machine; how the server is bound */

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_bind(int fd, const struct sockaddr *at, socklen_t n);
int __wrap_bind(int fd, const struct sockaddr *at, socklen_t n);

int __wrap_socket(int family, int type, int protocol)
{
    if (family == AF_INET6 && no_ipv6) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    return __real_socket(family, type, protocol);
}

/* On loopback, of IPv4: it can be had from a socket for both, too. */
int __wrap_bind(int fd, const struct sockaddr *at, socklen_t n)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } to = {0};

    cr_assert_leq(n, sizeof(to));
    memcpy(&to, at, n);
    bound_v6 = at->sa_family == AF_INET6;
    if (bound_v6) {
        cr_assert(IN6_IS_ADDR_UNSPECIFIED(&to.in6.sin6_addr));
        inet_pton(AF_INET6, "::ffff:127.0.0.1", &to.in6.sin6_addr);
    } else {
        cr_assert_eq(to.in.sin_addr.s_addr, INADDR_ANY);
        to.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    return __real_bind(fd, &to.any, n);
}

static struct sockaddr_in name_of(int fd)
{
    struct sockaddr_in6 in6; /* both have their port in one place */
    socklen_t n = sizeof(in6);

    cr_assert_eq(getsockname(fd, (struct sockaddr *)&in6, &n), 0);
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = in6.sin6_port,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int get(int fd, int level, int name)
{
    int value = -1;
    socklen_t n = sizeof(value);

    cr_assert_eq(getsockopt(fd, level, name, &value, &n), 0);
    return value;
}

/* Who calls the server by IPv4, as it sees them. */
static void expect_service(int listener)
{
    const struct sockaddr_in to = name_of(listener);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_storage from;
    socklen_t n = sizeof(from);
    char text[INET6_ADDRSTRLEN];
    int got;

    cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    got = accept(listener, (struct sockaddr *)&from, &n);
    cr_assert_geq(got, 0);
    server_client(&from, text);
    cr_assert_str_eq(text, "127.0.0.1");
    close(got);
    close(fd);
}

Test(server, serves_ipv4_by_a_socket_for_both)
{
    const int fd = server_open(SOCK_STREAM | SOCK_NONBLOCK, 0);

    cr_assert_geq(fd, 0, "%s", strerror(errno));
    if (!bound_v6)
        cr_skip("this machine has no IPv6");
    cr_assert_eq(get(fd, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    cr_assert_eq(get(fd, SOL_SOCKET, SO_REUSEADDR), 1);
    cr_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
    expect_service(fd);
    close(fd);
}

Test(server, serves_ipv4_where_there_is_no_ipv6)
{
    int fd;

    no_ipv6 = true;
    fd = server_open(SOCK_STREAM, 0);
    cr_assert_geq(fd, 0, "%s", strerror(errno));
    cr_assert_not(bound_v6);
    cr_assert_not(fcntl(fd, F_GETFL) & O_NONBLOCK);
    expect_service(fd);
    close(fd);
}

Test(server, takes_datagrams_and_shares_them_with_nobody)
{
    const int fd = server_open(SOCK_DGRAM, 0),
              from = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in to;
    char byte = 0;

    cr_assert_geq(fd, 0);
    cr_assert_eq(get(fd, SOL_SOCKET, SO_REUSEADDR), 0);
    to = name_of(fd);
    cr_assert_eq(
        sendto(from, "x", 1, 0, (const struct sockaddr *)&to, sizeof(to)), 1);
    cr_assert_eq(recv(fd, &byte, 1, 0), 1);
    cr_assert_eq(byte, 'x');
    cr_assert_eq(server_open(SOCK_DGRAM, ntohs(to.sin_port)), -1);
    cr_assert_eq(errno, EADDRINUSE);
    close(fd);
    close(from);
}

Test(server, names_clients_by_their_own_kind_of_address)
{
    static const struct {
        int family;
        const char *addr, *text;
    } cases[] = {{AF_INET, "192.0.2.1", "192.0.2.1"},
                 {AF_INET6, "::ffff:192.0.2.1", "192.0.2.1"},
                 {AF_INET6, "2001:DB8::0:1", "2001:db8::1"},
                 {AF_INET6, "::1", "::1"},
                 {AF_UNIX, "", "-"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct sockaddr_storage from = {0};
        char text[INET6_ADDRSTRLEN];

        from.ss_family = (sa_family_t)cases[i].family;
        if (cases[i].family == AF_INET)
            inet_pton(AF_INET, cases[i].addr,
                      &((struct sockaddr_in *)&from)->sin_addr);
        else if (cases[i].family == AF_INET6)
            inet_pton(AF_INET6, cases[i].addr,
                      &((struct sockaddr_in6 *)&from)->sin6_addr);
        server_client(&from, text);
        cr_expect_str_eq(text, cases[i].text);
    }
}

Test(server, hears_that_it_is_to_end)
{
    struct pollfd p = {.fd = server_end(), .events = POLLIN};

    cr_assert_geq(p.fd, 0);
    cr_assert_eq(poll(&p, 1, 0), 0);
    raise(SIGTERM);
    cr_assert_eq(poll(&p, 1, 0), 1);
    close(p.fd);
}
