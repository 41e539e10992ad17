/* message.c: sendmsg() and recvmsg(): sys/socket.h. */

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/posix.h"
#include "lib/uio.h"

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
    const ssize_t total = uio_total(msg->msg_iov, msg->msg_iovlen);
    ssize_t done;
    void *data;

    if (total < 0)
        return posix_result(-EMSGSIZE);
    data = malloc((size_t)total + 1);
    if (!data)
        return posix_result(-ENOBUFS);
    uio_gather(data, msg->msg_iov, msg->msg_iovlen);
    done = sendto(fd, data, (size_t)total, flags, msg->msg_name,
                  msg->msg_name ? msg->msg_namelen : 0);
    free(data);
    return done;
}

static ssize_t receive(int fd, struct msghdr *msg, void *data, size_t size,
                       int flags)
{
    int type = 0;
    socklen_t len = sizeof(type);
    ssize_t done;
    size_t got;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len))
        return -1;
    /* A datagram's whole length tells whether it was cut. */
    done =
        recvfrom(fd, data, size, type == SOCK_DGRAM ? flags | MSG_TRUNC : flags,
                 msg->msg_name, msg->msg_name ? &msg->msg_namelen : NULL);
    if (done < 0)
        return -1;
    got = (size_t)done < size ? (size_t)done : size;
    uio_scatter(msg->msg_iov, msg->msg_iovlen, data, got);
    msg->msg_flags = (size_t)done > size ? MSG_TRUNC : 0;
    msg->msg_controllen = 0;
    return flags & MSG_TRUNC ? done : (ssize_t)got;
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
    const ssize_t total = uio_total(msg->msg_iov, msg->msg_iovlen);
    size_t size = (size_t)total;
    ssize_t done;
    void *data;

    if (total < 0)
        return posix_result(-EMSGSIZE);
    if (size > UIO_READ_MAX && !(flags & MSG_WAITALL))
        size = UIO_READ_MAX;
    data = malloc(size + 1);
    if (!data)
        return posix_result(-ENOBUFS);
    done = receive(fd, msg, data, size, flags);
    free(data);
    return done;
}
