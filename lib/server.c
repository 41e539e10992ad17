/* server.c: how a server begins: see server.h. */

#include "lib/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define BACKLOG 128

static bool set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static bool bind_any(int fd, int family, uint16_t port)
{
    const struct sockaddr_in in = {.sin_family = AF_INET,
                                   .sin_port = htons(port)};
    const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                                     .sin6_port = htons(port)};

    if (family == AF_INET)
        return bind(fd, (const struct sockaddr *)&in, sizeof(in)) == 0;
    return set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) &&
           bind(fd, (const struct sockaddr *)&in6, sizeof(in6)) == 0;
}

/* A stream's port may be had although old connections are not forgotten yet;
 * with datagrams SO_REUSEADDR would let another server share them. */
static bool start(int fd, int family, bool stream, uint16_t port)
{
    return (!stream || set(fd, SOL_SOCKET, SO_REUSEADDR, 1)) &&
           bind_any(fd, family, port) && (!stream || !listen(fd, BACKLOG));
}

int server_open(int type, uint16_t port)
{
    const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    int family = AF_INET6, fd = socket(family, type, 0), error;

    if (fd < 0 && errno == EAFNOSUPPORT)
        fd = socket(family = AF_INET, type, 0);
    if (fd < 0 || start(fd, family, (type & ~flags) == SOCK_STREAM, port))
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

void server_client(const struct sockaddr_storage *from,
                   char text[INET6_ADDRSTRLEN])
{
    const struct sockaddr_in *in = (const void *)from;
    const struct sockaddr_in6 *in6 = (const void *)from;
    const bool v6 = from->ss_family == AF_INET6;

    if (v6 && !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        inet_ntop(AF_INET6, &in6->sin6_addr, text, INET6_ADDRSTRLEN);
    else if (v6)
        inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], text, INET_ADDRSTRLEN);
    else if (from->ss_family == AF_INET)
        inet_ntop(AF_INET, &in->sin_addr, text, INET_ADDRSTRLEN);
    else
        memcpy(text, "-", 2);
}

int server_end(void)
{
    sigset_t term;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    return sigprocmask(SIG_BLOCK, &term, NULL) ? -1 : signalfd(-1, &term, 0);
}
