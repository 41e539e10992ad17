/* gsoloss.c: streams in large segments over a wire that takes its time, loses
 * frames, repeats some and lets others overtake. */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <lwip/priv/tcp_priv.h>

#include "kernel/sched.h"
#include "lib/fd.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"
#include "xen/clock.h"

#define DELAY     (FAKE_SECOND / 100) /* of a frame; a round trip is two */
#define FRAME_MAX 9014
#define RUNS      8

struct frame {
    struct frame *next;
    uint64_t due;
    unsigned id, flags;
    size_t len;
    uint8_t data[FRAME_MAX];
};

static struct frame *under_way; /* the first to arrive first */
static struct waitq sent;
static bool over;
static uint32_t dice;
static unsigned holes; /* frames still to be lost, every other one */
static unsigned data_frames;
static size_t total = 2000000;
static int pair[2];
static uint64_t elapsed; /* in all transfers */
static unsigned reading;

/* One in a hundred. */
static bool happens(void)
{
    dice = dice * 1664525 + 1013904223;
    return (dice >> 8) % 100 == 0;
}

static void travel(unsigned id, const uint8_t *data, size_t len, unsigned flags,
                   uint64_t delay)
{
    struct frame *f = malloc(sizeof(*f)), **link = &under_way;

    cr_assert_leq(len, sizeof(f->data));
    f->due = fake_now + delay;
    f->id = id;
    f->flags = flags;
    f->len = len;
    memcpy(f->data, data, len);
    while (*link && (*link)->due <= f->due)
        link = &(*link)->next;
    f->next = *link;
    *link = f;
    waitq_wake(&sent);
}

/* To the mirror: each frame takes it once on its way there and back. */
static void wire(unsigned id, uint8_t *data, size_t len, unsigned flags)
{
    if (happens())
        return;
    if (happens())
        travel(id, data, len, flags, DELAY);
    travel(id, data, len, flags, happens() ? 0 : DELAY);
}

static void carry(void *arg)
{
    struct frame *f;

    (void)arg;
    while (!over) {
        while ((f = under_way) && f->due <= fake_now) {
            under_way = f->next;
            fake_mirror(f->id, f->data, f->len, f->flags);
            free(f);
        }
        waitq_wait_until(&sent, under_way ? under_way->due : NEVER);
    }
    over = false;
}

static void read_all(void *arg)
{
    static uint8_t data[70000];
    size_t done = 0;
    ssize_t n;

    (void)arg;
    while ((n = recv(pair[1], data, sizeof(data), 0)) > 0)
        for (ssize_t i = 0; i < n; i++, done++)
            cr_assert_eq(data[i], byte_at(done), "at %zu", done);
    cr_assert_eq(done, total);
    reading--;
}

static void write_all(void)
{
    static uint8_t data[65536];

    for (size_t done = 0; done < total;) {
        const size_t n =
            total - done < sizeof(data) ? total - done : sizeof(data);

        for (size_t i = 0; i < n; i++)
            data[i] = byte_at(done + i);
        cr_assert_eq(send(pair[0], data, n, 0), (ssize_t)n);
        done += n;
    }
}

static void transfer(void)
{
    const uint64_t begun = clock_now();

    thread_create("wire", carry, NULL);
    fake_net.wire = wire;
    make_pair(PEER, pair);
    reading++;
    thread_create("reader", read_all, NULL);
    write_all();
    fd_close(pair[0]);
    while (reading)
        nap(FAKE_SECOND / 1000);
    fd_close(pair[1]);
    elapsed += clock_now() - begun;
    nap(200 * FAKE_SECOND); /* until nothing travels any more */
    over = true;
    waitq_wake(&sent);
    fake_net.wire = fake_mirror;
}

/* The next one cuts segments, or it does not. */
static void change_device(void)
{
    fake_break();
    nap(FAKE_SECOND);
    fake_mend();
    nap(FAKE_SECOND);
}

