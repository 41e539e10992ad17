#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <lwip/priv/tcp_priv.h>

#include "kernel/buf.h"
#include "kernel/sched.h"
#include "lib/fd.h"
#include "net/budget.h"
#include "net/frame.h"
#include "lib/param.h"
#include "lib/util.h"
#include "test/fake/net.h"
#include "test/fake/said.h"
#include "xen/clock.h"

#define PORT 7
#define HERE "10.0.0.2"
#define PEER "10.0.0.9" /* the mirror: this very stack */

/* malloc() for lwIP and the sockets: fails when mallocs_left is used up. */
static size_t mallocs_left = SIZE_MAX;
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_malloc(size_t n)
{
    if (mallocs_left == 0)
        return NULL;
    mallocs_left--;
    return __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    if (mallocs_left == 0)
        return NULL;
    mallocs_left--;
    return __real_calloc(n, size);
}

static struct sockaddr_in at(const char *addr, uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = inet_addr(addr)};
}

static int call(int (*fn)(int, const struct sockaddr *, socklen_t), int fd,
                const char *addr, uint16_t port)
{
    const struct sockaddr_in in = at(addr, port);

    return fn(fd, (const struct sockaddr *)&in, sizeof(in));
}

static int listener(uint16_t port, int backlog)
{
    const int on = 1;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    cr_assert_eq(call(bind, fd, "0.0.0.0", port), 0);
    cr_assert_eq(listen(fd, backlog), 0);
    return fd;
}

static int client(const char *addr, uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(call(connect, fd, addr, port), 0, "%s", strerror(errno));
    return fd;
}

/* Two ends of a connection through addr. */
static void make_pair(const char *addr, int pair[2])
{
    const int l = listener(PORT, 5);

    pair[0] = client(addr, PORT);
    pair[1] = accept(l, NULL, NULL);
    cr_assert_geq(pair[1], 0);
    fd_close(l);
}

static unsigned ready(int fd)
{
    struct file *f = fd_get(fd);
    const unsigned events = file_ready(f);

    file_put(f);
    return events;
}

static void nap(uint64_t ns)
{
    thread_sleep(clock_now() + ns);
}

/* A byte stream that any two places can agree on. */
static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

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
    nap(FAKE_SECOND);
    fd_close(fd);
    before = budget_used();
    job();
    nap(400 * FAKE_SECOND);
    cr_assert_null(tcp_active_pcbs);
    cr_assert_null(tcp_tw_pcbs);
    cr_assert_eq(budget_used(), before);
    cr_assert_eq(frame_counters()->pages, 0);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_eq(fake_net.bad_sums, 0);
}

static bool world(void (*fn)(void))
{
    char **argv;

    param_init("ip=" HERE "/24,gw=10.0.0.1", &argv);
    job = fn;
    return fake_world(run_job);
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

Test(socket, carries_streams_over_loopback_byte_for_byte)
{
    cr_assert(world(loopback_streams));
}

static uint64_t elapsed;

static void wire_streams(void)
{
    const uint64_t start = clock_now();

    stream_both_ways(PEER);
    elapsed = clock_now() - start;
}

Test(socket, carries_streams_over_the_wire_byte_for_byte)
{
    cr_assert(world(wire_streams));
    cr_assert_gt(fake_net.blank, 4000);
    cr_assert_lt(fake_net.kicks, fake_net.frames / 2);
}

Test(socket, carries_streams_when_frames_are_lost_and_damaged)
{
    fake_net.lose = 97;
    fake_net.spoil = 101;
    stream_size = STREAM_MAX / 4;
    cr_assert(world(wire_streams));
}

Test(socket, believes_a_back_end_that_vouches_for_checksums)
{
    fake_net.vouch = true; /* and leaves the field as it is */
    cr_assert(world(wire_streams));
}

Test(socket, sends_frames_of_several_pages)
{
    fake_net.mtu = 9000;
    cr_assert(world(wire_streams));
    cr_assert_lt(fake_net.frames, 4000);
}

Test(socket, goes_on_after_the_interface_was_full)
{
    fake_net.slots = 7;
    cr_assert(world(wire_streams));
    cr_assert_lt(elapsed, 3 * FAKE_SECOND, "no timer had to help, %lu",
                 elapsed);
}

static void set_int(int fd, int level, int name, int value)
{
    cr_assert_eq(setsockopt(fd, level, name, &value, sizeof(value)), 0);
}

static int get_int(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);

    cr_assert_eq(getsockopt(fd, level, name, &value, &len), 0);
    cr_assert_eq(len, sizeof(value));
    return value;
}

