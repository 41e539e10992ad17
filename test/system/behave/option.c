/* option.c: socket options: behave.h. */

#include "test/system/behave/behave.h"

static const struct option {
    const char *name;
    int level, number;
    int values[3]; /* tried one after the other */
} options[] = {
    {"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR, {1, 0, 7}},
    {"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, {1, 0, -1}},
    {"SO_BROADCAST", SOL_SOCKET, SO_BROADCAST, {1, 0, 2}},
    {"SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT, {0, 1, 2}},
    {"SO_TYPE", SOL_SOCKET, SO_TYPE, {1, 2, 3}},
    {"SO_ERROR", SOL_SOCKET, SO_ERROR, {1, 2, 3}},
    {"SO_ACCEPTCONN", SOL_SOCKET, SO_ACCEPTCONN, {1, 0, 2}},
    {"SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL, {1, 0, 2}},
    {"SO_DOMAIN", SOL_SOCKET, SO_DOMAIN, {1, 0, 2}},
    {"SO_9999", SOL_SOCKET, 9999, {1, 0, 2}},
    {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, {1, 0, 7}},
    {"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, {30, 0, 32768}},
    {"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, {5, 0, 32768}},
    {"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, {3, 0, 128}},
    {"TCP_9999", IPPROTO_TCP, 9999, {1, 0, 2}},
    {"IP_TTL", IPPROTO_IP, IP_TTL, {1, 0, 256}},
    {"IP_TOS", IPPROTO_IP, IP_TOS, {16, 0, 32}},
    {"IP_9999", IPPROTO_IP, 9999, {1, 0, 2}},
    {"IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY, {1, 0, 7}},
    {"IPV6_UNICAST_HOPS", IPPROTO_IPV6, IPV6_UNICAST_HOPS, {1, 256, -1}},
    {"IPV6_UNICAST_HOPS none", IPPROTO_IPV6, IPV6_UNICAST_HOPS, {0, -2, 255}},
    {"IPV6_TCLASS", IPPROTO_IPV6, IPV6_TCLASS, {16, 256, -1}},
    {"IPV6_TCLASS none", IPPROTO_IPV6, IPV6_TCLASS, {0, -2, 32}},
    {"IPV6_9999", IPPROTO_IPV6, 9999, {1, 0, 2}},
    {"level 9999", 9999, 1, {1, 0, 2}},
};

static void try(const char *what, int fd, const struct option *o)
{
    char name[64];
    int value = -1;
    socklen_t len = sizeof(value);
    int result = getsockopt(fd, o->level, o->number, &value, &len);

    snprintf(name, sizeof(name), "%s %s", what, o->name);
    tell(name, result ? result : value);
    for (size_t i = 0; i < COUNT(o->values); i++) {
        snprintf(name, sizeof(name), "%s %s set %d", what, o->name,
                 o->values[i]);
        result = setsockopt(fd, o->level, o->number, &o->values[i],
                            sizeof(o->values[i]));
        if (!result)
            result = getsockopt(fd, o->level, o->number, &value, &len);
        tell(name, result ? result : value);
    }
}

static void sizes(void)
{
    const int fd = new_socket(SOCK_STREAM);
    const struct timeval bad = {.tv_usec = 1000000};
    struct linger linger = {.l_onoff = 5, .l_linger = 3};
    int value = 0;
    char byte = 0;
    socklen_t len = sizeof(linger);

    tell("SO_LINGER set",
         setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
    tell("SO_LINGER too short",
         setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, 4));
    tell("SO_LINGER get", getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len));
    tell("SO_LINGER on", linger.l_onoff);
    tell("SO_LINGER seconds", linger.l_linger);
    tell("SO_LINGER length", (long)len);
    len = 1;
    tell("get one byte", getsockopt(fd, SOL_SOCKET, SO_TYPE, &byte, &len));
    tell("the byte", byte);
    len = 16;
    tell("get with more room",
         getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len));
    tell("it takes", (long)len);
    tell("set too short", setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, 2));
    tell("set of nothing", setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, NULL, 4));
    tell("SO_RCVTIMEO of nonsense",
         setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bad, sizeof(bad)));
    value = 100000;
    tell("SO_RCVBUF set",
         setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value)));
    tell("SO_SNDBUF set",
         setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof(value)));
    len = sizeof(value);
    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &len);
    tell("SO_RCVBUF is enough", value >= 100000);
    getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &len);
    tell("SO_SNDBUF is enough", value >= 100000);
    close(fd);
}

/* A listener's options are its connections'. */
static void inherited(void)
{
    const int l = new_listener(), fd = new_socket(SOCK_STREAM), on = 1;
    const struct linger linger = {.l_onoff = 1, .l_linger = 0};
    struct linger got = {0};
    socklen_t len = sizeof(int), size = sizeof(got);
    int s, value = -1;

    setsockopt(l, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(l, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    setsockopt(l, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    getsockopt(l, SOL_SOCKET, SO_ACCEPTCONN, &value, &len);
    tell("SO_ACCEPTCONN of a listener", value);
    connect_to(fd, port_of(l));
    s = accept(l, NULL, NULL);
    getsockopt(s, SOL_SOCKET, SO_ACCEPTCONN, &value, &len);
    tell("SO_ACCEPTCONN of a connection", value);
    getsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &value, &len);
    tell("SO_KEEPALIVE is inherited", value);
    getsockopt(s, IPPROTO_TCP, TCP_NODELAY, &value, &len);
    tell("TCP_NODELAY is inherited", value);
    getsockopt(s, SOL_SOCKET, SO_LINGER, &got, &size);
    tell("SO_LINGER is inherited", got.l_onoff);
    close(s);
    close(fd);
    close(l);
}

void behave_option(void)
{
    const int stream = new_socket(SOCK_STREAM), dgram = new_socket(SOCK_DGRAM);

    for (size_t i = 0; i < COUNT(options); i++) {
        try("stream", stream, &options[i]);
        try("dgram", dgram, &options[i]);
    }
    close(stream);
    close(dgram);
    sizes();
    inherited();
}
