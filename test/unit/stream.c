#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "kernel/sched.h"
#include "lib/fd.h"
#include "net/budget.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"
#include "xen/clock.h"

#define STREAM_MAX (3u << 20)
static size_t stream_size = STREAM_MAX;
static unsigned finished;

static void write_stream(void *arg)
{
    const int fd = (int)(intptr_t)arg;
    const size_t size = 100000;
    uint8_t *data = malloc(size);
    unsigned seed = 7;

    for (size_t done = 0; done < stream_size;) {
        size_t n = 1 + (size_t)rand_r(&seed) % size;

        if (rand_r(&seed) % 4)
            n = 1 + n % 2000;
        if (n > stream_size - done)
            n = stream_size - done;
        for (size_t i = 0; i < n; i++)
            data[i] = byte_at(done + i);
        cr_assert_eq(send(fd, data, n, 0), (ssize_t)n);
        done += n;
    }
    free(data);
    cr_assert_eq(shutdown(fd, SHUT_WR), 0);
    finished++;
}

static void read_stream(void *arg)
{
    const int fd = (int)(intptr_t)arg;
    uint8_t data[5000];
    unsigned seed = 11;
    size_t done = 0;
    ssize_t n;

    while ((n = recv(fd, data, 1 + (size_t)rand_r(&seed) % sizeof(data), 0)) >
           0) {
        for (ssize_t i = 0; i < n; i++)
            cr_assert_eq(data[i], byte_at(done + (size_t)i), "at %zu",
                         done + (size_t)i);
        done += (size_t)n;
        if (rand_r(&seed) % 64 == 0)
            nap(1000000);
    }
    cr_assert_eq(n, 0);
    cr_assert_eq(done, stream_size);
    finished++;
}

static void stream_both_ways(const char *addr)
{
    int pair[2];

    make_pair(addr, pair);
    for (intptr_t i = 0; i < 2; i++) {
        thread_create("writer", write_stream, (void *)(intptr_t)pair[i]);
        thread_create("reader", read_stream, (void *)(intptr_t)pair[i]);
    }
    while (finished < 4)
        nap(FAKE_SECOND / 10);
    fd_close(pair[0]);
    fd_close(pair[1]);
}

static void loopback_streams(void)
{
    const unsigned before = fake_net.frames;

    stream_both_ways("127.0.0.1");
    cr_assert_eq(fake_net.frames, before, "nothing of it went out");
}

Test(stream, carries_streams_over_loopback_byte_for_byte)
{
    cr_assert(world(loopback_streams));
}

static void answered_at_once(void)
{
    int pair[2];
    char c;

    make_pair(PEER, pair);
    nap(FAKE_SECOND / 100);
    const uint64_t then = fake_now;
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(send(pair[i % 2], "a", 1, 0), 1);
        cr_assert_eq(recv(pair[1 - i % 2], &c, 1, 0), 1);
    }
    cr_assert_eq(fake_now, then, "no timer has a part in it");
    fd_close(pair[0]);
    fd_close(pair[1]);
}

Test(stream, carries_a_byte_to_and_fro_at_once)
{
    cr_assert(world(answered_at_once));
}

static uint64_t elapsed;

static void wire_streams(void)
{
    const uint64_t start = clock_now();

    stream_both_ways(PEER);
    elapsed = clock_now() - start;
}

Test(stream, carries_streams_over_the_wire_byte_for_byte)
{
    cr_assert(world(wire_streams));
    cr_assert_gt(fake_net.blank, 4000);
    cr_assert_lt(fake_net.kicks, fake_net.frames / 2);
}

Test(stream, carries_streams_when_frames_are_lost_and_damaged)
{
    fake_net.lose = 97;
    fake_net.spoil = 101;
    stream_size = STREAM_MAX / 4;
    cr_assert(world(wire_streams));
}

Test(stream, checks_what_nobody_vouches_for)
{
    fake_net.doubt = true;
    cr_assert(world(wire_streams));
}

Test(stream, sends_frames_of_several_pages)
{
    fake_net.mtu = 9000;
    cr_assert(world(wire_streams));
    cr_assert_lt(fake_net.frames, 4000);
}

