/* events.c: see events.h. */

#include "test/fake/events.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/util.h"
#include "test/fake/xenstored.h"
#include "xen/clock.h"
#include "xen/evtchn.h"

#define PORTS 32

uint64_t fake_now = 1000;
unsigned fake_ports, fake_ports_left = PORTS, fake_sent;

static struct {
    uint64_t at;
    void (*fn)(void);
} later[16];
static struct {
    struct waitq *wake;
    bool pending;
} ports[PORTS];

uint64_t clock_now(void)
{
    return fake_now;
}

void fake_later(uint64_t delay, void (*fn)(void))
{
    for (size_t i = 0; i < ARRAY_LEN(later); i++)
        if (!later[i].fn) {
            later[i].at = fake_now + delay;
            later[i].fn = fn;
            return;
        }
    abort();
}

static bool due(uint64_t deadline)
{
    size_t first = ARRAY_LEN(later);
    void (*fn)(void);

    for (size_t i = 0; i < ARRAY_LEN(later); i++)
        if (later[i].fn && later[i].at <= deadline &&
            (first == ARRAY_LEN(later) || later[i].at < later[first].at))
            first = i;
    if (first == ARRAY_LEN(later))
        return false;
    fn = later[first].fn;
    later[first].fn = NULL;
    if (later[first].at > fake_now)
        fake_now = later[first].at;
    fn();
    return true;
}

int evtchn_watch(uint32_t port, struct waitq *wake)
{
    if (!fake_ports_left)
        return -ENOSPC;
    ports[port].wake = wake;
    return 0;
}

int evtchn_open(uint16_t peer, struct waitq *wake, uint32_t *port)
{
    (void)peer;
    if (!fake_ports_left)
        return -ENOSPC;
    fake_ports_left--;
    for (*port = FAKE_XS_PORT + 1; ports[*port].wake; ++*port)
        ;
    ports[*port].wake = wake;
    fake_ports++;
    return 0;
}

void evtchn_close(uint32_t port)
{
    ports[port].wake = NULL;
    ports[port].pending = false;
    fake_ports--;
    fake_ports_left++;
}

void evtchn_send(uint32_t port)
{
    if (port == FAKE_XS_PORT)
        fake_xs_kick();
    else
        fake_sent++;
}

void fake_event(uint32_t port)
{
    ports[port].pending = true;
}

void evtchn_dispatch(void)
{
    for (size_t i = 0; i < PORTS; i++)
        if (ports[i].pending) {
            ports[i].pending = false;
            waitq_wake(ports[i].wake);
        }
}

bool fake_step(uint64_t deadline)
{
    return fake_xs_step() || due(deadline);
}
