/* dual.c: what sockets do that are for IPv6 and IPv4 at once, or for one of
 * them alone: behave.h. */

#include "test/system/behave/behave.h"

#define ANY_PORT 0

static const struct kind four = {"dual ", AF_INET, "127.0.0.1", "0.0.0.0", NULL,
                                 0,       0};
static const struct kind six = {"dual ", AF_INET6, "::1", "::", NULL, 0, 0};

static int v6_socket(int type, int v6only)
{
    int fd;

    be(&six);
    fd = new_socket(type);
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
    return fd;
}

static int bind_to(int fd, const char *addr, int port)
{
    const struct name n = name_of(addr, port);

    return bind(fd, &n.any, n.len);
}

static int connect_at(int fd, const char *addr, int port, unsigned scope)
{
    struct name n = name_of(addr, port);

    if (n.any.sa_family == AF_INET6)
        n.in6.sin6_scope_id = scope;
    return connect(fd, &n.any, n.len);
}

/* NAME: an address. */
static void tell_addr(const char *name, const struct name *n)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (n->any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &n->in6.sin6_addr, text, sizeof(text));
    else
        inet_ntop(AF_INET, &n->in.sin_addr, text, sizeof(text));
    tell_text(name, text);
}

static void tell_ends(const char *what, int fd)
{
    struct name n = blank();
    char name[64];

    getsockname(fd, &n.any, &n.len);
    snprintf(name, sizeof(name), "%s, here", what);
    tell_addr(name, &n);
    n = blank();
    snprintf(name, sizeof(name), "%s, there", what);
    if (getpeername(fd, &n.any, &n.len))
        tell(name, -1);
    else
        tell_addr(name, &n);
}

/* ---- who may have the same port ---- */

static const struct place {
    const char *name;
    const struct kind *kind;
    const char *addr;
    int v6only;
} places[] = {
    {"any v4", &four, "0.0.0.0", 0}, {"lo v4", &four, "127.0.0.1", 0},
    {"any both", &six, "::", 0},     {"any v6", &six, "::", 1},
    {"lo v6", &six, "::1", 0},       {"lo mapped", &six, "::ffff:127.0.0.1", 0},
};

enum {
    STREAM,
    STREAM_REUSE,
    STREAM_LISTEN,
    STREAM_LATE,
    DGRAM,
    DGRAM_REUSE,
    WAYS
};
static const char *const ways[] = {
    "tcp", "tcp reuse", "tcp reuse listen", "tcp reuse listen later",
    "udp", "udp reuse"};

