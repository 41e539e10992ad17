/* behave.c: what the socket calls answer, in lines to be compared: behave.h;
 * here what all sockets share: making them, naming them, and every call on what
 * is no socket. */

#include "test/system/behave/behave.h"

static const char *error_name(int error)
{
    static const struct {
        int error;
        const char *name;
    } names[] = {
        {EACCES, "EACCES"},
        {EADDRINUSE, "EADDRINUSE"},
        {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
        {EAFNOSUPPORT, "EAFNOSUPPORT"},
        {EAGAIN, "EAGAIN"},
        {EALREADY, "EALREADY"},
        {EBADF, "EBADF"},
        {ECONNREFUSED, "ECONNREFUSED"},
        {ECONNRESET, "ECONNRESET"},
        {EDESTADDRREQ, "EDESTADDRREQ"},
        {EDOM, "EDOM"},
        {EFAULT, "EFAULT"},
        {EINPROGRESS, "EINPROGRESS"},
        {EINVAL, "EINVAL"},
        {EISCONN, "EISCONN"},
        {EMSGSIZE, "EMSGSIZE"},
        {EHOSTUNREACH, "EHOSTUNREACH"},
        {ENODEV, "ENODEV"},
        {ENOSPC, "ENOSPC"},
        {ENETUNREACH, "ENETUNREACH"},
        {ENOPROTOOPT, "ENOPROTOOPT"},
        {ENOTCONN, "ENOTCONN"},
        {ENOTSOCK, "ENOTSOCK"},
        {ENOTTY, "ENOTTY"},
        {EOPNOTSUPP, "EOPNOTSUPP"},
        {EPIPE, "EPIPE"},
        {EPROTONOSUPPORT, "EPROTONOSUPPORT"},
        {ESPIPE, "ESPIPE"},
        {ETIMEDOUT, "ETIMEDOUT"},
    };

    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].error == error)
            return names[i].name;
    return strerror(error);
}

void tell_text(const char *name, const char *text)
{
    printf("%s%s: %s\n", kind->name, name, text);
}

void tell(const char *name, long result)
{
    if (result < 0)
        tell_text(name, error_name(errno));
    else
        printf("%s%s: %ld\n", kind->name, name, result);
}

void tell_bytes(const char *name, const void *data, long n)
{
    if (n < 0)
        tell(name, n);
    else
        printf("%s%s: %ld '%.*s'\n", kind->name, name, n, (int)n,
               (const char *)data);
}

int await(int fd, int events)
{
    struct pollfd p = {.fd = fd, .events = (short)events};

    poll(&p, 1, PATIENCE);
    return p.revents;
}

void tell_ready(const char *name, int fd, int events)
{
    static const struct {
        int bit;
        const char *name;
    } bits[] = {{POLLIN, " IN"},   {POLLOUT, " OUT"},     {POLLERR, " ERR"},
                {POLLHUP, " HUP"}, {POLLRDHUP, " RDHUP"}, {POLLNVAL, " NVAL"}};
    const int all = POLLIN | POLLOUT | POLLRDHUP;
    struct pollfd p = {.fd = fd, .events = (short)(events ? events : all)};

    poll(&p, 1, events ? PATIENCE : SOON);
    p.events = (short)all;
    poll(&p, 1, 0);
    printf("%s%s:", kind->name, name);
    for (size_t i = 0; i < COUNT(bits); i++)
        if (p.revents & bits[i].bit)
            printf("%s", bits[i].name);
    printf("\n");
}

static const struct kind none = {"", AF_INET, "127.0.0.1", "0.0.0.0", "", 0, 0};
const struct kind v4 = {"v4 ",       AF_INET, "127.0.0.1", "0.0.0.0",
                        "192.0.2.1", 65507,   65508};
const struct kind v6 = {"v6 ", AF_INET6, "::1", "::", "2001:db8:99::1",
                        65487, 65528};
