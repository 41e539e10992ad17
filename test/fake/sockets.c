/* sockets.c: see sockets.h. */

#include "test/fake/sockets.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <lwip/priv/tcp_priv.h>

#include "kernel/buf.h"
#include "kernel/sched.h"
#include "lib/fd.h"
#include "lib/param.h"
#include "net/budget.h"
#include "net/frame.h"
#include "test/fake/net.h"
#include "xen/clock.h"

static struct sockaddr_in at(const char *addr, uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = inet_addr(addr)};
}

int call(int (*fn)(int, const struct sockaddr *, socklen_t), int fd,
         const char *addr, uint16_t port)
{
    const struct sockaddr_in in = at(addr, port);

    return fn(fd, (const struct sockaddr *)&in, sizeof(in));
}

int listener(uint16_t port, int backlog)
{
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    cr_assert_eq(call(bind, fd, "0.0.0.0", port), 0);
    cr_assert_eq(listen(fd, backlog), 0);
    return fd;
}

int client(const char *addr, uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(call(connect, fd, addr, port), 0, "%s", strerror(errno));
    return fd;
}

/* Two ends of a connection through addr. */
void make_pair(const char *addr, int pair[2])
{
    const int l = listener(PORT, 5);

    pair[0] = client(addr, PORT);
    pair[1] = accept(l, NULL, NULL);
    cr_assert_geq(pair[1], 0);
    fd_close(l);
}

void make_pair6(int pair[2])
{
    const struct sockaddr_in6 any = {.sin6_family = AF_INET6,
                                     .sin6_port = htons(PORT)};
    struct sockaddr_in6 to = any;
    const int l = socket(AF_INET6, SOCK_STREAM, 0);

    cr_assert_eq(bind(l, (const struct sockaddr *)&any, sizeof(any)), 0);
    cr_assert_eq(listen(l, 1), 0);
    inet_pton(AF_INET6, PEER6, &to.sin6_addr);
    pair[0] = socket(AF_INET6, SOCK_STREAM, 0);
    cr_assert_eq(connect(pair[0], (const struct sockaddr *)&to, sizeof(to)), 0);
    pair[1] = accept(l, NULL, NULL);
    cr_assert_geq(pair[1], 0);
    fd_close(l);
}

unsigned ready(int fd)
{
    struct file *f = fd_get(fd);
    const unsigned events = file_ready(f, ~0u);

    file_put(f);
    return events;
}

void nap(uint64_t ns)
{
    thread_sleep(clock_now() + ns);
}

/* A byte stream that any two places can agree on. */
uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

static void (*job)(void);

/* Whatever a test did, nothing of it may be left: not in the heap, not in the
 * pool, not in lwIP's lists. */
static void run_job(void)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    size_t before;

    mallopt(M_PERTURB, 0x5a); /* freed memory is poison */
    cr_assert_eq(fd, 0);
    call(connect, fd, PEER, 9);
    send(fd, "arp", 3, 0); /* the neighbour is known from now on */
    nap(5 * FAKE_SECOND);  /* and the IPv6 addresses are ours */
    fd_close(fd);
    before = slab_in_use();
    job();
    nap(400 * FAKE_SECOND);
    cr_assert_null(tcp_active_pcbs);
    cr_assert_null(tcp_tw_pcbs);
    cr_assert_eq(slab_in_use(), before);
    cr_assert_eq(frame_pages(), 0);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(fake_net.bad_sums, 0);
}

bool world(void (*fn)(void))
{
    char **argv;

    param_init("ip=" HERE "/24,gw=10.0.0.1 ip6=none", &argv);
    job = fn;
    return fake_world(run_job);
}

bool world6(void (*fn)(void))
{
    char **argv;

    param_init("ip=" HERE "/24,gw=10.0.0.1 ip6=" HERE6 "/64", &argv);
    job = fn;
    return fake_world(run_job);
}

void set_int(int fd, int level, int name, int value)
{
    cr_assert_eq(setsockopt(fd, level, name, &value, sizeof(value)), 0);
}

int get_int(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);

    cr_assert_eq(getsockopt(fd, level, name, &value, &len), 0);
    cr_assert_eq(len, sizeof(value));
    return value;
}

void set_timeout(int fd, int name, int seconds)
{
    const struct timeval time = {.tv_sec = seconds};

    cr_assert_eq(setsockopt(fd, SOL_SOCKET, name, &time, sizeof(time)), 0);
}

int bound(uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(call(bind, fd, "0.0.0.0", port), 0);
    return fd;
}

ssize_t send_to(int fd, const void *data, size_t n, const char *addr,
                uint16_t port)
{
    const struct sockaddr_in in = at(addr, port);

    return sendto(fd, data, n, 0, (const struct sockaddr *)&in, sizeof(in));
}