static void set_timeout(int fd, int name, int seconds)
{
    const struct timeval time = {.tv_sec = seconds};

    cr_assert_eq(setsockopt(fd, SOL_SOCKET, name, &time, sizeof(time)), 0);
}

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

Test(socket, says_that_a_connection_is_refused)
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

Test(socket, gives_up_when_nobody_answers)
{
    cr_assert(world(nobody_there));
}

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

Test(socket, bounds_the_accept_queue_by_the_backlog)
{
    cr_assert(world(queue));
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

Test(socket, bounds_the_accept_queue_even_if_clients_are_gone)
{
    cr_assert(world(come_and_go));
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

Test(socket, closes_each_direction_by_itself)
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

Test(socket, resets_a_connection_closed_with_unread_data)
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

Test(socket, sends_what_is_queued_after_close)
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

Test(socket, wakes_a_writer_when_there_is_room)
{
    cr_assert(world(one_way));
}

static void orphan(void)
{
    static uint8_t data[400000];
    int pair[2];

    make_pair(PEER, pair);
    fd_control(pair[0], F_SETFL, O_NONBLOCK);
    cr_assert_gt(send(pair[0], data, sizeof(data), 0), 200000);
    nap(FAKE_SECOND);
    send(pair[0], data, sizeof(data), 0); /* more than the peer's window */
    fd_close(pair[0]);
    nap(200 * FAKE_SECOND);
    cr_assert_null(tcp_active_pcbs, "nobody reads, nobody waits for ever");
    cr_assert(ready(pair[1]) & POLLERR);
    fd_close(pair[1]);
}

Test(socket, forgets_a_closed_connection_that_gets_nowhere)
{
    cr_assert(world(orphan));
}

static int victim;
static int victims_errno;

static void wait_in_recv(void *arg)
{
    char c;

    (void)arg;
    cr_assert_eq(recv(victim, &c, 1, 0), -1);
    victims_errno = errno;
}

static void wait_in_accept(void *arg)
{
    (void)arg;
    cr_assert_eq(accept(victim, NULL, NULL), -1);
    victims_errno = errno;
}

static void wait_in_send(void *arg)
{
    static uint8_t data[1000000];

    (void)arg;
    cr_assert_gt(send(victim, data, sizeof(data), 0), 0);
    cr_assert_eq(send(victim, data, 1, 0), -1);
    victims_errno = errno;
}

static void close_under(void (*wait)(void *), int fd)
{
    victim = fd;
    victims_errno = 0;
    thread_create("victim", wait, NULL);
    nap(FAKE_SECOND);
    cr_assert_eq(victims_errno, 0);
    fd_close(fd);
    nap(FAKE_SECOND);
    cr_assert_eq(victims_errno, EBADF);
}

static void closed_while_waiting(void)
{
    int pair[2];

    make_pair(PEER, pair);
    close_under(wait_in_recv, pair[0]);
    close_under(wait_in_accept, listener(PORT + 1, 5));
    fd_close(pair[1]);
    make_pair("127.0.0.1", pair);
    close_under(wait_in_send, pair[0]);
    fd_close(pair[1]);
    close_under(wait_in_recv, socket(AF_INET, SOCK_DGRAM, 0));
}

Test(socket, ends_calls_that_wait_in_a_closed_descriptor)
{
    cr_assert(world(closed_while_waiting));
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

Test(socket, waits_as_long_as_it_was_told)
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

Test(socket, takes_part_of_what_does_not_fit)
{
    cr_assert(world(full));
}

static int bound(uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(call(bind, fd, "0.0.0.0", port), 0);
    return fd;
}

static ssize_t send_to(int fd, const void *data, size_t n, const char *addr,
                       uint16_t port)
{
    const struct sockaddr_in in = at(addr, port);

    return sendto(fd, data, n, 0, (const struct sockaddr *)&in, sizeof(in));
}

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
    datagrams_to("127.0.0.1");
    datagrams_to(PEER);
}

Test(socket, carries_datagrams_of_any_size)
{
    cr_assert(world(datagrams));
}

Test(socket, carries_datagrams_in_large_frames)
{
    fake_net.mtu = 9000;
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

Test(socket, keeps_a_whole_datagram_until_the_neighbour_is_known)
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

Test(socket, sends_datagrams_to_the_right_one)
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

Test(socket, drops_datagrams_nobody_reads)
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
    fake_net.wire = fake_mirror;
    fake_net.stuck = true;
    fd_control(a, F_SETFL, O_NONBLOCK);
    while (send_to(a, data, 1000, PEER, 2000) == 1000)
        ;
    cr_assert(!(ready(a) & POLLOUT));
    fd_close(a); /* while it is in the line for slots */
    fake_unstick();
    nap(FAKE_SECOND);
    fd_close(b);
}

Test(socket, waits_for_slots_with_datagrams)
{
    fake_net.slots = 128; /* half of them take a datagram of 41 frames */
    cr_assert(world(crowd));
}

static void addresses(void)
{
    const int l = listener(PORT, 1), fd = socket(AF_INET, SOCK_STREAM, 0);
    const int a = bound(1000), b = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in mine;
    socklen_t len = 1;
    uint16_t last = 0;

    cr_assert_eq(call(bind, fd, "0.0.0.0", PORT), -1);
    cr_assert_eq(errno, EADDRINUSE);
    cr_assert_eq(call(bind, fd, "10.0.0.3", PORT), -1);
    cr_assert_eq(errno, EADDRNOTAVAIL);
    cr_assert_eq(call(bind, fd, HERE, PORT + 1), 0);
    cr_assert_eq(call(bind, fd, HERE, PORT + 2), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&mine, &len), 0);
    cr_assert_eq(len, sizeof(mine), "what it would have taken");
    len = sizeof(mine);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&mine, &len), 0);
    cr_assert_eq(mine.sin_family, AF_INET);
    cr_assert_eq(mine.sin_port, htons(PORT + 1));
    cr_assert_eq(mine.sin_addr.s_addr, inet_addr(HERE));
    cr_assert_eq(getpeername(fd, (struct sockaddr *)&mine, &len), -1);
    cr_assert_eq(errno, ENOTCONN);
    cr_assert_eq(call(bind, b, "0.0.0.0", 1000), -1);
    cr_assert_eq(errno, EADDRINUSE);
    mine.sin_family = AF_INET6;
    cr_assert_eq(bind(b, (struct sockaddr *)&mine, len), -1);
    cr_assert_eq(errno, EAFNOSUPPORT);
    cr_assert_eq(bind(b, (struct sockaddr *)&mine, 2), -1);
    cr_assert_eq(errno, EINVAL);
    for (int i = 0; i < 10; i++) {
        const int c = socket(AF_INET, SOCK_STREAM, 0);

        cr_assert_eq(call(bind, c, "0.0.0.0", 0), 0);
        cr_assert_eq(getsockname(c, (struct sockaddr *)&mine, &len), 0);
        cr_assert_geq(ntohs(mine.sin_port), 0xc000);
        cr_assert_neq(ntohs(mine.sin_port), last + 1, "not to be guessed");
        last = ntohs(mine.sin_port);
        fd_close(c);
    }
    fd_close(a);
    fd_close(b);
    fd_close(fd);
    fd_close(l);
}

