/* socket.c: the BSD socket calls: sys/socket.h. */

#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lib/posix.h"
#include "lib/util.h"
#include "net/lwip.h"
#include "net/multicast.h"
#include "xen/clock.h"

static const struct socket_ops *ops_of(const struct socket *s)
{
    return (const void *)s->file.ops; /* the first member of ours */
}

/* The socket with a reference that finish() gives back. */
static struct socket *start(int fd)
{
    struct file *f = fd_get(fd);

    if (!f)
        return NULL;
    if (f->ops->stat == socket_stat)
        return CONTAINER_OF(f, struct socket, file);
    file_put(f);
    errno = ENOTSOCK;
    return NULL;
}

static ssize_t finish(struct socket *s, ssize_t result)
{
    file_put(&s->file);
    return posix_result(result);
}

static int install(struct socket *s, int flags)
{
    int fd;

    if (flags & SOCK_NONBLOCK)
        s->file.flags |= O_NONBLOCK;
    fd = fd_open(&s->file);
    if (fd < 0)
        s->file.ops->close(&s->file);
    return fd;
}

/* It is only in images that want it: netinet/ip_icmp.h. */
extern __typeof__(ping_new) ping_new __attribute__((weak));

/* What makes such a socket; NULL: nothing, or it is not in this image. */
static struct socket *(*maker(int family, int type, int protocol))(int)
{
    if (type == SOCK_STREAM)
        return protocol == 0 || protocol == IPPROTO_TCP ? stream_new : NULL;
    if (protocol == 0 || protocol == IPPROTO_UDP)
        return dgram_new;
    return protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6)
               ? ping_new
               : NULL;
}

static int open_socket(int family, int type, int protocol)
{
    const int flags = type & (SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct socket *(*make)(int), *s;
    int err;

    type &= ~flags;
    if (family != AF_INET && family != AF_INET6)
        return -EAFNOSUPPORT;
    if (type != SOCK_STREAM && type != SOCK_DGRAM)
        return -EINVAL;
    if (!(make = maker(family, type, protocol)))
        return -EPROTONOSUPPORT;
    if ((err = net_up()))
        return err;
    s = make(family);
    return s ? install(s, flags) : -ENOBUFS;
}

int socket(int family, int type, int protocol)
{
    return posix_status(open_socket(family, type, protocol));
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct socket *s = start(fd);
    struct end end;
    int err;

    if (!s)
        return -1;
    err = end_from(s, addr, len, &end);
    return (int)finish(s, err ? err : ops_of(s)->bind(s, &end));
}

int listen(int fd, int backlog)
{
    struct socket *s = start(fd);

    return s ? (int)finish(s, ops_of(s)->listen(s, backlog)) : -1;
}

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    struct socket *s = start(fd), *new;
    struct end end = {0};
    int result;

    if (!s)
        return -1;
    if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
        return (int)finish(s, -EINVAL);
    result = ops_of(s)->accept(s, &new);
    if (result == 0) {
        ops_of(new)->remote(new, &end); /* may be gone again: zeros */
        result = install(new, flags);
        if (result >= 0)
            end_to(s, &end, addr, len);
    }
    return (int)finish(s, result);
}

int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
    return accept4(fd, addr, len, 0);
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    struct socket *s = start(fd);
    struct end end;
    int err;

    if (!s)
        return -1;
    if (addr && len >= sizeof(addr->sa_family) && addr->sa_family == AF_UNSPEC)
        return (int)finish(s, ops_of(s)->connect(s, NULL));
    err = end_from(s, addr, len, &end);
    return (int)finish(s, err ? err : ops_of(s)->connect(s, &end));
}

ssize_t sendto(int fd, const void *data, size_t n, int flags,
               const struct sockaddr *addr, socklen_t len)
{
    struct socket *s = start(fd);
    struct end end;
    int err;

    if (!s)
        return -1;
    err = addr ? end_from(s, addr, len, &end) : 0;
    return finish(
        s, err ? err : ops_of(s)->send(s, data, n, flags, addr ? &end : NULL));
}

ssize_t send(int fd, const void *data, size_t n, int flags)
{
    struct socket *s = start(fd);

    return s ? finish(s, ops_of(s)->send(s, data, n, flags, NULL)) : -1;
}

ssize_t recvfrom(int fd, void *data, size_t n, int flags, struct sockaddr *addr,
                 socklen_t *len)
{
    struct socket *s = start(fd);
    struct end end = {0};
    ssize_t got;

    if (!s)
        return -1;
    got = ops_of(s)->recv(s, data, n, flags, &end);
    if (got >= 0 && !IN6_IS_ADDR_UNSPECIFIED(&end.addr))
        end_to(s, &end, addr, len);
    else if (got >= 0 && addr && len)
        *len = 0; /* a stream's bytes carry no address */
    return finish(s, got);
}

ssize_t recv(int fd, void *data, size_t n, int flags)
{
    struct socket *s = start(fd);

    return s ? finish(s, ops_of(s)->recv(s, data, n, flags, NULL)) : -1;
}

int shutdown(int fd, int how)
{
    struct socket *s = start(fd);

    if (!s)
        return -1;
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
        return (int)finish(s, -EINVAL);
    return (int)finish(s, ops_of(s)->shutdown(s, how));
}

int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    struct socket *s = start(fd);
    struct end end;
    int err;

    if (!s)
        return -1;
    err = ops_of(s)->local(s, &end);
    if (!err)
        end_to(s, &end, addr, len);
    return (int)finish(s, err);
}

