/* console.c under tty.c: somebody types, reads, does neither, or writes
 * anything into the page, while a program reads lines and prints. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/panic.h"
#include "lib/fd.h"
#include "lib/tty.h"
#include "xen/clock.h"
#include "xen/console.h"
#include "xen/evtchn.h"
#include "xen/start.h"
#include <xen/io/console.h>

#define PORT 70
#define LINE 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct shared_info shared;
struct shared_info *shared_info = &shared;
const struct start_info *start_info;

static struct xencons_interface *ring;
static const uint8_t *at, *end;
static uint64_t now;
static bool lied;  /* then output may be anything */
static char shown; /* the last byte that was read */

static void check(int truth)
{
    if (!truth)
        abort();
}

static uint8_t next(void)
{
    return at < end ? *at++ : 0;
}

void panic(const char *fmt, ...)
{
    (void)fmt;
    abort();
}

uint64_t clock_now(void)
{
    return now;
}

int evtchn_watch(uint32_t port, struct waitq *wake)
{
    (void)wake;
    check(port == PORT);
    return 0;
}

void waitq_wake(struct waitq *q)
{
    (void)q;
}

static void type(unsigned n)
{
    const uint32_t size = sizeof(ring->in);

    while (n-- && ring->in_prod - ring->in_cons < size)
        ring->in[ring->in_prod++ % size] = (char)next();
}

/* An honest reader sees each line end as terminals want it. */
static void show(unsigned n)
{
    const uint32_t size = sizeof(ring->out);

    check(ring->out_prod - ring->out_cons <= size);
    for (; n-- && ring->out_cons != ring->out_prod; ring->out_cons++) {
        char c = ring->out[ring->out_cons % size];

        check(c != '\n' || shown == '\r');
        shown = c;
    }
}

static void lie(unsigned what)
{
    uint32_t *index[] = {&ring->in_cons, &ring->in_prod, &ring->out_cons,
                         &ring->out_prod};

    lied = true;
    *index[what % 4] += (uint32_t)next() << what / 4 % 32;
}

/* The other end does something; false: it is over. */
static bool world(void)
{
    if (at == end)
        return false;
    switch (next() % 4) {
    case 0:
        type(next());
        break;
    case 1:
        if (!lied)
            show(next() * 8u);
        break;
    case 2:
        lie(next());
        break;
    default: /* sleeps */
        break;
    }
    return true;
}

/* Whoever waits for input gets a line in the end. */
int waitq_wait_until(struct waitq *q, uint64_t deadline)
{
    uint32_t cons = ring->in_cons;

    (void)q;
    if (deadline != NEVER && (at == end || next() & 1)) {
        now = deadline;
        return -ETIMEDOUT;
    }
    if (!world() && deadline == NEVER) {
        ring->in_prod = cons;
        ring->in[ring->in_prod++ % sizeof(ring->in)] = '\r';
    }
    return 0;
}

long hypercall2(long nr, uint64_t op, uint64_t arg)
{
    const struct sched_poll *p = (void *)arg;

    if (nr == __HYPERVISOR_sched_op) {
        check(op == SCHEDOP_poll && p->nr_ports == 1 && *p->ports.p == PORT);
        if (!world())
            now = p->timeout;
    } else {
        check(op == EVTCHNOP_send &&
              ((const struct evtchn_send *)arg)->port == PORT);
    }
    return 0;
}

/* What the program does with its terminal. */
static void use(void)
{
    char text[4096];
    size_t n = next() * 16u;
    ssize_t got;

    switch (next() % 8) {
    case 0:
    case 1:
        got = fd_read(0, text, n);
        check(got == -EAGAIN || (got >= 0 && (size_t)got <= n && got <= LINE));
        for (ssize_t i = 0; i < got - 1; i++)
            check(text[i] != '\n'); /* one line at most */
        break;
    case 2:
    case 3:
        memset(text, next(), n);
        got = fd_write(1, text, n);
        check(got == -EAGAIN || (got >= 0 && (size_t)got <= n));
        break;
    case 4:
        fd_control(0, F_SETFL, n & 16 ? O_NONBLOCK : 0);
        break;
    case 5:
        console_drain((unsigned)n);
        break;
    case 6: {
        struct file *f = fd_get(0);

        check(fd_isatty(0) && !(file_ready(f, ~0u) & (POLLERR | POLLHUP)));
        file_put(f);
        break;
    }
    default:
        world();
        break;
    }
    check(console_space() <= sizeof(ring->out));
    check(console_readable() <= sizeof(ring->in));
}

/* Read what is typed until nothing is left for the next input. */
static void settle(void)
{
    char text[LINE];

    fd_control(0, F_SETFL, 0);
    do
        at = end;
    while (fd_read(0, text, sizeof(text)) == sizeof(text));
    ring->in_prod = ring->in_cons;
    ring->out_cons = ring->out_prod;
    fd_write(1, "", 1); /* somebody reads */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool started;
    uint32_t from;

    at = data;
    end = data + n;
    lied = false;
    shown = 0;
    ring = calloc(1, sizeof(*ring)); /* a byte more is out of bounds */
    from = (uint32_t)(next() * 16) - 2048;
    ring->in_cons = ring->in_prod = ring->out_cons = ring->out_prod = from;
    console_init(ring, PORT);
    if (!started)
        tty_init();
    started = true;
    while (at < end)
        use();
    settle();
    free(ring);
    return 0;
}
