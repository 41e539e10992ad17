/* socket_common.c: what stream.c, dgram.c and ping.c share: see socket.h. */

#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <lwip/ip_addr.h>

#include "lib/random.h"
#include "net/lwip.h"
#include "xen/clock.h"

#define PORT_FIRST 0xc000 /* RFC 6335's dynamic ports */
#define PORT_MASK  0x3fff

void socket_init(struct socket *s, const struct socket_ops *ops)
{
    file_init(&s->file, &ops->file, O_RDWR);
    s->recv_timeout = s->send_timeout = NEVER;
}

int socket_wait(struct socket *s, uint64_t deadline, int flags)
{
    int err = flags & MSG_DONTWAIT ? -EAGAIN : file_wait(&s->file, deadline);

    return err == -ETIMEDOUT ? -EAGAIN : err;
}

uint64_t socket_deadline(uint64_t timeout)
{
    return timeout == NEVER ? NEVER : clock_now() + timeout;
}

int socket_take_error(struct socket *s)
{
    const int error = s->error;

    s->error = 0;
    return -error;
}

int socket_wait_route(struct socket *s, const struct ip_addr *addr, int flags)
{
    return net_wait_route(
        addr, !(flags & MSG_DONTWAIT || s->file.flags & O_NONBLOCK));
}

uint8_t socket_pcb_type(const struct socket *s)
{
    return s->family != AF_INET6 ? IPADDR_TYPE_V4
           : s->v6only           ? IPADDR_TYPE_V6
                                 : IPADDR_TYPE_ANY;
}

uint16_t socket_random_port(void)
{
    return (uint16_t)(PORT_FIRST | (random_u32() & PORT_MASK));
}

int socket_stat(struct file *f, struct stat *st)
{
    (void)f;
    st->st_mode = S_IFSOCK | S_IRUSR | S_IWUSR;
    return 0;
}