Test(socket, binds_to_what_is_free_and_ours)
{
    cr_assert(world(addresses));
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

Test(socket, reuses_the_port_of_a_closed_connection_if_told_to)
{
    cr_assert(world(again));
}

static void options(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    const int d = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    int value = 1;

    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(fd, SOL_SOCKET, SO_RCVBUF, 1);
    cr_assert_eq(get_int(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    cr_assert_geq(get_int(fd, SOL_SOCKET, SO_RCVBUF), 256 * 1024);
    cr_assert_geq(get_int(fd, SOL_SOCKET, SO_SNDBUF), 256 * 1024);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    cr_assert_eq(get_int(d, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, 999, &value, sizeof(value)), -1);
    cr_assert_eq(errno, ENOPROTOOPT);
    cr_assert_eq(setsockopt(d, IPPROTO_TCP, TCP_NODELAY, &value, 4), -1);
    cr_assert_eq(errno, ENOPROTOOPT);
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 3), -1);
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
    cr_assert_eq(listen(d, 1), -1);
    cr_assert_eq(errno, EOPNOTSUPP);
    cr_assert_eq(accept(d, NULL, NULL), -1);
    cr_assert_eq(errno, EOPNOTSUPP);
    cr_assert_eq(recv(fd, &value, 4, 0), -1);
    cr_assert_eq(errno, ENOTCONN);
    cr_assert_eq(shutdown(d, SHUT_RD), -1);
    cr_assert_eq(errno, ENOTCONN);
    fd_close(fd);
    fd_close(d);
    cr_assert_eq(listen(fd, 1), -1);
    cr_assert_eq(errno, EBADF);
    cr_assert_eq(socket(AF_INET6, SOCK_STREAM, 0), -1);
    cr_assert_eq(errno, EAFNOSUPPORT);
    cr_assert_eq(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), -1);
    cr_assert_eq(errno, EPROTONOSUPPORT);
    cr_assert_eq(socket(AF_INET, SOCK_RAW, 0), -1);
    cr_assert_eq(errno, EINVAL);
}

