/* threads: sleeps, wait queues, errno, floats and stdio of many threads. */

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/sched.h"
#include "test/system/verdict.h"
#include "xen/clock.h"

#define THREADS 40
#define MS      1000000ull

static struct waitq done;
static unsigned finished;
static unsigned order[THREADS];

static void finish(void)
{
    finished++;
    waitq_wake(&done);
}

static void wait_for(unsigned n)
{
    while (finished < n)
        waitq_wait(&done);
    finished = 0;
}

/* The later a thread is made the sooner it wakes. */
static void sleeper(void *arg)
{
    unsigned n = *(unsigned *)arg;
    uint64_t until = clock_now() + (THREADS - n) * 20 * MS;

    thread_sleep(until);
    CHECK(clock_now() >= until);
    order[finished] = n;
    finish();
}

static void test_sleeps(void)
{
    static unsigned n[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        n[i] = i;
        CHECK(thread_create("sleeper", sleeper, &n[i]));
    }
    wait_for(THREADS);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK(order[i] == THREADS - 1 - i);
}

/* A wrong register, rounding mode or errno shows in the sum. */
static void sums(void *arg)
{
    double x = *(double *)arg, sum = 0;

    errno = (int)(x * 10);
    for (int i = 0; i < 100; i++) {
        sum += sqrt(x) * sqrt(x);
        thread_yield();
    }
    CHECK(errno == (int)(x * 10));
    CHECK(fabs(sum - 100 * x) < 1e-6);
    finish();
}

static void test_floats(void)
{
    static double x[THREADS];

    for (int i = 0; i < THREADS; i++) {
        x[i] = 1.5 + i;
        CHECK(thread_create("sums", sums, &x[i]));
    }
    wait_for(THREADS);
}

/* Fills the console's ring: the writer waits inside stdio, others come by. */
static void writer(void *arg)
{
    for (int i = 0; i < 60; i++)
        printf("%s %d abcdefghijklmnopqrstuvwxyz0123456789\n",
               *(const char **)arg, i);
    finish();
}

static void test_stdio(void)
{
    static const char *names[] = {"one", "two", "three"};

    for (int i = 0; i < 3; i++)
        CHECK(thread_create(names[i], writer, &names[i]));
    wait_for(3);
}

static void test_clocks(void)
{
    struct timespec before, after, nap = {.tv_nsec = 30000000};
    time_t wall = time(NULL);

    CHECK(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
    CHECK(nanosleep(&nap, NULL) == 0);
    CHECK(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec -
              before.tv_nsec >=
          30000000);
    CHECK(wall > 1700000000);
    printf("time %lld\n", (long long)wall);
    nap.tv_nsec = 1000000000;
    CHECK(nanosleep(&nap, NULL) == -1 && errno == EINVAL);
}

int main(void)
{
    test_sleeps();
    test_floats();
    test_stdio();
    test_clocks();
    return pass();
}
