#include <criterion/criterion.h>
#include <string.h>
#include "xen/clock.h"
#include "xen/console.h"
#include "xen/start.h"
#include <xen/io/console.h>

static struct shared_info shared;
struct shared_info *shared_info = &shared;
const struct start_info *start_info;

static struct xencons_interface ring;
static unsigned events, polls;
static uint64_t now;
static uint32_t reads; /* bytes the reader takes while we poll */

uint64_t clock_now(void)
{
    return now;
}

long hypercall2(long nr, uint64_t op, uint64_t arg)
{
    if (nr == __HYPERVISOR_sched_op) {
        struct sched_poll *p = (void *)arg;

        cr_assert_eq(op, SCHEDOP_poll);
        cr_assert_eq(p->nr_ports, 1);
        cr_assert_eq(*p->ports.p, 70);
        polls++;
        if (reads)
            ring.out_cons += reads;
        else
            now = p->timeout;
        return 0;
    }
    cr_assert_eq(op, EVTCHNOP_send);
    cr_assert_eq(((struct evtchn_send *)arg)->port, 70);
    events++;
    return 0;
}

static void init(void)
{
    ring.out_prod = ring.out_cons = 0xfffffff0u; /* soon around */
    ring.in_prod = ring.in_cons = 0xfffffffeu;
    console_init(&ring, 70);
}

/* What the reader sees. */
static const char *output(void)
{
    static char text[4096];
    size_t n = 0;

    while (ring.out_cons != ring.out_prod)
        text[n++] = ring.out[ring.out_cons++ % sizeof(ring.out)];
    text[n] = '\0';
    return text;
}

static void type(const char *text)
{
    while (*text)
        ring.in[ring.in_prod++ % sizeof(ring.in)] = *text++;
}

TestSuite(console, .init = init);

Test(console, sends_lines_as_terminals_want_them)
{
    cr_assert_eq(console_put("one\ntwo\n", 8), 8);
    cr_assert_str_eq(output(), "one\r\ntwo\r\n");
    cr_assert_eq(events, 1, "one event for all of it");
    cr_assert_eq(console_put("", 0), 0);
    cr_assert_eq(events, 1, "and none for nothing");
}

Test(console, takes_what_fits_and_says_how_much)
{
    char text[3000];

    memset(text, 'x', sizeof(text));
    cr_assert_eq(console_space(), 2048);
    cr_assert_eq(console_put(text, 2047), 2047);
    cr_assert_eq(console_put("\n", 1), 0, "it needs two places");
    cr_assert_eq(console_put(text, 2), 1);
    cr_assert_eq(console_put(text, 1), 0);
    ring.out_cons += 10;
    cr_assert_eq(console_put(text, sizeof(text)), 10);
    console_drop(5);
    console_drop(7);
    cr_assert_eq(console_dropped(), 12);
}

Test(console, gives_what_was_typed)
{
    char text[10];

    cr_assert_eq(console_get(text, 10), 0);
    cr_assert_eq(events, 0);
    type("hello");
    cr_assert_eq(console_readable(), 5);
    cr_assert_eq(console_get(text, 3), 3);
    cr_assert_eq(console_get(text + 3, 7), 2);
    cr_assert_eq(memcmp(text, "hello", 5), 0);
    cr_assert_eq(ring.in_cons, ring.in_prod);
}

Test(console, a_lying_reader_gains_nothing)
{
    char text[2048];

    ring.out_cons += 5; /* it has read what we never wrote */
    cr_assert_eq(console_space(), 0);
    cr_assert_eq(console_put("x", 1), 0);
    ring.in_prod += 1025; /* it has typed more than the ring holds */
    cr_assert_eq(console_readable(), 0);
    cr_assert_eq(console_get(text, sizeof(text)), 0);
}

Test(console, our_own_indices_are_not_believed_from_the_page)
{
    console_put("abc", 3);
    ring.out_prod += 1000;
    ring.in_cons -= 7;
    cr_assert_eq(console_space(), 2045);
    cr_assert_eq(console_readable(), 0);
    console_put("d", 1);
    cr_assert_str_eq(output(), "abcd");
}

Test(console, draining_ends_when_all_is_read)
{
    console_put("0123456789", 10);
    reads = 2;
    console_drain(100);
    cr_assert_eq(polls, 5);
    cr_assert_eq(now, 0);
}

Test(console, draining_ends_when_nobody_reads)
{
    console_put("x", 1);
    shared.evtchn_pending[1] = 1ul << (70 - 64) | 1;
    console_drain(100);
    cr_assert_eq(now, 100000000);
    cr_assert_eq(polls, 1);
    cr_assert_eq(shared.evtchn_pending[1], 1, "only the console's event");
}
