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
    printf("%s: %s\n", name, text);
}

void tell(const char *name, long result)
{
    if (result < 0)
        tell_text(name, error_name(errno));
    else
        printf("%s: %ld\n", name, result);
}

void tell_bytes(const char *name, const void *data, long n)
{
    if (n < 0)
        tell(name, n);
    else
        printf("%s: %ld '%.*s'\n", name, n, (int)n, (const char *)data);
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
    printf("%s:", name);
    for (size_t i = 0; i < COUNT(bits); i++)
        if (p.revents & bits[i].bit)
            printf("%s", bits[i].name);
    printf("\n");
}

struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int port_of(int fd)
{
    struct sockaddr_in in = {0};
    socklen_t len = sizeof(in);

    getsockname(fd, (struct sockaddr *)&in, &len);
    return ntohs(in.sin_port);
}

int new_socket(int type)
{
    const struct timeval time = {.tv_sec = PATIENCE / 1000};
    const int fd = socket(AF_INET, type, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
    return fd;
}

int bound_socket(int type)
{
    const struct sockaddr_in in = loopback(0);
    const int fd = new_socket(type);

    bind(fd, (const struct sockaddr *)&in, sizeof(in));
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
    const struct sockaddr_in in = loopback(port);

    return connect(fd, (const struct sockaddr *)&in, sizeof(in));
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

static void naming(int type, const char *const names[])
{
    const struct sockaddr_in any = {.sin_family = AF_INET};
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(0xc0000201)};
    const int fd = bound_socket(type), other = new_socket(type);
    struct sockaddr_storage got = {0};
    socklen_t len = 4;

    tell(names[0], bind(fd, (const struct sockaddr *)&any, sizeof(any)));
    tell(names[1], bind(other, (const struct sockaddr *)&in, sizeof(in)));
    in = loopback(port_of(fd));
    tell(names[2], bind(other, (const struct sockaddr *)&in, sizeof(in)));
    tell(names[3], bind(other, (const struct sockaddr *)&in, 8));
    in.sin_family = 77;
    tell(names[4], bind(other, (const struct sockaddr *)&in, sizeof(in)));
    tell(names[5], getsockname(other, (struct sockaddr *)&got, &len));
    tell(names[6], (long)len);
    tell(names[7], getpeername(fd, (struct sockaddr *)&got, &len));
    tell(names[8], bind(other, (const struct sockaddr *)&any, sizeof(any)));
    tell(names[9], port_of(other) > 1023);
    close(fd);
    close(other);
}

static void naming_both(void)
{
    static const char *const stream[] = {
        "stream bind again",      "stream bind to a foreign address",
        "stream bind in use",     "stream bind too short",
        "stream bind to family",  "stream getsockname short",
        "stream its length",      "stream getpeername alone",
        "stream bind to nothing", "stream its port"};
    static const char *const dgram[] = {
        "dgram bind again",      "dgram bind to a foreign address",
        "dgram bind in use",     "dgram bind too short",
        "dgram bind to family",  "dgram getsockname short",
        "dgram its length",      "dgram getpeername alone",
        "dgram bind to nothing", "dgram its port"};

    naming(SOCK_STREAM, stream);
    naming(SOCK_DGRAM, dgram);
}

/* Every call on something that is no socket, or nothing. */
static void strangers(const char *what, int fd)
{
    struct sockaddr_in in = loopback(9);
    struct sockaddr *addr = (struct sockaddr *)&in;
    char byte = 0, name[64];
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    socklen_t len = sizeof(in);
    int number = 1;
    socklen_t size = sizeof(number);

#define TRY(call)                                                              \
    (snprintf(name, sizeof(name), "%s %.9s", what, #call), tell(name, call))
    TRY(bind(fd, addr, len));
    TRY(listen(fd, 1));
    TRY(accept(fd, addr, &len));
    TRY(connect(fd, addr, sizeof(in)));
    TRY(sendto(fd, &byte, 1, 0, addr, sizeof(in)));
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
    naming_both();
    strangers("closed", 999);
    if (pipe(fds) == 0)
        strangers("pipe", fds[0]);
    close(fds[0]);
    close(fds[1]);
    nothing_at_all();
    behave_stream();
    behave_dgram();
    behave_pipe();
    behave_option();
    printf("PASS\n");
    return 0;
}