Test(socket, has_the_options_and_errors_of_posix)
{
    cr_assert(world(options));
}

static struct file plain;
static void not_a_socket(void)
{
    static const struct file_ops ops = {0};
    int fd;

    file_init(&plain, &ops, O_RDWR);
    fd = fd_open(&plain);
    cr_assert_eq(listen(fd, 1), -1);
    cr_assert_eq(errno, ENOTSOCK);
    fd_close(fd);
}

Test(socket, refuses_other_files)
{
    cr_assert(world(not_a_socket));
}

/* What a program does with sockets, checking only that failures are clean. */
static void use_sockets(uint16_t port)
{
    const int l = socket(AF_INET, SOCK_STREAM, 0);
    const int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int d = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    static uint8_t data[5000];
    int s = -1;

    if (l >= 0 && c >= 0 && d >= 0 && call(bind, l, "0.0.0.0", port) == 0 &&
        listen(l, 5) == 0) {
        fd_control(l, F_SETFL, O_NONBLOCK);
        call(connect, c, PEER, port);
        for (int i = 0; i < 30 && s < 0; i++) {
            nap(FAKE_SECOND / 10);
            s = accept(l, NULL, NULL);
        }
        send(c, data, sizeof(data), 0);
        send_to(d, data, sizeof(data), PEER, 9);
        nap(FAKE_SECOND);
        if (s >= 0)
            recv(s, data, sizeof(data), MSG_DONTWAIT);
    }
    mallocs_left = SIZE_MAX; /* timers must go on */
    for (int fd = 0; fd < 4; fd++)
        fd_close(fd);
}

static void poor(void)
{
    for (size_t n = 0; n < 60; n++) {
        mallocs_left = n;
        use_sockets((uint16_t)(PORT + n));
    }
}

Test(socket, survives_every_failing_allocation)
{
    cr_assert(world(poor));
}

static void crumbs(void)
{
    size_t before;
    int pair[2];

    make_pair(PEER, pair);
    set_int(pair[0], IPPROTO_TCP, TCP_NODELAY, 1);
    before = budget_used();
    for (int i = 0; i < 30000; i++) {
        cr_assert_eq(send(pair[0], "x", 1, 0), 1);
        nap(10000);
    }
    nap(FAKE_SECOND);
    cr_assert_lt(budget_used() - before, 60000);
    for (int i = 0; i < 30000; i++) {
        char c = 0;

        cr_assert_eq(recv(pair[1], &c, 1, MSG_DONTWAIT), 1);
        cr_assert_eq(c, 'x');
    }
    fd_close(pair[0]);
    fd_close(pair[1]);
}