Test(stream, goes_on_after_the_interface_was_full)
{
    fake_net.slots = 7;
    cr_assert(world(wire_streams));
    cr_assert_lt(elapsed, 3 * FAKE_SECOND, "no timer had to help, %lu",
                 elapsed);
}

static void halves(void)
{
    int pair[2];
    char text[8];

    make_pair(PEER, pair);
    cr_assert_eq(send(pair[0], "one", 3, 0), 3);
    cr_assert_eq(shutdown(pair[0], SHUT_WR), 0);
    cr_assert_eq(send(pair[0], "two", 3, MSG_NOSIGNAL), -1);
    cr_assert_eq(errno, EPIPE);
    cr_assert_eq(recv(pair[1], text, sizeof(text), 0), 3);
    cr_assert_eq(recv(pair[1], text, sizeof(text), 0), 0);
    cr_assert(ready(pair[1]) & POLLRDHUP);
    cr_assert(!(ready(pair[1]) & POLLHUP));
    cr_assert_eq(send(pair[1], "three", 5, 0), 5, "the other half is open");
    cr_assert_eq(recv(pair[0], text, sizeof(text), 0), 5);
    cr_assert_eq(shutdown(pair[1], SHUT_WR), 0);
    cr_assert_eq(recv(pair[0], text, sizeof(text), 0), 0);
    cr_assert(ready(pair[0]) & POLLHUP);
    nap(200 * FAKE_SECOND); /* lwIP has forgotten both by now */
    cr_assert_eq(recv(pair[0], text, sizeof(text), 0), 0);
    cr_assert_eq(send(pair[1], "x", 1, 0), -1);
    cr_assert_eq(errno, EPIPE);
    cr_assert_eq(getpeername(pair[0], NULL, NULL), -1);
    cr_assert_eq(errno, ENOTCONN);
    fd_close(pair[0]);
    fd_close(pair[1]);
}

Test(stream, closes_each_direction_by_itself)
{
    cr_assert(world(halves));
}

static void unread(void)
{
    int pair[2];
    char text[8];

    make_pair(PEER, pair);
    send(pair[0], "unread", 6, 0);
    send(pair[1], "before", 6, 0);
    nap(FAKE_SECOND);
    fd_close(pair[1]);
    nap(FAKE_SECOND);
    cr_assert(ready(pair[0]) & POLLERR);
    cr_assert_eq(recv(pair[0], text, sizeof(text), 0), 6, "data comes first");
    cr_assert_eq(recv(pair[0], text, sizeof(text), 0), -1);
    cr_assert_eq(errno, ECONNRESET);
    cr_assert_eq(recv(pair[0], text, sizeof(text), 0), 0);
    cr_assert_eq(send(pair[0], text, 1, 0), -1);
    cr_assert_eq(errno, EPIPE);
    fd_close(pair[0]);
}

Test(stream, resets_a_connection_closed_with_unread_data)
{
    cr_assert(world(unread));
}

static void linger(void)
{
    static uint8_t data[200000];
    int pair[2];
    ssize_t n, sum = 0;

    make_pair(PEER, pair);
    cr_assert_eq(send(pair[0], data, sizeof(data), 0), sizeof(data));
    fd_close(pair[0]);
    while ((n = recv(pair[1], data, sizeof(data), 0)) > 0)
        sum += n;
    cr_assert_eq(n, 0);
    cr_assert_eq(sum, sizeof(data));
    fd_close(pair[1]);
}

Test(stream, sends_what_is_queued_after_close)
{
    cr_assert(world(linger));
}

