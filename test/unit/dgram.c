#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/buf.h"
#include "kernel/sched.h"
#include "lib/fd.h"
#include "lib/param.h"
#include "lib/util.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

static void datagrams_to(const char *addr)
{
    static const size_t sizes[] = {0,    1,    100,   1472,  1473, 2960,
                                   5000, 8972, 30000, 65506, 65507};
    static uint8_t out[65508], in[65536];
    const int a = bound(1000), b = bound(2000);
    struct sockaddr_in from;
    socklen_t len = sizeof(from);

    for (size_t i = 0; i < sizeof(out); i++)
        out[i] = byte_at(i);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        memset(in, 0, sizeof(in));
        cr_assert_eq(send_to(a, out, sizes[i], addr, 2000), (ssize_t)sizes[i]);
        cr_assert_eq(
            recvfrom(b, in, sizeof(in), 0, (struct sockaddr *)&from, &len),
            (ssize_t)sizes[i]);
        cr_assert_eq(memcmp(in, out, sizes[i]), 0);
        cr_assert_eq(from.sin_addr.s_addr, inet_addr(addr));
        cr_assert_eq(from.sin_port, htons(1000));
    }
    cr_assert_eq(send_to(a, out, 65508, addr, 2000), -1);
    cr_assert_eq(errno, EMSGSIZE);
    fd_close(a);
    fd_close(b);
}

static void datagrams(void)
{
    const uint64_t then = fake_now;

    datagrams_to("127.0.0.1");
    cr_assert_eq(fake_now, then, "they wait for no timer");
    datagrams_to(PEER);
}

Test(dgram, carries_datagrams_of_any_size)
{
    cr_assert(world(datagrams));
}

Test(dgram, carries_datagrams_in_large_frames)
{
    fake_net.mtu = 9000;
    cr_assert(world(datagrams));
}

Test(dgram, carries_datagrams_that_nobody_vouches_for)
{
    fake_net.doubt = true;
    cr_assert(world(datagrams));
}

static void first_datagram(void)
{
    static uint8_t out[65507], in[65507];
    const int a = bound(1000), b = bound(2000);

    for (size_t i = 0; i < sizeof(out); i++)
        out[i] = byte_at(i);
    cr_assert_eq(send_to(a, out, sizeof(out), PEER, 2000), sizeof(out));
    memset(out, 0, sizeof(out)); /* ours again: lwIP keeps copies */
    cr_assert_eq(recv(b, in, sizeof(in), 0), sizeof(in));
    for (size_t i = 0; i < sizeof(in); i++)
        cr_assert_eq(in[i], byte_at(i));
    fd_close(a);
    fd_close(b);
}

Test(dgram, keeps_a_whole_datagram_until_the_neighbour_is_known)
{
    char **argv;

    param_init("ip=" HERE "/24", &argv);
    cr_assert(fake_world(first_datagram));
    cr_assert_eq(fake_net.bad_sums, 0);
}

static void strangers(void)
{
    const int a = bound(1000), b = bound(2000), c = bound(3000);
    char text[8];

    cr_assert_eq(send(a, "x", 1, 0), -1);
    cr_assert_eq(errno, EDESTADDRREQ);
    cr_assert_eq(send_to(a, "x", 1, "10.0.0.255", 7), -1);
    cr_assert_eq(errno, EACCES);
    set_int(a, SOL_SOCKET, SO_BROADCAST, 1);
    cr_assert_eq(send_to(a, "x", 1, "10.0.0.255", 7), 1);
    cr_assert_eq(call(connect, a, PEER, 2000), 0);
    cr_assert_eq(send(a, "datagram", 8, 0), 8);
    cr_assert_eq(recv(b, text, 4, MSG_PEEK | MSG_TRUNC), 8);
    cr_assert_eq(recv(b, text, 4, 0), 4, "the rest is cut off");
    cr_assert_eq(memcmp(text, "data", 4), 0);
    cr_assert_eq(recv(b, text, 1, MSG_DONTWAIT), -1);
    cr_assert_eq(errno, EAGAIN);
    send_to(c, "stranger", 8, PEER, 1000);
    send_to(b, "friend", 6, PEER, 1000);
    cr_assert_eq(recv(a, text, 8, 0), 6);
    cr_assert_eq(shutdown(a, SHUT_RDWR), 0);
    cr_assert_eq(recv(a, text, 8, 0), 0);
    cr_assert_eq(send(a, text, 8, 0), -1);
    cr_assert_eq(errno, EPIPE);
    cr_assert(ready(a) & POLLHUP);
    fd_close(a);
    fd_close(b);
    fd_close(c);
}

Test(dgram, sends_datagrams_to_the_right_one)
{
    cr_assert(world(strangers));
}

