#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/priv/tcp_priv.h>

#include "lib/fd.h"
#include "net/budget.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"
#include "xen/clock.h"

static void queue(void)
{
    const int l = listener(PORT, 2);
    struct sockaddr_in peer, mine;
    socklen_t len = sizeof(peer);
    int c[3], s;

    fd_control(l, F_SETFL, O_NONBLOCK);
    cr_assert_eq(accept(l, NULL, NULL), -1);
    cr_assert_eq(errno, EAGAIN);
    cr_assert_eq(ready(l), 0);
    for (int i = 0; i < 3; i++) {
        c[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        cr_assert_eq(call(connect, c[i], PEER, PORT), -1);
        cr_assert_eq(errno, EINPROGRESS);
        nap(FAKE_SECOND / 10);
        cr_assert_eq(!!(ready(c[i]) & POLLOUT), i < 2, "a backlog of two");
    }
    cr_assert(ready(l) & POLLIN);
    s = accept4(l, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK);
    cr_assert_geq(s, 0);
    cr_assert_eq(recv(s, &peer, 1, 0), -1);
    cr_assert_eq(errno, EAGAIN);
    cr_assert_eq(len, sizeof(peer));
    cr_assert_eq(peer.sin_addr.s_addr, inet_addr(PEER));
    cr_assert_eq(getsockname(c[0], (struct sockaddr *)&mine, &len), 0);
    cr_assert_eq(mine.sin_port, peer.sin_port);
    cr_assert_eq(mine.sin_addr.s_addr, inet_addr(HERE));
    cr_assert_eq(getpeername(c[0], (struct sockaddr *)&mine, &len), 0);
    cr_assert_eq(mine.sin_port, htons(PORT));
    nap(10 * FAKE_SECOND); /* the third one's SYN again */
    cr_assert(ready(c[2]) & POLLOUT);
    fd_close(s);
    fd_close(l); /* with two nobody accepted: reset */
    nap(FAKE_SECOND);
    cr_assert_eq(recv(c[1], &peer, 1, 0), -1);
    cr_assert_eq(errno, ECONNRESET);
    for (int i = 0; i < 3; i++)
        fd_close(c[i]);
}

Test(accept, bounds_its_queue_by_the_backlog)
{
    cr_assert(world(queue));
}

static void starved(void)
{
    const int l = listener(PORT, 8);
    void *hog = budget_malloc(30000);
    int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    fd_control(l, F_SETFL, O_NONBLOCK);
    budget_init(slab_in_use() + 4000); /* low already */
    call(connect, c, PEER, PORT);
    nap(FAKE_SECOND / 10);
    cr_assert(ready(l) & POLLIN);
    cr_assert_eq(accept(l, NULL, NULL), -1);
    cr_assert_eq(errno, ENOBUFS);
    cr_assert_eq(ready(l), 0, "said once");
    cr_assert_eq(accept(l, NULL, NULL), -1);
    cr_assert_eq(errno, EAGAIN);
    cr_assert(ready(c) & POLLERR);
    fd_close(c);

    budget_free(hog);
    c = client(PEER, PORT);
    nap(FAKE_SECOND / 10);
    fd_close(accept(l, NULL, NULL));
    fd_close(c);
    fd_close(l);
}

Test(accept, tells_that_memory_is_short)
{
    cr_assert(world(starved));
}

static void reset_all_clients(void)
{
    struct tcp_pcb *pcb = tcp_active_pcbs;

    while (pcb && pcb->remote_port != PORT)
        pcb = pcb->next;
    if (pcb)
        tcp_abort(pcb);
}

static void come_and_go(void)
{
    const int l = listener(PORT, 2);
    char c;
    int s;

    fd_control(l, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 5; i++) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

        call(connect, fd, PEER, PORT);
        nap(FAKE_SECOND / 10);
        reset_all_clients();
        nap(FAKE_SECOND / 10);
        cr_assert(ready(fd) & POLLERR);
        fd_close(fd);
    }
    for (int i = 0; i < 2; i++) {
        s = accept(l, NULL, NULL);
        cr_assert_geq(s, 0);
        cr_assert_eq(recv(s, &c, 1, 0), -1);
        cr_assert_eq(errno, ECONNRESET);
        fd_close(s);
    }
    cr_assert_eq(accept(l, NULL, NULL), -1, "no more than the backlog");
    fd_close(l);
}