static void one_way(void)
{
    static uint8_t data[20000];
    size_t done = 0;
    int pair[2];
    ssize_t n;

    make_pair(PEER, pair);
    thread_create("writer", write_stream, (void *)(intptr_t)pair[0]);
    while ((n = recv(pair[1], data, sizeof(data), 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            cr_assert_eq(data[i], byte_at(done + (size_t)i));
        done += (size_t)n;
        nap(FAKE_SECOND / 100);
    }
    cr_assert_eq(done, stream_size);
    fd_close(pair[0]);
    fd_close(pair[1]);
}

Test(stream, wakes_a_writer_when_there_is_room)
{
    cr_assert(world(one_way));
}

static void timeouts(void)
{
    struct timeval time;
    socklen_t len = sizeof(time);
    uint64_t start;
    int pair[2];
    char c;

    make_pair(PEER, pair);
    set_timeout(pair[0], SO_RCVTIMEO, 3);
    cr_assert_eq(getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, &len), 0);
    cr_assert_eq(time.tv_sec, 3);
    start = clock_now();
    cr_assert_eq(recv(pair[0], &c, 1, 0), -1);
    cr_assert_eq(errno, EAGAIN);
    cr_assert_geq(clock_now(), start + 3 * FAKE_SECOND);
    start = clock_now();
    cr_assert_eq(recv(pair[0], &c, 1, MSG_DONTWAIT), -1);
    cr_assert_eq(errno, EAGAIN);
    cr_assert_eq(clock_now(), start);
    cr_assert_eq(fd_control(pair[0], F_SETFL, O_NONBLOCK), 0);
    cr_assert_eq(fd_read(pair[0], &c, 1), -EAGAIN);
    fd_write(pair[1], "x", 1);
    nap(FAKE_SECOND);
    cr_assert_eq(recv(pair[0], &c, 1, MSG_PEEK), 1);
    cr_assert_eq(fd_read(pair[0], &c, 1), 1, "still there");
    cr_assert_eq(fd_read(pair[0], &c, 1), -EAGAIN);
    fd_close(pair[0]);
    fd_close(pair[1]);
}

Test(stream, waits_as_long_as_it_was_told)
{
    cr_assert(world(timeouts));
}

static void full(void)
{
    static uint8_t data[1 << 20];
    ssize_t first, n, sum = 0;
    int pair[2];

    make_pair(PEER, pair);
    fd_control(pair[0], F_SETFL, O_NONBLOCK);
    cr_assert(ready(pair[0]) & POLLOUT);
    first = send(pair[0], data, sizeof(data), 0);
    cr_assert_gt(first, 100000);
    cr_assert_lt(first, sizeof(data));
    cr_assert_eq(send(pair[0], data, 1, 0), -1);
    cr_assert_eq(errno, EAGAIN);
    cr_assert(!(ready(pair[0]) & POLLOUT));
    nap(FAKE_SECOND);
    cr_assert(ready(pair[0]) & POLLOUT, "the peer's window took it");
    while ((n = send(pair[0], data, sizeof(data), 0)) > 0) {
        first += n;
        nap(FAKE_SECOND);
    }
    cr_assert(!(ready(pair[0]) & POLLOUT), "now both are full");
    while ((n = recv(pair[1], data, sizeof(data), MSG_DONTWAIT)) > 0) {
        sum += n;
        nap(FAKE_SECOND);
    }
    cr_assert_eq(sum, first);
    cr_assert(ready(pair[0]) & POLLOUT);
    fd_close(pair[0]);
    fd_close(pair[1]);
}

Test(stream, takes_part_of_what_does_not_fit)
{
    cr_assert(world(full));
}

/* Peers that do not read, and one that does. */
static void share(void)
{
    enum { DEAF = 3 }; /* each would take a quarter of it */
    static char data[10000];
    int pairs[DEAF + 1][2];

    budget_init(slab_in_use() + (1 << 20));
    for (int i = 0; i < DEAF; i++) {
        make_pair(PEER, pairs[i]);
        while (send(pairs[i][0], data, sizeof(data), MSG_DONTWAIT) > 0)
            nap(FAKE_SECOND);
        cr_assert(!(ready(pairs[i][0]) & POLLOUT));
    }
    cr_assert_lt(slab_in_use(), 3 << 17); /* half of what is not low */
    make_pair(PEER, pairs[DEAF]);
    cr_assert(ready(pairs[DEAF][0]) & POLLOUT);
    cr_assert_eq(send(pairs[DEAF][0], data, 1000, MSG_DONTWAIT), 1000);
    nap(FAKE_SECOND);
    cr_assert_eq(recv(pairs[DEAF][1], data, 1000, MSG_DONTWAIT), 1000);
    for (int i = 0; i <= DEAF; i++) {
        fd_close(pairs[i][0]);
        fd_close(pairs[i][1]);
    }
}

Test(stream, leaves_memory_to_others_when_peers_do_not_read)
{
    cr_assert(world(share));
}

static void crumbs(void)
{
    size_t before;
    int pair[2];

    make_pair(PEER, pair);
    set_int(pair[0], IPPROTO_TCP, TCP_NODELAY, 1);
    before = slab_in_use();
    for (int i = 0; i < 30000; i++) {
        cr_assert_eq(send(pair[0], "x", 1, 0), 1);
        nap(10000);
    }
    nap(FAKE_SECOND);
    cr_assert_lt(slab_in_use() - before, 60000);
    for (int i = 0; i < 30000; i++) {
        char c = 0;

        cr_assert_eq(recv(pair[1], &c, 1, MSG_DONTWAIT), 1);
        cr_assert_eq(c, 'x');
    }
    fd_close(pair[0]);
    fd_close(pair[1]);
}

Test(stream, packs_tiny_segments_together)
{
    cr_assert(world(crumbs));
}

static void starved(void)
{
    static uint8_t data[1000];
    const int d = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int pair[2];

    make_pair(PEER, pair);
    nap(FAKE_SECOND);
    fake_net.stuck = true;
    while (send_to(d, data, sizeof(data), PEER, 9) > 0)
        ;
    cr_assert_eq(send(pair[0], "x", 1, 0), 1, "queued, but not sent");
    nap(FAKE_SECOND / 100);
    fake_unstick();
    nap(FAKE_SECOND / 100);
    cr_assert_eq(recv(pair[1], data, 1, MSG_DONTWAIT), 1, "without a timer");
    fd_close(pair[0]);
    fd_close(pair[1]);
    fd_close(d);
}

Test(stream, sends_at_once_what_found_no_slot)
{
    cr_assert(world(starved));
}

static void expect_soon(int fd, const char *text)
{
    char got[8] = "";

    nap(FAKE_SECOND / 100);
    cr_assert_eq(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT),
                 (ssize_t)strlen(text), "without a timer");
    cr_assert_str_eq(got, text);
}

