/* console.c: the PV console's ring, raw. */

#include "xen/console.h"

#include "arch/x86_64/address.h"
#include "lib/shared.h"
#include "xen/clock.h"
#include "xen/hypercall.h"
#include <xen/io/console.h>

static struct {
    struct xencons_interface *ring;
    uint32_t port;
    uint64_t dropped;
} console;

void console_init(void)
{
    console.ring = mfn_to_virt(start_info->console.domU.mfn);
    console.port = start_info->console.domU.evtchn;
}

uint32_t console_port(void)
{
    return console.port;
}

/* What the other end claims to have read cannot be more than we wrote. */
size_t console_space(void)
{
    uint32_t used =
        console.ring->out_prod - load_acquire(&console.ring->out_cons);
    uint32_t size = sizeof(console.ring->out);

    return used <= size ? size - used : 0;
}

size_t console_put(const char *text, size_t n)
{
    struct xencons_interface *ring = console.ring;
    uint32_t prod = ring->out_prod, size = sizeof(ring->out);
    size_t done, space = console_space();

    for (done = 0; done < n; done++) {
        size_t need = text[done] == '\n' ? 2 : 1;

        if (space < need)
            break;
        space -= need;
        if (need == 2)
            ring->out[prod++ % size] = '\r';
        ring->out[prod++ % size] = text[done];
    }
    store_release(&ring->out_prod, prod);
    if (done)
        evtchn_op_send(console.port);
    return done;
}

size_t console_readable(void)
{
    uint32_t n = load_acquire(&console.ring->in_prod) - console.ring->in_cons;

    return n <= sizeof(console.ring->in) ? n : 0;
}

size_t console_get(char *text, size_t n)
{
    struct xencons_interface *ring = console.ring;
    uint32_t cons = ring->in_cons, size = sizeof(ring->in);
    size_t done, there = console_readable();

    for (done = 0; done < n && done < there; done++)
        text[done] = load_relaxed(&ring->in[cons++ % size]);
    store_release(&ring->in_cons, cons);
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
    uint64_t limit = clock_now() + ms * 1000000ull;
    evtchn_port_t port = console.port;

    while (console_space() < sizeof(console.ring->out) && clock_now() < limit) {
        /* Clear, then poll: an event in between makes the poll return. */
        uint64_t *pending = (uint64_t *)&shared_info->evtchn_pending[port / 64];

        __atomic_fetch_and(pending, ~(1ul << port % 64), __ATOMIC_SEQ_CST);
        if (console_space() < sizeof(console.ring->out))
            sched_op_poll(&port, 1, limit);
    }
}