const struct kind mapped = {"mapped ",
                            AF_INET6,
                            "::ffff:127.0.0.1",
                            "::ffff:0.0.0.0",
                            "::ffff:192.0.2.1",
                            65507,
                            65508};
const struct kind *kind = &none;

void be(const struct kind *k)
{
    kind = k;
}

struct name name_of(const char *addr, int port)
{
    struct name n = blank();

    n.any.sa_family = (sa_family_t)kind->family;
    n.in.sin_port = htons((uint16_t)port); /* in6's has the same place */
    inet_pton(kind->family, addr,
              kind->family == AF_INET ? (void *)&n.in.sin_addr
                                      : &n.in6.sin6_addr);
    return n;
}

struct name loopback(int port)
{
    return name_of(kind->loopback, port);
}

struct name blank(void)
{
    return (struct name){.len = kind->family == AF_INET
                                    ? sizeof(struct sockaddr_in)
                                    : sizeof(struct sockaddr_in6)};
}

bool is_loopback(const struct name *n)
{
    const struct name l = loopback(name_port(n));

    return n->len == l.len && !memcmp(&n->any, &l.any, l.len);
}

int name_port(const struct name *n)
{
    return ntohs(n->in.sin_port);
}

int port_of(int fd)
{
    struct name n = blank();

    getsockname(fd, &n.any, &n.len);
    return name_port(&n);
}

