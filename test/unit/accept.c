#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include <lwip/priv/tcp_priv.h>

#include "lib/fd.h"
#include "net/budget.h"
#include "test/fake/frames.h"
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
static void syn_from(unsigned host, uint16_t port)
{
    char from[16];
    uint8_t *tcp;

    snprintf(from, sizeof(from), "10.0.0.%u", host);
    tcp = frame4(from, IPPROTO_TCP, TCP_HLEN);
    put16(tcp, 4660);
    put16(tcp + 2, port);
    tcp[12] = TCP_HLEN / 4 << 4;
    tcp[13] = TCP_SYN;
    put16(tcp + 14, 4096);
    frame_send(0);
    nap(FAKE_SECOND / 100);
}

/* From the first of these hosts to the last. */
static unsigned half_open(unsigned first, unsigned last)
{
    unsigned n = 0;

    for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next) {
        const unsigned host = ip4_addr4(ip_2_ip4(&p->remote_ip));

        n += p->state == SYN_RCVD && host >= first && host <= last;
    }
    return n;
}

static void flooded(void)
{
    const int l = listener(PORT, 8), other = listener(PORT + 1, 8),
              c = socket(AF_INET, SOCK_STREAM, 0);
    const uint64_t start = clock_now();
    int s;

    syn_from(91, PORT + 1); /* the oldest */
    for (unsigned host = 100; host < 199; host++)
        syn_from(host, PORT);
    syn_from(92, PORT + 1); /* and those that lwIP finds first */
    syn_from(93, PORT + 1);
    syn_from(199, PORT);
    cr_assert_eq(half_open(100, 199), 8, "the backlog is full of them");
    cr_assert_eq(call(connect, c, PEER, PORT), 0);
    cr_assert_lt(clock_now() - start, 3 * FAKE_SECOND);
    cr_assert_geq(s = accept(l, NULL, NULL), 0);
    cr_assert_eq(half_open(193, 199), 7, "the oldest has given way");
    cr_assert_eq(half_open(100, 199), 7);
    cr_assert_eq(half_open(91, 93), 3, "another listener's stay");
    fd_close(s);
    fd_close(c);
    fd_close(l);
    fd_close(other);
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

/* ---- several listeners at a port ---- */

static int sharer(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    return fd;
}

/* SO_REUSEADDR lets them share it while none of those it would take connections
 * from listens. */
static void sharing(void)
{
    static const char *const addrs[] = {"0.0.0.0", HERE, "127.0.0.1"};

    for (unsigned i = 0; i < 9; i++) {
        const char *const one = addrs[i / 3], *const two = addrs[i % 3];
        const bool clash = i / 3 == 0 || i % 3 == 0 || i / 3 == i % 3;
        int a = sharer(), b = sharer();

        cr_assert_eq(call(bind, a, one, PORT), 0);
        cr_assert_eq(call(bind, b, two, PORT), 0, "%s, %s", one, two);
        cr_assert_eq(listen(a, 1), 0);
        cr_assert_eq(listen(b, 1), clash ? -1 : 0, "%s, %s", one, two);
        fd_close(b);
        b = sharer();
        cr_assert_eq(call(bind, b, two, PORT), clash ? -1 : 0, "%s, %s", one,
                     two);
        if (clash)
            cr_assert_eq(errno, EADDRINUSE);
        fd_close(a);
        fd_close(b);
    }
}

Test(accept, shares_no_port_with_who_would_get_nothing)
{
    cr_assert(world(sharing));
}