Test(accept, bounds_its_queue_even_if_clients_are_gone)
{
    cr_assert(world(come_and_go));
}

/* A SYN from a host that will never answer. */
static void syn_from(uint8_t host)
{
    uint8_t f[60] = {[12] = 0x08,
                     0x00,
                     0x45,
                     [17] = 40,
                     [22] = 64,
                     6,
                     [26] = 10,
                     0,
                     0,
                     host,
                     10,
                     0,
                     0,
                     2,
                     /* ports, numbers, header of 20 bytes, SYN, window */
                     [34] = 0x12,
                     0x34,
                     PORT >> 8,
                     PORT & 255,
                     [46] = 0x50,
                     0x02,
                     0x10,
                     0x00};
    const uint16_t sum = (uint16_t)~fake_sum(f + 14, 20, 0);

    memcpy(f, FAKE_MAC, 6);
    memcpy(f + 6, FAKE_PEER, 6);
    f[24] = (uint8_t)(sum >> 8);
    f[25] = (uint8_t)sum;
    fake_checksum(f, true);
    fake_deliver(0, f, sizeof(f), 0);
}

static void flooded(void)
{
    const int l = listener(PORT, 8), c = socket(AF_INET, SOCK_STREAM, 0);
    const uint64_t start = clock_now();
    unsigned half_open = 0;
    int s;

    for (uint8_t host = 100; host < 200; host++) {
        syn_from(host);
        nap(FAKE_SECOND / 100);
    }
    for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
        half_open += p->state == SYN_RCVD;
    cr_assert_eq(half_open, 8, "the backlog is full of them");
    cr_assert_eq(call(connect, c, PEER, PORT), 0);
    cr_assert_lt(clock_now() - start, 2 * FAKE_SECOND);
    cr_assert_geq(s = accept(l, NULL, NULL), 0);
    for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
        if (p->state == SYN_RCVD)
            cr_assert_geq(ip4_addr4(ip_2_ip4(&p->remote_ip)), 193,
                          "the oldest has given way");
    fd_close(s);
    fd_close(c);
    fd_close(l);
}

Test(accept, goes_on_during_a_flood_of_syns)
{
    cr_assert(world(flooded));
}

static unsigned turns;

static void another(void *arg)
{
    (void)arg;
    turns++;
}

/* As a program that has kept a descriptor in reserve. */
static void no_descriptor(void)
{
    const int l = listener(PORT, 8), c = client(PEER, PORT);
    int last = l, fd;
    char byte;

    while ((fd = fd_dup(l)) >= 0)
        last = fd;
    cr_assert_eq(last, FD_LIMIT - 1);
    nap(FAKE_SECOND);
    thread_create("another", another, NULL);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(accept(l, NULL, NULL), -1);
        cr_assert_eq(errno, EMFILE);
        cr_assert_eq(turns, 1, "others have their turn");
        cr_assert(ready(l) & POLLIN, "it is still there");
    }
    fd_close(last);
    cr_assert_eq(accept(l, NULL, NULL), last);
    cr_assert_eq(send(c, "x", 1, 0), 1);
    cr_assert_eq(recv(last, &byte, 1, 0), 1);
    for (fd = l; fd < FD_LIMIT; fd++)
        if (fd != c)
            fd_close(fd);
    fd_close(c);
}

Test(accept, keeps_a_connection_until_there_is_a_descriptor)
{
    cr_assert(world(no_descriptor));
}