static void flood(void)
{
    static uint8_t data[60000];
    const int a = bound(1000), b = bound(2000), c = bound(3000);
    unsigned n = 0;

    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(send_to(a, "x", 1, PEER, 2000), 1);
        thread_yield();
    }
    nap(FAKE_SECOND);
    while (recv(b, data, 1, MSG_DONTWAIT) == 1)
        n++;
    cr_assert_eq(n, 256);
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(send_to(a, data, sizeof(data), "127.0.0.1", 3000), 60000);
        thread_yield();
    }
    nap(FAKE_SECOND);
    for (n = 0; recv(c, data, 1, MSG_DONTWAIT) == 1; n++)
        ;
    cr_assert_eq(n, 4, "256 KB at most");
    send_to(a, data, sizeof(data), "127.0.0.1", 3000);
    nap(FAKE_SECOND);
    fd_close(a);
    fd_close(b);
    fd_close(c); /* with something in it */
}

Test(dgram, drops_datagrams_nobody_reads)
{
    cr_assert(world(flood));
}

static unsigned ends; /* of datagrams in fragments */

static void count_ends(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    const unsigned fragment = (unsigned)frame[20] << 8 | frame[21];

    (void)id;
    (void)len;
    (void)flags;
    ends += fragment && !(fragment & 0x2000);
}

static void swallow(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    (void)id, (void)f, (void)len, (void)flags;
}

static void crowd(void)
{
    static uint8_t data[60000];
    const int a = bound(1000), b = bound(2000);
    unsigned sent = 0;

    fake_net.stuck = true;
    fd_control(a, F_SETFL, O_NONBLOCK);
    while (send_to(a, data, 1000, PEER, 2000) == 1000)
        sent++;
    cr_assert_eq(errno, EAGAIN);
    cr_assert_eq(sent, fake_net.slots);
    cr_assert(!(ready(a) & POLLOUT));
    nap(FAKE_SECOND);
    cr_assert(!(ready(a) & POLLOUT));
    fake_unstick();
    nap(FAKE_SECOND);
    cr_assert(ready(a) & POLLOUT);
    fd_control(a, F_SETFL, 0);
    fake_net.wire = count_ends;
    for (int i = 0; i < 100; i++)
        cr_assert_eq(send_to(a, data, sizeof(data), PEER, 9), sizeof(data));
    nap(FAKE_SECOND);
    cr_assert_eq(ends, 100, "each to its end");
    nap(FAKE_SECOND / 100); /* between two ticks */
    fake_net.wire = fake_mirror;
    fake_net.stuck = true;
    fd_control(a, F_SETFL, O_NONBLOCK);
    while (send_to(a, data, 1000, PEER, 2000) == 1000)
        ;
    nap(1);
    cr_assert(!(ready(a) & POLLOUT));
    fake_net.wire = swallow;
    fake_unstick();
    nap(1);
    cr_assert(ready(a) & POLLOUT, "by the back-end's event");
    fake_net.wire = fake_mirror;
    fake_net.stuck = true;
    while (send_to(a, data, 1000, PEER, 2000) == 1000)
        ;
    cr_assert(!(ready(a) & POLLOUT));
    fd_close(a); /* while it is in the line for slots */
    fake_unstick();
    nap(FAKE_SECOND);
    fd_close(b);
}

Test(dgram, waits_for_slots_with_datagrams)
{
    fake_net.slots = 128; /* half of them take a datagram of 41 frames */
    cr_assert(world(crowd));
}

static void several(void)
{
    const int fd = bound(1000);
    unsigned turns, kicks;

    cr_assert_eq(send_to(fd, "a", 1, PEER, 9), 1);
    nap(FAKE_SECOND - fake_now % FAKE_SECOND + FAKE_SECOND / 20);
    fake_net.wire = swallow;
    turns = fake_net.turns;
    kicks = fake_net.kicks;
    for (int i = 0; i < 3; i++)
        cr_assert_eq(send_to(fd, "a", 1, PEER, 9), 1);
    nap(1);
    cr_assert_eq(fake_net.kicks - kicks, 1);
    cr_assert_eq(fake_net.turns - turns, 2, "showing them, and this one");
    fd_close(fd);
}

Test(dgram, are_sent_together_without_the_net_thread)
{
    cr_assert(world(several));
}

/* Everything comes back as if we had sent it to ourselves. */
static void forge(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    uint16_t sum;

    if (frame[23] != 17) {
        fake_mirror(id, frame, len, flags);
        return;
    }
    memcpy(frame, FAKE_MAC FAKE_PEER, 12);
    memcpy(frame + 30, frame + 26, 4);
    memset(frame + 24, 0, 2);
    sum = (uint16_t)~fake_sum(frame + 14, 20, 0);
    frame[24] = (uint8_t)(sum >> 8);
    frame[25] = (uint8_t)sum;
    fake_deliver(id, frame, len, BUF_CSUM_OK);
}

static void forged(void)
{
    const int a = bound(1000), b = bound(2000);

    fake_net.wire = forge;
    cr_assert_eq(send_to(a, "x", 1, PEER, 2000), 1);
    nap(FAKE_SECOND);
    cr_assert(!(ready(b) & POLLIN), "from outside");
    cr_assert_eq(fake_counts.rx_forged, 1);
    cr_assert_eq(send_to(a, "x", 1, HERE, 2000), 1);
    nap(FAKE_SECOND);
    cr_assert(ready(b) & POLLIN, "from here");
    fd_close(a);
    fd_close(b);
}

Test(dgram, believes_nobody_else_who_says_to_be_this_host)
{
    cr_assert(world(forged));
}
