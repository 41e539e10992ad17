/* gso.c: streams in large segments, over a wire that cuts them or does not. */

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/priv/tcp_priv.h>

#include "kernel/buf.h"
#include "kernel/sched.h"
#include "lib/fd.h"
#include "net/budget.h"
#include "net/tcpseg.h"
#include "test/fake/constant.h"
#include "test/fake/net.h"
#include "test/fake/page.h"
#include "test/fake/sockets.h"
#include "xen/clock.h"

#define CHUNK 100000

static size_t total = 3000000;
static uint64_t pause_ns; /* the reader's, now and then */
static size_t read_max = 20000;
static unsigned reading;
static int pair[2];
static uint64_t elapsed;

static void start(void)
{
    fake_net.gso = true;
}

TestSuite(gso, .init = start);

static void read_all(void *arg)
{
    static uint8_t data[70000];
    size_t done = 0;
    ssize_t n;

    (void)arg;
    while ((n = recv(pair[1], data, read_max, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            cr_assert_eq(data[i], byte_at(done + (size_t)i), "at %zu",
                         done + (size_t)i);
        done += (size_t)n;
        if (pause_ns && done % 3 == 0)
            nap(pause_ns);
    }
    cr_assert_eq(n, 0, "%s", strerror(errno));
    cr_assert_eq(done, total);
    reading--;
}

static void write_all(void)
{
    static uint8_t data[CHUNK];

    for (size_t done = 0; done < total;) {
        const size_t n = total - done < CHUNK ? total - done : CHUNK;

        for (size_t i = 0; i < n; i++)
            data[i] = byte_at(done + i);
        cr_assert_eq(send(pair[0], data, n, 0), (ssize_t)n);
        done += n;
    }
}

/* The writer closes at once: what lwIP still has to send outlives the socket.
 */
static void carry(void)
{
    reading++;
    thread_create("reader", read_all, NULL);
    write_all();
    fd_close(pair[0]);
    while (reading)
        nap(FAKE_SECOND / 100);
    fd_close(pair[1]);
}

static void transfer(void)
{
    const uint64_t begun = clock_now();

    make_pair(PEER, pair);
    carry();
    elapsed = clock_now() - begun;
}

Test(gso, sends_large_segments_that_others_cut)
{
    cr_assert(world(transfer));
    cr_assert_gt(fake_net.large, total / 65536);
    cr_assert_lt(fake_net.large, 2 * total / 65536);
    cr_assert_gt(fake_net.in_place, total / 4096 * 9 / 10, "few are copied");
}

static unsigned full;

static void count_full(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    full += len == fake_net.mtu + 14;
    fake_mirror(id, frame, len, flags);
}

Test(gso, are_cut_into_full_frames)
{
    fake_net.wire = count_full;
    cr_assert(world(transfer));
    cr_assert_gt(full, total / 1460 * 95 / 100);
    cr_assert_leq(full, total / 1460);
}

Test(gso, takes_large_segments_that_nobody_cut)
{
    fake_net.whole = true;
    cr_assert(world(transfer));
    cr_assert_gt(fake_net.large, total / 65536);
    cr_assert_lt(fake_net.frames, 4 * total / 65536, "acknowledged as a whole");
    cr_assert_lt(elapsed, FAKE_SECOND / 10, "and at once");
}

Test(gso, goes_on_where_parts_are_lost_and_damaged)
{
    total = 700000;
    for (fake_net.lose = 23; fake_net.lose < 100; fake_net.lose += 19) {
        fake_net.spoil = 2 * fake_net.lose + 1;
        cr_assert(world(transfer));
    }
    cr_assert_gt(fake_net.large, 20);
}

Test(gso, goes_on_where_whole_segments_are_lost)
{
    fake_net.whole = true;
    fake_net.lose = 7;
    total = 1000000;
    cr_assert(world(transfer));
}

Test(gso, waits_for_a_slow_reader_and_sends_what_its_window_takes)
{
    pause_ns = FAKE_SECOND / 50;
    read_max = 5000;
    cr_assert(world(transfer));
    cr_assert_lt(elapsed, 600 * FAKE_SECOND);
}

static void transfer_to_nobody(void)
{
    make_pair(PEER, pair);
    while (send(pair[0], fake_constant, 50000, MSG_DONTWAIT) > 0)
        nap(FAKE_SECOND);
    nap(30 * FAKE_SECOND);
    cr_assert_eq(errno, EAGAIN);
    fd_close(pair[1]); /* unread: a reset */
    nap(FAKE_SECOND);
    fd_close(pair[0]);
}

Test(gso, probes_a_closed_window_and_ends_with_its_peer)
{
    cr_assert(world(transfer_to_nobody));
}

static void transfer_constants(void)
{
    static uint8_t data[10000];
    size_t got = 0, bad = 0;
    ssize_t n;

    for (size_t i = 0; i < FAKE_CONSTANT_SIZE; i++)
        fake_constant[i] = byte_at(i);
    make_pair(PEER, pair);
    cr_assert_eq(send(pair[0], fake_constant + 77, 150000, 0), 150000);
    cr_assert_eq(fd_close(pair[0]), 0);
    cr_assert_lt(buf_in_use(), 40, "no copy is kept");
    while ((n = recv(pair[1], data, sizeof(data), 0)) > 0)
        for (ssize_t i = 0; i < n; i++)
            bad += data[i] != byte_at(77 + got++);
    cr_assert_eq(got, 150000);
    cr_assert_eq(bad, 0);
    fd_close(pair[1]);
}

Test(gso, sends_from_the_ramdisk_without_a_copy)
{
    fake_net.whole = true;
    cr_assert(world(transfer_constants));
    cr_assert_gt(fake_net.in_place, 150000 / 4096 - 4);
}

/* The device comes back as one that cuts nothing. */
static void change_device(void *arg)
{
    (void)arg;
    nap(FAKE_SECOND / 50);
    fake_break();
    fake_net.gso = false;
    nap(2 * FAKE_SECOND);
    fake_mend();
}

static void transfer_over_two(void)
{
    thread_create("change", change_device, NULL);
    transfer();
}

Test(gso, cuts_what_is_queued_when_the_next_device_cannot)
{
    pause_ns = FAKE_SECOND / 100;
    cr_assert(world(transfer_over_two));
    cr_assert_gt(elapsed, 2 * FAKE_SECOND);
}

static void large_datagrams(void)
{
    static uint8_t data[20000], got[20000];
    const int a = bound(5001), b = bound(5002);

    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = byte_at(i);
    cr_assert_eq(send_to(a, data, sizeof(data), PEER, 5002), sizeof(data));
    cr_assert_eq(recv(b, got, sizeof(got), 0), sizeof(got));
    cr_assert_arr_eq(got, data, sizeof(data));
    fd_close(a);
    fd_close(b);
}

Test(gso, still_sends_large_datagrams_in_fragments)
{
    cr_assert(world(large_datagrams));
    cr_assert_eq(fake_net.large, 0);
    cr_assert_gt(fake_net.frames, 20000 / 1480);
}

static void transfer6(void)
{
    make_pair6(pair);
    carry();
}

Test(gso, sends_large_segments_by_ipv6)
{
    cr_assert(world6(transfer6));
    cr_assert_gt(fake_net.large, total / 65536);
    cr_assert_lt(fake_net.large, 3 * total / 65536);
}

Test(gso, are_cut_into_full_frames_by_ipv6)
{
    fake_net.wire = count_full;
    cr_assert(world6(transfer6));
    cr_assert_gt(full, total / 1440 * 95 / 100);
    cr_assert_leq(full, total / 1440);
}

Test(gso, sends_none_where_ipv6s_are_not_cut)
{
    fake_net.no_csum6 = true;
    cr_assert(world6(transfer6));
    cr_assert_eq(fake_net.large, 0);
}

/* With a share of 23 KB there is room worth waking for below TCP_SNDLOWAT. */
static void write_when_scarce(void)
{
    static uint8_t block[65536];

    make_pair(PEER, pair);
    budget_init(slab_in_use() + 250000);
    fake_net.stuck = true;
    cr_assert_eq(send(pair[0], block, 2000, MSG_DONTWAIT), 2000);
    nap(1000000); /* it is under way */
    cr_assert_eq(send(pair[0], block, 6000, MSG_DONTWAIT), 6000);
    cr_assert(ready(pair[0]) & POLLOUT);
    for (int i = 0; i < 100 && ready(pair[0]) & POLLOUT; i++)
        cr_assert_gt(send(pair[0], block, sizeof(block), MSG_DONTWAIT), 0);
    cr_assert_not(ready(pair[0]) & POLLOUT, "some time it is full");
    fake_unstick();
    fd_close(pair[1]);
    nap(FAKE_SECOND);
    fd_close(pair[0]);
    budget_init(slab_in_use() + (8 << 20));
}

Test(gso, is_writable_when_it_says_so)
{
    cr_assert(world(write_when_scarce));
}

/* A peer whose window is tiny, and was never larger. */
static void write_to_a_tiny_window(void)
{
    static uint8_t block[5000];
    struct tcp_pcb *pcb;

    make_pair(PEER, pair);
    for (pcb = tcp_active_pcbs; pcb->local_port == PORT; pcb = pcb->next)
        ;
    fake_net.stuck = true;
    pcb->snd_wnd = pcb->snd_wnd_max = 1000;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(send(pair[0], block, sizeof(block), 0), sizeof(block));
        pcb->snd_wnd_max = i ? 400 : 0; /* as when it was closed at first */
        cr_assert_eq(send(pair[0], block, 100, 0), 100);
    }
    nap(1000000);
    cr_assert(pcb->unacked, "half of the window is worth a segment");
    cr_assert_leq(pcb->unacked->len, 500);
    fake_unstick();
    fd_close(pair[1]);
    nap(FAKE_SECOND);
    fd_close(pair[0]);
}

/* A pair whose first end has a window for four large segments. */
static struct tcp_pcb *make_wide_pair(void)
{
    struct tcp_pcb *pcb;

    make_pair(PEER, pair);
    for (pcb = tcp_active_pcbs; pcb->local_port == PORT; pcb = pcb->next)
        ;
    pcb->cwnd = pcb->snd_wnd = pcb->snd_wnd_max = 4 * 65536;
    return pcb;
}

static void write_in_parts(void)
{
    static uint8_t block[40000];
    struct tcp_pcb *pcb = make_wide_pair();

    cr_assert_eq(send(pair[0], block, 40000, 0), 40000);
    cr_assert_eq(send(pair[0], block, 20000, 0), 20000);
    cr_assert_eq(pcb->unsent->len, 60000);
    cr_assert_eq(pbuf_clen(pcb->unsent->p), 2, "a header and a run");
    cr_assert_eq(send(pair[0], block, 40000, 0), 40000);
    cr_assert_gt(pcb->unsent->len, 63000);
    cr_assert_eq(pbuf_clen(pcb->unsent->p), 2);
    cr_assert_gt(pcb->unsent->next->len, 30000);
    cr_assert_null(pcb->unsent->next->next);
    fd_close(pair[1]);
    nap(FAKE_SECOND);
    fd_close(pair[0]);
}

Test(gso, puts_a_segment_into_one_run_of_pages)
{
    cr_assert(world(write_in_parts));
}

static void cut_when_scarce(void)
{
    static uint8_t block[40000];
    struct tcp_pcb *pcb = make_wide_pair();
    size_t used, left = 0;

    cr_assert_eq(send(pair[0], block, sizeof(block), 0), sizeof(block));
    used = slab_in_use();
    for (; budget_init(used + left), !tcpseg_cut(pcb, pcb->unsent, 7000);
         left += 8) {
        cr_assert_eq(slab_in_use(), used);
        cr_assert_eq(pcb->unsent->len, 40000);
        cr_assert_null(pcb->unsent->next);
        cr_assert_eq(buf_in_use(), BUF_RUN);
    }
    cr_assert_gt(left, 100, "a header, a segment, a payload");
    cr_assert_eq(pcb->unsent->len, 7000);
    cr_assert_eq(pcb->unsent->next->len, 33000);
    budget_init(slab_in_use() + (8 << 20));
    fd_close(pair[1]);
    nap(FAKE_SECOND);
    fd_close(pair[0]);
}

Test(gso, cuts_a_segment_or_leaves_it_as_it_was)
{
    cr_assert(world(cut_when_scarce));
}

Test(gso, goes_on_where_the_window_is_below_a_segment)
{
    cr_assert(world(write_to_a_tiny_window));
}

Test(gso, survives_a_pool_with_hardly_a_page)
{
    fake_pages_free = 500;
    cr_assert(world(transfer));
}