static int at_place(const struct place *p, int way, int port)
{
    const int on = 1;
    int fd;

    be(p->kind);
    fd = new_socket(way >= DGRAM ? SOCK_DGRAM : SOCK_STREAM);
    if (p->kind == &six)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &p->v6only,
                   sizeof(p->v6only));
    if (way != STREAM && way != DGRAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind_to(fd, p->addr, port) || (way == STREAM_LISTEN && listen(fd, 1))) {
        const int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* One that nobody has, at no address: not what an old connection has left. */
static int free_port(int way)
{
    static const struct place any = {"any", &six, "::", 0};
    const int fd = at_place(&any, way >= DGRAM ? DGRAM : STREAM, ANY_PORT);
    const int port = port_of(fd);

    close(fd);
    return port;
}

/* May two be at one port? */
static void beside(int way, const struct place *a, const struct place *b)
{
    const int one = at_place(a, way, free_port(way));
    const int two = at_place(b, way, port_of(one));
    char name[64];

    snprintf(name, sizeof(name), "%s, %s beside %s", ways[way], b->name,
             a->name);
    if (way == STREAM_LATE && two >= 0 && listen(one, 1) == 0)
        tell(name, listen(two, 1));
    else
        tell(name, two < 0 ? two : 0);
    close(one);
    if (two >= 0)
        close(two);
}

static void conflicts(void)
{
    for (int way = 0; way < WAYS; way++)
        for (size_t i = 0; i < COUNT(places); i++)
            for (size_t j = 0; j < COUNT(places); j++)
                beside(way, &places[i], &places[j]);
}

/* ---- who reaches whom ---- */

/* A stream from a socket of this kind to addr, and what both ends are called.
 */
static void call_at(const char *what, int listener, const struct kind *k,
                    const char *addr)
{
    char name[64];
    int fd, got = -1, port;

    be(&six);
    port = port_of(listener);
    be(k);
    fd = new_socket(SOCK_STREAM);
    snprintf(name, sizeof(name), "%s, connect", what);
    if (connect_at(fd, addr, port, 0)) {
        tell(name, -1);
    } else {
        tell(name, 0);
        tell_ends(what, fd);
        be(&six);
        snprintf(name, sizeof(name), "%s, accepted", what);
        got = accept(listener, NULL, NULL);
        tell_ends(name, got);
    }
    close(got);
    close(fd);
}

static void calling(void)
{
    const int both = v6_socket(SOCK_STREAM, 0),
              only = v6_socket(SOCK_STREAM, 1);

    bind_to(both, "::", ANY_PORT);
    listen(both, 3);
    call_at("v4 to both", both, &four, "127.0.0.1");
    call_at("mapped to both", both, &six, "::ffff:127.0.0.1");
    call_at("v6 to both", both, &six, "::1");
    call_at("v6 any to both", both, &six, "::");
    call_at("mapped any to both", both, &six, "::ffff:0.0.0.0");
    close(both);
    bind_to(only, "::", ANY_PORT);
    listen(only, 3);
    call_at("v4 to only", only, &four, "127.0.0.1");
    call_at("mapped to only", only, &six, "::ffff:127.0.0.1");
    call_at("v6 to only", only, &six, "::1");
    close(only);
}

/* Two listeners at one port, each for its own family. */
static void sharing(void)
{
    const int fd6 = v6_socket(SOCK_STREAM, 1);
    int fd4, port, caller4, caller6;

    bind_to(fd6, "::", ANY_PORT);
    listen(fd6, 3);
    port = port_of(fd6);
    be(&four);
    fd4 = new_socket(SOCK_STREAM);
    tell("bind beside v6 only", bind_to(fd4, "0.0.0.0", port));
    tell("listen beside v6 only", listen(fd4, 3));
    caller4 = new_socket(SOCK_STREAM);
    connect_to(caller4, port);
    tell_ready("v4's listener called by v4", fd4, POLLIN);
    tell_ready("v6's listener called by v4", fd6, 0);
    close(accept(fd4, NULL, NULL));
    be(&six);
    caller6 = new_socket(SOCK_STREAM);
    connect_to(caller6, port);
    tell_ready("v6's listener called by v6", fd6, POLLIN);
    tell_ready("v4's listener called by v6", fd4, 0);
    close(caller4);
    close(caller6);
    close(fd4);
    close(fd6);
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);

    return getsockopt(fd, IPPROTO_IPV6, name, &value, &len) ? -1 : value;
}

static void alone(int type, const char *what)
{
    const int fd = v6_socket(type, 1), other = v6_socket(type, 0),
              bound = v6_socket(type, 0), off = 0;
    const struct name to = name_of("::ffff:127.0.0.1", 9);
    char name[64];

#define TELL(call, result)                                                     \
    (snprintf(name, sizeof(name), "%s only, %s", what, call),                  \
     tell(name, result))
    TELL("bind to a mapped address", bind_to(fd, "::ffff:127.0.0.1", 0));
    TELL("bind to mapped any", bind_to(fd, "::ffff:0.0.0.0", 0));
    TELL("connect to a mapped address", connect(fd, &to.any, to.len));
    if (type == SOCK_DGRAM)
        TELL("sendto a mapped address", sendto(fd, "x", 1, 0, &to.any, to.len));
    TELL("bind", bind_to(fd, "::1", 0));
    TELL("set when bound",
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)));
    TELL("is", option(fd, IPV6_V6ONLY));
    snprintf(name, sizeof(name), "%s only", what);
    tell_ends(name, fd);
    TELL("both, bind to a mapped address",
         bind_to(other, "::ffff:127.0.0.1", 0));
    TELL("both, connect to v6 from there", connect_at(other, "::1", 9, 0));
    snprintf(name, sizeof(name), "%s bound to a mapped address", what);
    tell_ends(name, other);
    bind_to(bound, "::1", 0);
    TELL("both, connect to mapped from v6", connect(bound, &to.any, to.len));
