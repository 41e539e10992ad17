#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <lwip/priv/tcp_priv.h>

#include "lib/fd.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"
#include "xen/clock.h"

static void refused(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_eq(call(connect, fd, PEER, PORT), -1);
    cr_assert_eq(errno, ECONNREFUSED);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_ERROR), 0, "told once");
    cr_assert_eq(call(connect, fd, PEER, PORT), -1, "and may try again");
    cr_assert_eq(errno, ECONNREFUSED);
    fd_close(fd);

    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(call(connect, fd, PEER, PORT), -1);
    cr_assert_eq(errno, EINPROGRESS);
    cr_assert_eq(ready(fd), 0);
    cr_assert_eq(call(connect, fd, PEER, PORT), -1);
    cr_assert_eq(errno, EALREADY);
    nap(FAKE_SECOND);
    cr_assert(ready(fd) & POLLERR);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
    fd_close(fd);
}

Test(connection, says_that_a_connection_is_refused)
{
    cr_assert(world(refused));
}

static void nobody_there(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const uint64_t start = clock_now();

    cr_assert_eq(call(connect, fd, "10.0.0.77", PORT), -1);
    cr_assert_eq(errno, ETIMEDOUT);
    cr_assert_gt(clock_now(), start + 10 * FAKE_SECOND);
    set_timeout(fd, SO_SNDTIMEO, 2);
    cr_assert_eq(call(connect, fd, "10.0.0.77", PORT), -1);
    cr_assert_eq(errno, EINPROGRESS);
    fd_close(fd);
}

Test(connection, gives_up_when_nobody_answers)
{
    cr_assert(world(nobody_there));
}

static unsigned syns;
static uint64_t first_syn, second_syn;

static void note_syn(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    if (f[13] == 6) { /* ARP */
        fake_mirror(id, f, len, flags);
        return;
    }
    syns++;
    *(syns == 1 ? &first_syn : &second_syn) = fake_now;
}

static void asks_again(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    fake_net.wire = note_syn;
    nap(20 * FAKE_SECOND);
    nap(FAKE_SECOND - fake_now % FAKE_SECOND + FAKE_SECOND / 20);
    cr_assert_eq(call(connect, fd, PEER, PORT), -1);
    nap(4 * FAKE_SECOND);
    cr_assert_eq(syns, 2);
    cr_assert_leq(second_syn - first_syn, FAKE_SECOND * 31 / 10);
    fd_close(fd);
}

Test(connection, starts_the_timers_that_it_needs)
{
    cr_assert(world(asks_again));
}

static void orphan(void)
{
    static uint8_t data[1500000];
    int pair[2];

    make_pair(PEER, pair);
    fd_control(pair[0], F_SETFL, O_NONBLOCK);
    cr_assert_gt(send(pair[0], data, sizeof(data), 0), 200000);
    do /* until the peer's window is full, and our queue */
        nap(FAKE_SECOND);
    while (send(pair[0], data, sizeof(data), 0) > 0);
    fd_close(pair[0]);
    nap(200 * FAKE_SECOND);
    cr_assert(!tcp_active_pcbs || !tcp_active_pcbs->next,
              "nobody reads, nobody waits for ever");
    while (recv(pair[1], data, sizeof(data), 0) > 0)
        nap(FAKE_SECOND);
    cr_assert_eq(errno, ECONNRESET, "who reads on is told");
    fd_close(pair[1]);
}

Test(connection, forgets_a_closed_connection_that_gets_nowhere)
{
    cr_assert(world(orphan));
}

static void again(void)
{
    int pair[2], l;

    make_pair(PEER, pair);
    fd_close(pair[1]); /* our end of the server: TIME_WAIT */
    nap(FAKE_SECOND);
    fd_close(pair[0]);
    nap(FAKE_SECOND);
    l = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(call(bind, l, "0.0.0.0", PORT), -1);
    cr_assert_eq(errno, EADDRINUSE);
    set_int(l, SOL_SOCKET, SO_REUSEADDR, 1);
    cr_assert_eq(get_int(l, SOL_SOCKET, SO_REUSEADDR), 1);
    cr_assert_eq(call(bind, l, "0.0.0.0", PORT), 0);
    cr_assert_eq(listen(l, 1), 0);
    fd_close(l);
}

Test(connection, reuses_the_port_of_a_closed_connection_if_told_to)
{
    cr_assert(world(again));
}

static unsigned time_waits(void)
{
    unsigned n = 0;

    for (const struct tcp_pcb *p = tcp_tw_pcbs; p; p = p->next)
        n++;
    return n;
}