int new_socket(int type)
{
    const struct timeval time = {.tv_sec = PATIENCE / 1000};
    const int fd = socket(kind->family, type, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
    return fd;
}

int bound_socket(int type)
{
    const struct name in = loopback(0);
    const int fd = new_socket(type);

    bind(fd, &in.any, in.len);
    return fd;
}

int new_listener(void)
{
    const int fd = bound_socket(SOCK_STREAM);

    listen(fd, 8);
    return fd;
}

int connect_to(int fd, int port)
{
    const struct name in = loopback(port);

    return connect(fd, &in.any, in.len);
}

void tcp_pair(int fds[2])
{
    const int l = new_listener();

    fds[0] = new_socket(SOCK_STREAM);
    connect_to(fds[0], port_of(l));
    fds[1] = accept(l, NULL, NULL);
    close(l);
}

void udp_pair(int fds[2])
{
    fds[0] = bound_socket(SOCK_DGRAM);
    fds[1] = bound_socket(SOCK_DGRAM);
    connect_to(fds[0], port_of(fds[1]));
    connect_to(fds[1], port_of(fds[0]));
}

static void making(void)
{
    static const struct {
        const char *name;
        int family, type, protocol;
    } cases[] = {
        {"socket of TCP", AF_INET, SOCK_STREAM, IPPROTO_TCP},
        {"socket of UDP", AF_INET, SOCK_DGRAM, IPPROTO_UDP},
        {"socket with flags", AF_INET,
         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0},
        {"socket stream of UDP", AF_INET, SOCK_STREAM, IPPROTO_UDP},
        {"socket datagram of TCP", AF_INET, SOCK_DGRAM, IPPROTO_TCP},
        {"socket of no family", AF_UNSPEC, SOCK_STREAM, 0},
        {"socket of an unknown family", 77, SOCK_STREAM, 0},
        {"socket of an unknown type", AF_INET, 77, 0},
        {"socket of type 0", AF_INET, 0, 0},
        {"socket of an unknown protocol", AF_INET, SOCK_STREAM, 77},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const int fd =
            socket(cases[i].family, cases[i].type, cases[i].protocol);

        tell(cases[i].name, fd < 0 ? fd : 0);
        if (fd >= 0)
            close(fd);
    }
}

static void naming(int type, const char *what)
{
    const struct name any = name_of(kind->any, 0),
                      foreign = name_of(kind->foreign, 0);
    const int fd = bound_socket(type), other = new_socket(type);
    struct name in = loopback(port_of(fd)), got = blank();
    char name[64];

#define TELL(call, result)                                                     \
    (snprintf(name, sizeof(name), "%s %s", what, call), tell(name, result))
    TELL("bind again", bind(fd, &any.any, any.len));
    TELL("bind to a foreign address", bind(other, &foreign.any, foreign.len));
    TELL("bind in use", bind(other, &in.any, in.len));
    TELL("bind too short", bind(other, &in.any, 8));
    in.any.sa_family = 77;
    TELL("bind to family", bind(other, &in.any, in.len));
    got.len = 4;
    TELL("getsockname short", getsockname(other, &got.any, &got.len));
    TELL("its length", (long)got.len);
    TELL("getpeername alone", getpeername(fd, &got.any, &got.len));
    TELL("bind to nothing", bind(other, &any.any, any.len));
    TELL("its port", port_of(other) > 1023);
    got = blank();
    TELL("getsockname", getsockname(fd, &got.any, &got.len));
    TELL("is what it was bound to", is_loopback(&got));
#undef TELL
    close(fd);
    close(other);
}

static void sockets_of(const struct kind *k)
{
    be(k);
    naming(SOCK_STREAM, "stream");
    naming(SOCK_DGRAM, "dgram");
    behave_stream();
    behave_dgram();
    behave_option();
    be(&none);
}

/* Linux may have been told to do without IPv6. */
static bool has(const struct kind *k)
{
    struct name n;
    bool can;
    int fd;

    be(k);
    n = loopback(0);
    fd = new_socket(SOCK_STREAM);
    can = bind(fd, &n.any, n.len) == 0;
    close(fd);
    be(&none);
    return can;
}

/* Every call on something that is no socket, or nothing. */
static void strangers(const char *what, int fd)
{
    struct name in = loopback(9);
    struct sockaddr *addr = &in.any;
    char byte = 0, name[64];
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    socklen_t len = in.len;
    int number = 1;
    socklen_t size = sizeof(number);

#define TRY(call)                                                              \
    (snprintf(name, sizeof(name), "%s %.9s", what, #call), tell(name, call))
    TRY(bind(fd, addr, len));
    TRY(listen(fd, 1));
    TRY(accept(fd, addr, &len));
    TRY(connect(fd, addr, in.len));
    TRY(sendto(fd, &byte, 1, 0, addr, in.len));
    TRY(recvfrom(fd, &byte, 1, 0, addr, &len));
    TRY(sendmsg(fd, &msg, 0));
    TRY(recvmsg(fd, &msg, 0));
    TRY(shutdown(fd, SHUT_RDWR));
    TRY(getsockname(fd, addr, &len));
    TRY(getpeername(fd, addr, &len));
    TRY(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &number, size));
    TRY(getsockopt(fd, SOL_SOCKET, SO_TYPE, &number, &size));
#undef TRY
}

static void nothing_at_all(void)
{
    struct stat st;
    char byte = 0;
    struct iovec iov = {&byte, 1};
    int n = 0;

    tell("close of nothing", close(-1));
    tell("read of nothing", read(999, &byte, 1));
    tell("write of nothing", write(999, &byte, 1));
    tell("readv of nothing", readv(999, &iov, 1));
    tell("writev of nothing", writev(999, &iov, 1));
    tell("fcntl of nothing", fcntl(999, F_GETFL));
    tell("ioctl of nothing", ioctl(999, FIONREAD, &n));
    tell("fstat of nothing", fstat(999, &st));
    tell("dup of nothing", dup(999));
    tell_ready("poll of nothing", 999, POLLIN);
    tell_ready("poll of less", -1, 0);
}

int main(void)
{
    int fds[2];

    making();
    strangers("closed", 999);
    if (pipe(fds) == 0)
        strangers("pipe", fds[0]);
    close(fds[0]);
    close(fds[1]);
    nothing_at_all();
    behave_pipe();
    behave_text();
    behave_ping();
    sockets_of(&v4);
    behave_multicast4();
    if (has(&v6)) {
        sockets_of(&v6);
        sockets_of(&mapped);
        behave_dual();
        behave_scope();
        behave_multicast6();
    }
    printf("PASS\n");
    return 0;
}