static void interrupted(void)
{
    int pair[2];

    make_pair(PEER, pair);
    nap(FAKE_SECOND);
    for (int i = 0; i < 5; i++) {
        fake_net.stuck = true;
        cr_assert_eq(send(pair[0], "ab", 2, 0), 2, "lost with the device");
        nap(FAKE_SECOND / 100);
        fake_break();
        fake_net.stuck = false;
        if (i % 2) {
            nap(20 * FAKE_SECOND); /* a timer tries in vain */
            cr_assert_eq(send(pair[0], "cd", 2, 0), 2, "nowhere to go");
        }
        fake_mend();
        expect_soon(pair[1], i % 2 ? "abcd" : "ab");

        nap(FAKE_SECOND); /* all is acknowledged */
        fake_break();
        nap(20 * FAKE_SECOND);
        cr_assert_eq(send(pair[1], "ef", 2, 0), 2);
        fake_mend();
        expect_soon(pair[0], "ef");
        nap(FAKE_SECOND);
    }
    fd_close(pair[0]);
    fd_close(pair[1]);
}

Test(stream, survives_a_device_that_goes_and_comes_back)
{
    cr_assert(world(interrupted));
}

static void restarting(void *arg)
{
    (void)arg;
    while (finished < 4) {
        nap(FAKE_SECOND / 20);
        fake_break();
        nap(FAKE_SECOND / 20);
        fake_mend();
    }
}

static void interrupted_streams(void)
{
    thread_create("restarts", restarting, NULL);
    stream_both_ways(PEER);
    nap(FAKE_SECOND);
}

Test(stream, carries_streams_while_the_device_comes_and_goes)
{
    cr_assert(world(interrupted_streams));
}