/* How long the same transfers take, over other losses each time. */
static uint64_t time_of(bool gso)
{
    fake_net.gso = gso;
    cr_assert(world(change_device));
    elapsed = 0;
    for (uint32_t run = 1; run <= RUNS; run++) {
        dice = run * 111;
        cr_assert(world(transfer));
    }
    return elapsed;
}

static void compare(unsigned mtu)
{
    uint64_t plain, large;

    fake_net.mtu = mtu;
    plain = time_of(false);
    large = time_of(true);
    cr_assert_gt(fake_net.large, 100);
    cr_assert_lt(large, plain * 5 / 3, "%lu ms instead of %lu", large / 1000000,
                 plain / 1000000);
}

Test(gsoloss, costs_little_rate_with_frames_of_1500)
{
    compare(1500);
}

Test(gsoloss, costs_little_rate_with_frames_of_9000)
{
    total *= 4;
    compare(9000);
}

/* Some frames of one window are lost, and nothing else, at 100 Mbit/s. */
static void lose_some(unsigned id, uint8_t *data, size_t len, unsigned flags)
{
    static uint64_t idle_from[2];
    uint64_t *from = &idle_from[len > 1000];

    data_frames += len > 1000;
    if (len > 1000 && holes && holes-- % 2)
        return;
    *from = (*from > fake_now ? *from : fake_now) + 80 * len;
    travel(id, data, len, flags, *from - fake_now + DELAY);
}

static void leave_holes(void)
{
    static uint8_t block[400000];
    uint64_t begun;

    thread_create("wire", carry, NULL);
    fake_net.wire = lose_some;
    make_pair(PEER, pair);
    total = sizeof(block);
    for (size_t i = 0; i < total; i++)
        block[i] = byte_at(i);
    reading++;
    thread_create("reader", read_all, NULL);
    cr_assert_eq(send(pair[0], block, 100000, 0), 100000);
    nap(5 * DELAY);
    holes = 8;
    begun = clock_now();
    cr_assert_eq(send(pair[0], block + 100000, 300000, 0), 300000);
    fd_close(pair[0]);
    while (reading)
        nap(DELAY / 10);
    cr_assert_lt(clock_now() - begun, FAKE_SECOND * 3 / 4);
    cr_assert_leq(data_frames, total / 1460 + 1 + 4 + 2, "%u", data_frames);
    fd_close(pair[1]);
    nap(200 * FAKE_SECOND);
    over = true;
    waitq_wake(&sent);
    fake_net.wire = fake_mirror;
}

Test(gsoloss, sends_every_hole_of_a_window_again_without_the_timer)
{
    cr_assert(world(leave_holes));
}

Test(gsoloss, sends_holes_of_large_segments_again_too)
{
    fake_net.gso = true;
    cr_assert(world(leave_holes));
}

/* The window has just shrunk below what was queued for it. */
static void shrink(void)
{
    static uint8_t block[65536];
    struct tcp_pcb *pcb;
    size_t under;

    make_pair(PEER, pair);
    for (pcb = tcp_active_pcbs; pcb->local_port == PORT; pcb = pcb->next)
        ;
    fake_net.stuck = true;
    pcb->cwnd = pcb->snd_wnd = pcb->snd_wnd_max = 4 * sizeof(block);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(send(pair[0], block, sizeof(block), 0), sizeof(block));
    cr_assert_gt(pcb->unsent->len, 40 * pcb->mss);
    pcb->cwnd = pcb->ssthresh = 10 * pcb->mss;
    nap(1000000);
    under = pcb->snd_nxt - pcb->lastack;
    cr_assert_eq(under, pcb->cwnd, "%zu bytes are under way", under);
    /* With something under way, what has room goes, too. */
    pcb->cwnd = pcb->ssthresh = 14 * pcb->mss;
    tcp_output(pcb);
    cr_assert_eq(pcb->snd_nxt - pcb->lastack, pcb->cwnd);
    fake_unstick();
    fd_close(pair[1]);
    nap(FAKE_SECOND);
    fd_close(pair[0]);
}

Test(gsoloss, fills_the_window_from_segments_made_for_a_larger_one)
{
    fake_net.gso = true;
    cr_assert(world(shrink));
}