int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
    struct socket *s = start(fd);
    struct end end;
    int err;

    if (!s)
        return -1;
    err = ops_of(s)->remote(s, &end);
    if (!err)
        end_to(s, &end, addr, len);
    return (int)finish(s, err);
}

static uint64_t *timeout_of(struct socket *s, int level, int name)
{
    if (level != SOL_SOCKET)
        return NULL;
    return name == SO_RCVTIMEO   ? &s->recv_timeout
           : name == SO_SNDTIMEO ? &s->send_timeout
                                 : NULL;
}

static bool is_v6only(const struct socket *s, int level, int name)
{
    return s->family == AF_INET6 && level == IPPROTO_IPV6 &&
           name == IPV6_V6ONLY;
}

/* Not for what has its address. */
static int set_v6only(struct socket *s, int value)
{
    struct end end;

    if (ops_of(s)->local(s, &end) || end.port)
        return -EINVAL;
    s->v6only = value != 0;
    return 0;
}

/* Linux tells an IPv4 socket's unknown options from levels it has not. */
static int unknown_option(const struct socket *s, int level)
{
    const int protocol =
        ops_of(s)->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;

    return s->family != AF_INET || level == SOL_SOCKET || level == IPPROTO_IP ||
                   level == protocol
               ? -ENOPROTOOPT
               : -EOPNOTSUPP;
}

/* As much as fits. */
static int copy_option(void *to, socklen_t *len, const void *from, size_t size)
{
    if (*len > size)
        *len = (socklen_t)size;
    memcpy(to, from, *len);
    return 0;
}

/* What groups have to say of an option; -ENOPROTOOPT: nothing. */
static int set_multicast(struct socket *s, int level, int name,
                         const void *value, socklen_t len)
{
    return ops_of(s)->multicast
               ? multicast_set(ops_of(s)->multicast(s), level, name, value, len)
               : -ENOPROTOOPT;
}

static int get_number(struct socket *s, int level, int name, int *value)
{
    int err = -ENOPROTOOPT;

    if (ops_of(s)->multicast)
        err = multicast_get(ops_of(s)->multicast(s), level, name, value);
    return err == -ENOPROTOOPT ? ops_of(s)->get(s, level, name, value) : err;
}

static int get_option(struct socket *s, int level, int name, void *value,
                      socklen_t *len)
{
    const uint64_t *timeout = timeout_of(s, level, name);
    const uint64_t us = timeout && *timeout != NEVER ? *timeout / 1000 : 0;
    const struct timeval time = {.tv_sec = (time_t)(us / 1000000),
                                 .tv_usec = (suseconds_t)(us % 1000000)};
    int number = 0, err = 0;

    if (!value || !len)
        return -EFAULT;
    if (level == SOL_SOCKET && name == SO_LINGER)
        return copy_option(value, len, &s->linger, sizeof(s->linger));
    if (level == SOL_SOCKET && name == SO_TYPE)
        number = ops_of(s)->type;
    else if (level == SOL_SOCKET && name == SO_DOMAIN)
        number = s->family;
    else if (is_v6only(s, level, name))
        number = s->v6only;
    else if (level == SOL_SOCKET && name == SO_ERROR)
        number = -socket_take_error(s);
    else if (level == SOL_SOCKET && name == SO_REUSEPORT)
        number = 0;
    else if (!timeout)
        err = get_number(s, level, name, &number);
    if (err)
        return err == -ENOPROTOOPT ? unknown_option(s, level) : err;
    return copy_option(value, len, timeout ? (const void *)&time : &number,
                       timeout ? sizeof(time) : sizeof(number));
}

static int set_timeout(uint64_t *timeout, const void *value, socklen_t len)
{
    struct timeval time;

    if (len < sizeof(time))
        return -EINVAL;
    memcpy(&time, value, sizeof(time));
    if (time.tv_sec < 0 || time.tv_sec > INT32_MAX || time.tv_usec < 0 ||
        time.tv_usec >= 1000000)
        return -EDOM;
    *timeout =
        (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_usec * MICROSECOND;
    if (*timeout == 0)
        *timeout = NEVER;
    return 0;
}

static int set_linger(struct socket *s, const void *value, socklen_t len)
{
    if (len < sizeof(s->linger))
        return -EINVAL;
    memcpy(&s->linger, value, sizeof(s->linger));
    s->linger.l_onoff = s->linger.l_onoff != 0;
    return 0;
}

static int set_option(struct socket *s, int level, int name, const void *value,
                      socklen_t len)
{
    uint64_t *timeout = timeout_of(s, level, name);
    int number, err;

    if (!value)
        return -EFAULT;
    if (timeout)
        return set_timeout(timeout, value, len);
    if (level == SOL_SOCKET && name == SO_LINGER)
        return set_linger(s, value, len);
    err = set_multicast(s, level, name, value, len);
    if (err != -ENOPROTOOPT)
        return err;
    if (len < sizeof(number))
        return -EINVAL;
    if (level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF))
        return 0; /* a wish: the sizes are fixed */
    memcpy(&number, value, sizeof(number));
    if (is_v6only(s, level, name))
        return set_v6only(s, number);
    if (level == SOL_SOCKET && name == SO_REUSEPORT)
        return number ? -ENOPROTOOPT : 0;
    return ops_of(s)->set(s, level, name, number);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    struct socket *s = start(fd);

    return s ? (int)finish(s, get_option(s, level, name, value, len)) : -1;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    struct socket *s = start(fd);

    return s ? (int)finish(s, set_option(s, level, name, value, len)) : -1;
}
