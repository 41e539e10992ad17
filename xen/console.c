/* console.c: the PV console's ring, raw. */

#include "xen/console.h"

#include "lib/shared.h"
#include "xen/clock.h"
#include "xen/hypercall.h"
#include "xen/start.h"
#include <xen/io/console.h>

static struct {
    struct xencons_interface *ring;
    uint32_t port;
    uint32_t out, in; /* our own two indices: the page's may be overwritten */
    uint64_t dropped;
} console;

void console_init(void *ring, uint32_t port)
{
    console.ring = ring;
    console.port = port;
    console.out = console.ring->out_prod;
    console.in = console.ring->in_cons;
}

uint32_t console_port(void)
{
    return console.port;
}

/* What the other end claims to have read cannot be more than we wrote. */
size_t console_space(void)
{
    uint32_t used = console.out - load_acquire(&console.ring->out_cons);
    uint32_t size = sizeof(console.ring->out);

    return used <= size ? size - used : 0;
}

size_t console_put(const char *text, size_t n)
{
    struct xencons_interface *ring = console.ring;
    const uint32_t size = sizeof(ring->out);
    size_t done, space = console_space();

    for (done = 0; done < n; done++) {
        size_t need = text[done] == '\n' ? 2 : 1;

        if (space < need)
            break;
        space -= need;
        if (need == 2)
            ring->out[console.out++ % size] = '\r';
        ring->out[console.out++ % size] = text[done];
    }
    store_release(&ring->out_prod, console.out);
    if (done)
        evtchn_op_send(console.port);
    return done;
}

size_t console_readable(void)
{
    uint32_t n = load_acquire(&console.ring->in_prod) - console.in;

    return n <= sizeof(console.ring->in) ? n : 0;
}

size_t console_get(char *text, size_t n)
{
    struct xencons_interface *ring = console.ring;
    const uint32_t size = sizeof(ring->in);
    size_t done, there = console_readable();

    for (done = 0; done < n && done < there; done++)
        text[done] = load_relaxed(&ring->in[console.in++ % size]);
    store_release(&ring->in_cons, console.in);
    if (done)
        evtchn_op_send(console.port);
    return done;
}

void console_drop(size_t n)
{
    console.dropped += n;
}

uint64_t console_dropped(void)
{
    return console.dropped;
}

void console_drain(unsigned ms)
{
    uint64_t limit = clock_now() + ms * MILLISECOND;
    evtchn_port_t port = console.port;

    while (console_space() < sizeof(console.ring->out) && clock_now() < limit) {
        /* Clear, then poll: an event in between makes the poll return. */
        and_full(&shared_info->evtchn_pending[port / 64], ~(1ul << port % 64));
        if (console_space() < sizeof(console.ring->out))
            sched_op_poll(&port, 1, limit);
    }
}