#undef TELL
    close(fd);
    close(other);
    close(bound);
}

/* Addresses of the other family, and short ones. */
static void other_families(int type, const char *what)
{
    const int fd6 = v6_socket(type, 0);
    struct name n6 = name_of("::1", 9), n4;
    char name[64];
    int fd4;

    be(&four);
    fd4 = new_socket(type);
    n4 = name_of("127.0.0.1", 9);
#define TELL(call, result)                                                     \
    (snprintf(name, sizeof(name), "%s %s", what, call), tell(name, result))
    TELL("v6 bind to v4", bind(fd6, &n4.any, n4.len));
    TELL("v6 bind to v4 with more room", bind(fd6, &n4.any, n6.len));
    TELL("v4 bind to v6", bind(fd4, &n6.any, n6.len));
    TELL("v4 connect to v6", connect(fd4, &n6.any, n6.len));
    n6.in6.sin6_port = 0;
    TELL("v6 bind to 23 bytes", bind(fd6, &n6.any, 23));
    TELL("v6 bind to 24 bytes", bind(fd6, &n6.any, 24));
    if (type == SOCK_DGRAM) {
        TELL("v4 sendto v6", sendto(fd4, "x", 1, 0, &n6.any, n6.len));
        TELL("v6 sendto v4", sendto(fd6, "x", 1, 0, &n4.any, n4.len));
    } else {
        TELL("v6 connect to v4", connect(fd6, &n4.any, n4.len));
    }
#undef TELL
    close(fd6);
    close(fd4);
}

/* ---- datagrams ---- */

static void tell_from(const char *name, int fd)
{
    struct name from = blank();
    char byte;

    if (recvfrom(fd, &byte, 1, 0, &from.any, &from.len) < 0)
        tell(name, -1);
    else
        tell_addr(name, &from);
}

static void datagrams(void)
{
    const int both = v6_socket(SOCK_DGRAM, 0), other = v6_socket(SOCK_DGRAM, 0);
    struct name n;
    int fd4, port;

    bind_to(both, "::", ANY_PORT);
    port = port_of(both);
    bind_to(other, "::", ANY_PORT);
    be(&four);
    fd4 = new_socket(SOCK_DGRAM);
    n = loopback(port);
    tell("udp v4 to both", sendto(fd4, "x", 1, 0, &n.any, n.len));
    be(&six);
    tell_from("udp v4 to both, from", both);
    n = name_of("::ffff:127.0.0.1", port);
    tell("udp mapped to both", sendto(other, "x", 1, 0, &n.any, n.len));
    tell_from("udp mapped to both, from", both);
    n = loopback(port);
    tell("udp v6 to both", sendto(other, "x", 1, 0, &n.any, n.len));
    tell_from("udp v6 to both, from", both);
    n = name_of("::", port);
    tell("udp v6 any to both", sendto(other, "x", 1, 0, &n.any, n.len));
    tell_from("udp v6 any to both, from", both);
    tell("udp connect to mapped",
         connect_at(other, "::ffff:127.0.0.1", port, 0));
    tell_ends("udp connected to mapped", other);
    tell("udp send to mapped", send(other, "x", 1, 0));
    tell_from("udp sent to mapped, from", both);
    tell("udp connect to v6 then", connect_at(other, "::1", port, 0));
    n = (struct name){.any.sa_family = AF_UNSPEC, .len = sizeof(n.in6)};
    tell("udp disconnect both", connect(other, &n.any, n.len));
    tell_ends("udp disconnected", other);
    tell("udp connect to v6 again", connect_at(other, "::1", port, 0));
    tell_ends("udp connected to v6", other);
    close(fd4);
    close(both);
    close(other);
}

void behave_dual(void)
{
    conflicts();
    calling();
    sharing();
    alone(SOCK_STREAM, "stream");
    alone(SOCK_DGRAM, "dgram");
    other_families(SOCK_STREAM, "stream");
    other_families(SOCK_DGRAM, "dgram");
    datagrams();
}
