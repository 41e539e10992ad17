/* scope.c: which interface a link-local address is on: behave.h. */

#include <ifaddrs.h>

#include "test/system/behave/behave.h"

static struct name scoped(const char *addr, int port, unsigned scope)
{
    struct name n = name_of(addr, port);

    n.in6.sin6_scope_id = scope;
    return n;
}

static void wrong(int type, const char *what)
{
    static const struct {
        const char *name, *addr;
        unsigned scope;
    } cases[] = {{"no scope", "fe80::99", 0},
                 {"foreign", "fe80::99", 1},
                 {"no interface", "fe80::99", 77},
                 {"far too much", "fe80::99", 257},
                 {"loopback", "::1", 1},
                 {"loopback of no interface", "::1", 77}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct name to = scoped(cases[i].addr, 9, cases[i].scope);
        const int fd = new_socket(type), other = new_socket(type);
        struct name n = scoped(cases[i].addr, 0, cases[i].scope);
        char name[64];

        snprintf(name, sizeof(name), "%s bind, %s", what, cases[i].name);
        tell(name, bind(fd, &n.any, n.len));
        n = blank();
        getsockname(fd, &n.any, &n.len);
        snprintf(name, sizeof(name), "%s scope, %s", what, cases[i].name);
        tell(name, n.in6.sin6_scope_id);
        snprintf(name, sizeof(name), "%s connect, %s", what, cases[i].name);
        tell(name, connect(other, &to.any, to.len));
        close(fd);
        close(other);
    }
}

/* A link-local address of ours that can be used already. */
static bool find_ours(struct name *ours)
{
    struct ifaddrs *list, *i;
    bool found = false;

    if (getifaddrs(&list))
        return false;
    for (i = list; i && !found; i = i->ifa_next) {
        const int fd = new_socket(SOCK_STREAM);

        if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6) {
            *ours = blank();
            memcpy(&ours->in6, i->ifa_addr, sizeof(ours->in6));
            found = IN6_IS_ADDR_LINKLOCAL(&ours->in6.sin6_addr) &&
                    bind(fd, &ours->any, ours->len) == 0;
        }
        close(fd);
    }
    freeifaddrs(list);
    return found;
}

/* Is it ours, with its scope? */
static bool same(const struct name *n, const struct name *ours)
{
    return n->in6.sin6_scope_id == ours->in6.sin6_scope_id &&
           !memcmp(&n->in6.sin6_addr, &ours->in6.sin6_addr, 16);
}

typedef int name_call(int, struct sockaddr *, socklen_t *);

static bool called(name_call *call, int fd, const struct name *ours)
{
    struct name n = blank();

    return call(fd, &n.any, &n.len) == 0 && same(&n, ours);
}

static void streams(const struct name *ours)
{
    const int l = new_socket(SOCK_STREAM), fd = new_socket(SOCK_STREAM);
    struct name n = *ours;
    int got;

    tell("stream bind to a link-local address", bind(l, &n.any, n.len));
    tell("stream it is bound to", called(getsockname, l, ours));
    listen(l, 3);
    n.in6.sin6_port = htons((uint16_t)port_of(l));
    tell("stream connect to it", connect(fd, &n.any, n.len));
    tell("stream connected from", called(getsockname, fd, ours));
    tell("stream connected to", called(getpeername, fd, ours));
    n = blank();
    got = accept(l, &n.any, &n.len);
    tell("stream accept says who", same(&n, ours));
    tell("stream accepted at", called(getsockname, got, ours));
    tell("stream accepted from", called(getpeername, got, ours));
    close(got);
    close(fd);
    close(l);
}

static void datagrams(const struct name *ours)
{
    const int to = new_socket(SOCK_DGRAM), fd = new_socket(SOCK_DGRAM);
    struct name n = *ours, from = blank();
    char byte;

    tell("dgram bind to a link-local address", bind(to, &n.any, n.len));
    n.in6.sin6_port = htons((uint16_t)port_of(to));
    tell("dgram sendto it", sendto(fd, "x", 1, 0, &n.any, n.len));
    tell("dgram recvfrom it", recvfrom(to, &byte, 1, 0, &from.any, &from.len));
    tell("dgram recvfrom says who", same(&from, ours));
    tell("dgram answer", sendto(to, "y", 1, 0, &from.any, from.len));
    tell("dgram the answer", recv(fd, &byte, 1, 0));
    tell("dgram connect to it", connect(fd, &n.any, n.len));
    tell("dgram connected from", called(getsockname, fd, ours));
    tell("dgram connected to", called(getpeername, fd, ours));
    close(fd);
    close(to);
}

void behave_scope(void)
{
    static const struct kind scope = {
        .name = "scope ", .family = AF_INET6, .loopback = "::1"};
    struct name ours;

    be(&scope);
    wrong(SOCK_STREAM, "stream");
    wrong(SOCK_DGRAM, "dgram");
    if (find_ours(&ours)) {
        streams(&ours);
        datagrams(&ours);
    }
}
