/* counters.c: linked into the guests of the benches, tells dom0 what they have
 * counted: whenever xenstore's data/ask is written, data/counts becomes an
 * object of JSON.  The guests' own sources know nothing of it; the linker leads
 * their net_open(), net_open_all() and net_close() through here (--wrap). */

#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "kernel/buf.h"
#include "kernel/page.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/slab.h"
#include "lib/util.h"
#include "xen/evtchn.h"
#include "xen/netfront.h"
#include "xen/xenstore.h"

#define NETS_MAX  4
#define AT(field) offsetof(struct net_counts, field)

/* Of all interfaces together. */
static const struct {
    const char *name;
    size_t at;
} fields[] = {
    {"tx_packets", AT(tx_packets)},
    {"tx_bytes", AT(tx_bytes)},
    {"rx_packets", AT(rx_packets)},
    {"rx_bytes", AT(rx_bytes)},
    {"tx_gso", AT(tx_gso)},
    {"rx_gso", AT(rx_gso)},
    {"kicks", AT(kicks)},
    {"wakes", AT(wakes)},
    {"tx_full", AT(tx_full)},
    {"tx_too_long", AT(tx_too_long)},
    {"tx_errors", AT(tx_errors)},
    {"rx_errors", AT(rx_errors)},
    {"rx_dry", AT(rx_dry)},
    {"tx_copied", AT(tx_copied)},
    {"rx_copied", AT(rx_copied)},
    {"rx_full", AT(rx_full)},
    {"tx_no_memory", AT(tx_no_memory)},
    {"rx_no_memory", AT(rx_no_memory)},
};

static struct {
    struct net *net[NETS_MAX];
    unsigned n;
} opened;

static void count(struct net *net)
{
    if (opened.n == NETS_MAX)
        panic("counters: more interfaces than expected");
    opened.net[opened.n++] = net;
}

struct net *__real_net_open(unsigned id);
struct net *__wrap_net_open(unsigned id);
struct net *__wrap_net_open(unsigned id)
{
    struct net *net = __real_net_open(id);

    if (net)
        count(net);
    return net;
}

size_t __real_net_open_all(const unsigned ids[], struct net *nets[], size_t n);
size_t __wrap_net_open_all(const unsigned ids[], struct net *nets[], size_t n);
size_t __wrap_net_open_all(const unsigned ids[], struct net *nets[], size_t n)
{
    const size_t got = __real_net_open_all(ids, nets, n);

    for (size_t i = 0; i < got; i++)
        count(nets[i]);
    return got;
}

/* No bench closes an interface: what was counted must stay. */
void __wrap_net_close(struct net *net);
void __wrap_net_close(struct net *net)
{
    (void)net;
    panic("counters: an interface is closed");
}

static unsigned long sum(size_t at)
{
    unsigned long n = 0;

    for (unsigned i = 0; i < opened.n; i++) {
        const char *counts = (const char *)net_counts(opened.net[i]);

        n += *(const uint64_t *)(const void *)(counts + at);
    }
    return n;
}

/* Bytes that nobody has, or that only wait to be used. */
static unsigned long free_memory(void)
{
    const size_t pages =
        page_count_free() + buf_idle(net_posted()) + slab_idle();

    return pages * PAGE_SIZE + mallinfo().fordblks;
}

static const char *text(void)
{
    static char out[1024];
    int n = 0;

    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        n += sniprintf(out + n, sizeof(out) - (size_t)n, "%s\"%s\": %lu",
                       i ? ", " : "{", fields[i].name, sum(fields[i].at));
    sniprintf(out + n, sizeof(out) - (size_t)n,
              ", \"sends\": %lu, \"sleeps\": %lu, \"free\": %lu}",
              (unsigned long)evtchn_sends(), (unsigned long)evtchn_sleeps(),
              free_memory());
    return out;
}

static void answer(void *arg)
{
    struct xs_watch ask = {0};

    (void)arg;
    if (xs_watch(&ask, "data/ask"))
        return;
    while (!xs_watch_wait(&ask, NEVER))
        xs_write("data/counts", text());
}

static void __attribute__((constructor)) start(void)
{
    thread_create("counters", answer, NULL);
}