static int knock(void)
{
    const int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    set_int(c, SOL_SOCKET, SO_REUSEADDR, 1);
    cr_assert_eq(call(bind, c, "0.0.0.0", 5000), 0);
    cr_assert_eq(call(connect, c, PEER, PORT), -1);
    cr_assert_eq(errno, EINPROGRESS);
    nap(FAKE_SECOND / 10);
    return c;
}

static void same_port(void)
{
    const int l = listener(PORT, 2);
    int c;

    for (int i = 0; i < 2; i++) {
        c = knock();
        cr_assert(ready(c) & POLLOUT, "at once");
        fd_close(accept(l, NULL, NULL)); /* first: TIME_WAIT */
        nap(FAKE_SECOND / 10);
        fd_close(c);
        nap(FAKE_SECOND / 10);
        cr_assert_eq(time_waits(), 1, "in the old one's place");
    }
    tcp_tw_pcbs->rcv_nxt += 1u << 30; /* as if the SYN were older */
    c = knock();
    cr_assert_eq(ready(c), 0);
    cr_assert_eq(time_waits(), 1);
    fd_close(c);
    fd_close(l);
}

Test(connection, lets_a_client_come_again_from_the_same_port)
{
    cr_assert(world(same_port));
}

static void many(void)
{
    for (int i = 0; i < 300; i++) {
        int pair[2];

        make_pair(PEER, pair);
        fd_close(pair[0]);
        nap(FAKE_SECOND / 1000);
        fd_close(pair[1]);
        nap(FAKE_SECOND / 1000);
    }
    cr_assert_eq(time_waits(), 128);
}

Test(connection, remembers_a_bounded_number_of_closed_connections)
{
    cr_assert(world(many));
}

static void no_address(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int d = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const uint64_t start = clock_now();

    cr_assert_eq(call(bind, fd, "0.0.0.0", PORT), 0, "a server need not wait");
    cr_assert_eq(call(connect, fd, PEER, PORT), -1);
    cr_assert_eq(errno, ENETUNREACH);
    cr_assert_geq(clock_now(), start + 5 * FAKE_SECOND);
    cr_assert_eq(send_to(d, "x", 1, PEER, PORT), -1);
    cr_assert_eq(errno, ENETUNREACH);
    cr_assert_eq(send_to(d, "x", 1, "127.0.0.1", PORT), 1);
    fd_close(fd);
    fd_close(d);
}

Test(connection, cannot_connect_without_an_address)
{
    cr_assert(fake_world(no_address)); /* nobody answers DHCP */
}

static void inherited(void)
{
    const int l = listener(PORT, 1);
    const struct tcp_pcb *pcb;
    int c, s;

    set_int(l, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(l, SOL_SOCKET, SO_KEEPALIVE, 1);
    c = client(PEER, PORT);
    s = accept(l, NULL, NULL);
    cr_assert_eq(get_int(s, IPPROTO_TCP, TCP_NODELAY), 1);
    cr_assert_eq(get_int(s, SOL_SOCKET, SO_KEEPALIVE), 1);
    cr_assert_eq(get_int(s, SOL_SOCKET, SO_REUSEADDR), 1);
    for (pcb = tcp_active_pcbs; pcb->local_port != PORT; pcb = pcb->next)
        ;
    cr_assert(tcp_nagle_disabled(pcb));
    cr_assert(ip_get_option(pcb, SOF_KEEPALIVE));
    set_int(s, IPPROTO_TCP, TCP_NODELAY, 0);
    cr_assert(!tcp_nagle_disabled(pcb));
    fd_close(s);
    fd_close(c);
    fd_close(l);
}

Test(connection, gives_accepted_connections_the_options_of_the_listener)
{
    cr_assert(world(inherited));
}

/* Its end is told, what comes after that is not read. */
static void unread_after_end(void)
{
    int pair[2];

    make_pair(PEER, pair);
    cr_assert_eq(shutdown(pair[0], SHUT_WR), 0);
    cr_assert_eq(send(pair[1], "unread", 6, 0), 6);
    nap(FAKE_SECOND);
    fd_close(pair[0]);
    nap(FAKE_SECOND);
    cr_assert_eq(send(pair[1], "more", 4, 0), -1);
    cr_assert_eq(errno, EPIPE);
    fd_close(pair[1]);
}

Test(connection, is_reset_when_closed_with_unread_data_behind_its_own_end)
{
    cr_assert(world(unread_after_end));
}