Test(socket, packs_tiny_segments_together)
{
    cr_assert(world(crumbs));
}

#define HOARD 60
static void hoard(void)
{
    static uint8_t data[256 * 1024];
    int pairs[HOARD][2], last[2];

    for (int i = 0; i < HOARD; i++) {
        make_pair(PEER, pairs[i]);
        fd_control(pairs[i][0], F_SETFL, O_NONBLOCK);
    }
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < HOARD; i++) {
            send(pairs[i][0], data, 20000, 0);
            nap(FAKE_SECOND / 100);
            cr_assert_leq(frame_counters()->pages, buf_limit() / 2);
        }
    cr_assert_gt(frame_counters()->copied, 0);
    for (int i = 0; i < HOARD; i++) {
        while (recv(pairs[i][1], data, sizeof(data), MSG_DONTWAIT) > 0)
            nap(FAKE_SECOND / 100);
        fd_close(pairs[i][1]);
        fd_close(pairs[i][0]);
        if (i == 10) { /* a little room is enough for new ones */
            make_pair(PEER, last);
            fd_close(last[0]);
            fd_close(last[1]);
        }
    }
}

Test(socket, cannot_be_stopped_by_unread_data)
{
    cr_assert(world(hoard));
}

static unsigned time_waits(void)
{
    unsigned n = 0;

    for (const struct tcp_pcb *p = tcp_tw_pcbs; p; p = p->next)
        n++;
    return n;
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

Test(socket, remembers_a_bounded_number_of_closed_connections)
{
    cr_assert(world(many));
}

static void no_interface(void)
{
    cr_assert_eq(socket(AF_INET, SOCK_STREAM, 0), -1);
    cr_assert_eq(errno, ENODEV);
    cr_assert_eq(socket(AF_INET, SOCK_STREAM, 0), -1);
    cr_assert_eq(fake_lines, 1, "said once");
    cr_assert(strstr(fake_said, "no network interface"));
}

Test(socket, needs_an_interface)
{
    fake_net.vifs = 0;
    cr_assert(fake_world(no_interface));
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

Test(socket, cannot_connect_without_an_address)
{
    cr_assert(fake_world(no_address)); /* nobody answers DHCP */
}

static int seen[3];

static void wait_in_epoll(void *arg)
{
    const int ep = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    struct pollfd one;
    char c;

    (void)arg;
    for (int fd = 0; fd < 2; fd++) {
        event.data.fd = fd;
        cr_assert_eq(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event), 0);
    }
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(epoll_wait(ep, &event, 1, -1), 1);
        seen[i] = event.data.fd;
        if (event.data.fd == 1)
            cr_assert_eq(recv(1, &c, 1, 0), 1);
        else
            one.fd = accept(0, NULL, NULL);
    }
    one.events = POLLIN;
    cr_assert_eq(poll(&one, 1, -1), 1);
    cr_assert_eq(recv(one.fd, &c, 1, 0), 1);
    fd_close(one.fd);
    fd_close(ep);
    finished = 1;
}

static void wakes(void)
{
    const int l = listener(PORT, 5), d = bound(1000);
    int c;

    cr_assert(l == 0 && d == 1);
    thread_create("epoll", wait_in_epoll, NULL);
    nap(FAKE_SECOND);
    c = client(PEER, PORT);
    nap(FAKE_SECOND);
    cr_assert_eq(send_to(d, "x", 1, PEER, 1000), 1);
    nap(FAKE_SECOND);
    cr_assert(seen[0] == l && seen[1] == d && !finished);
    cr_assert_eq(send(c, "x", 1, 0), 1);
    nap(FAKE_SECOND);
    cr_assert(finished);
    fd_close(c);
    fd_close(d);
    fd_close(l);
}

Test(socket, wakes_those_who_wait_in_poll_and_epoll)
{
    cr_assert(world(wakes));
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

Test(socket, gives_accepted_connections_the_options_of_the_listener)
{
    cr_assert(world(inherited));
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

Test(socket, sends_at_once_what_found_no_slot)
{
    cr_assert(world(starved));
}
