/* xenstore.c used by several threads at once, on the real scheduler. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "kernel/sched.h"
#include "lib/util.h"
#include "test/fake/events.h"
#include "test/fake/said.h"
#include "test/fake/world.h"
#include "test/fake/xenstored.h"
#include "xen/abi.h"
#include "xen/evtchn.h"
#include "xen/xenstore.h"
#include <xen/io/xs_wire.h>

#define THREADS 6
#define CALLS   20
#define PATH    "a/path/that/is/not/short/"

static struct worker {
    char path[CALLS][40], value[CALLS][VALUE_SIZE];
    struct xs_call calls[CALLS];
    int err;
} workers[THREADS];
static unsigned running;
static struct waitq finished;

static void setup(void)
{
    xs_init(fake_xs_ring(0u - 100), FAKE_XS_PORT);
    for (int i = 0; i < THREADS; i++) {
        char path[40], value[VALUE_SIZE];

        snprintf(path, sizeof(path), PATH "%d", i);
        memset(value, 'a' + i, 150);
        value[150] = '\0';
        fake_xs_set(path, value);
    }
}

TestSuite(xenstore_threads, .init = setup, .timeout = 20);

/* A test whose body runs in a thread. */
#define TEST(name)                                                             \
    static void name(void);                                                    \
    Test(xenstore_threads, name)                                               \
    {                                                                          \
        cr_assert(fake_world(name), "waits for ever");                         \
    }                                                                          \
    static void name(void)

static void read_all(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < CALLS; i++) {
        snprintf(w->path[i], sizeof(w->path[i]), PATH "%d", (int)(w - workers));
        w->calls[i] = (struct xs_call){.op = XS_CALL_READ,
                                       .path = w->path[i],
                                       .value = w->value[i],
                                       .size = VALUE_SIZE};
    }
    w->err = xs_batch(0, w->calls, CALLS);
    running--;
    waitq_wake(&finished);
}

static void run_workers(void)
{
    running = THREADS;
    for (int i = 0; i < THREADS; i++)
        thread_create("worker", read_all, &workers[i]);
    while (running)
        waitq_wait(&finished);
}

/* Each batch is longer than the ring: without order they would mix. */
TEST(keeps_the_messages_of_threads_apart)
{
    for (fake_xs.piece = 0; fake_xs.piece < 1000; fake_xs.piece += 171) {
        fake_xs.reverse = !fake_xs.reverse;
        run_workers();
        for (int i = 0; i < THREADS; i++) {
            cr_assert_eq(workers[i].err, 0);
            for (int j = 0; j < CALLS; j++)
                cr_assert_eq(workers[i].value[j][149], 'a' + i);
        }
        memset(workers, 0, sizeof(workers));
    }
    cr_assert_eq(fake_lines, 0);
}

TEST(tells_every_thread_that_it_broke)
{
    fake_xs.lie = LIE_ID;
    run_workers();
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(workers[i].err, -EIO);
    cr_assert_eq(fake_lines, 1);
}

static struct xs_watch watch;
static unsigned fired;

static void watch_for_ever(void *arg)
{
    (void)arg;
    while (!xs_watch_wait(&watch, NEVER))
        fired++;
    fired = 100;
}

/* The reader takes in the event of the watch that another thread waits on. */
TEST(wakes_the_owner_of_a_watch)
{
    char value[VALUE_SIZE];

    cr_assert_eq(xs_watch(&watch, PATH "0"), 0);
    thread_create("watch", watch_for_ever, NULL);
    thread_sleep(fake_now + 1);
    cr_assert_eq(fired, 1);
    fake_xs_set(PATH "0", "new");
    cr_assert_eq(xs_read(PATH "0", value, sizeof(value)), 0);
    cr_assert_str_eq(value, "new");
    thread_yield();
    cr_assert_eq(fired, 2);

    fake_xs.lie = LIE_TYPE;
    cr_assert_eq(xs_read(PATH "0", value, sizeof(value)), -EIO);
    thread_yield();
    cr_assert_eq(fired, 100);
}

/* One thread sleeps until it is answered; another one finds the lie, which no
 * event has announced. */
TEST(tells_those_who_sleep_that_it_broke)
{
    struct xenstore_domain_interface *ring = fake_xs_ring(0);

    xs_init(ring, FAKE_XS_PORT);
    fake_xs.mute = true;
    running = 1;
    thread_create("worker", read_all, &workers[0]);
    thread_sleep(fake_now + 1);
    cr_assert_eq(running, 1);
    fake_xs.kicks = 0;
    ring->rsp_prod = ring->rsp_cons + XENSTORE_RING_SIZE + 1;
    cr_assert_not(xs_watch_fired(&watch));
    thread_yield();
    cr_assert_eq(running, 0);
    cr_assert_eq(workers[0].err, -EIO);
    cr_assert_eq(fake_xs.kicks, 0, "a liar is left alone");
}

/* An appliance's loop: the watch is one of the things it waits for. */
TEST(waits_for_a_watch_and_other_things)
{
    static struct waitq other;
    struct waiter here, there;
    uint32_t port;

    cr_assert_eq(evtchn_open(0, &other, &port), 0);
    cr_assert_eq(xs_watch(&watch, PATH "0"), 0);
    cr_assert_eq(xs_watch_wait(&watch, NEVER), 0);

    waitq_join(&other, &there);
    waitq_join(xs_wake(), &here);
    cr_assert_not(xs_watch_fired(&watch));
    cr_assert_eq(thread_wait(5000), -ETIMEDOUT);
    fake_xs_set(PATH "0", "new");
    cr_assert_eq(thread_wait(6000), 0);
    cr_assert(xs_watch_fired(&watch));
    cr_assert_not(xs_watch_fired(&watch));
    waitq_leave(&here);
    waitq_leave(&there);

    waitq_join(&other, &there);
    waitq_join(xs_wake(), &here);
    fake_event(port);
    cr_assert_eq(thread_wait(7000), 0);
    cr_assert_not(xs_watch_fired(&watch));
    waitq_leave(&here);
    waitq_leave(&there);
    xs_unwatch(&watch);
    evtchn_close(port);
}
