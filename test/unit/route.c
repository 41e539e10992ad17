/* Several interfaces, each with its own addresses: which one has the way. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include <lwip/ip_addr.h>

#include "kernel/sched.h"
#include "lib/param.h"
#include "net/lwip.h"
#include "test/fake/net.h"
#include "test/fake/said.h"
#include "xen/clock.h"

static void nap(uint64_t ns)
{
    thread_sleep(clock_now() + ns);
}

static bool world(const char *line, void (*fn)(void))
{
    char **argv;

    param_init(line, &argv);
    fake_net.vifs = 2;
    return fake_world(fn);
}

static bool said(const char *text)
{
    return strstr(fake_said, text) != NULL;
}

static bool reaches(const char *text)
{
    ip_addr_t a = IPADDR6_INIT(0, 0, 0, 0);

    cr_assert_eq(inet_pton(AF_INET6, text, ip_2_ip6(&a)->addr), 1);
    return net_wait_route(&a, false) == 0;
}

static unsigned sent[2];

static void two_wires(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    (void)f;
    (void)len;
    (void)flags;
    sent[id]++;
}

static void left_alone(void)
{
    cr_assert_eq(net_up(), 0);
    nap(20 * FAKE_SECOND);
    cr_assert_eq(sent[1], 0);
    cr_assert_gt(sent[0], 0);
}

Test(route, leaves_an_interface_alone)
{
    fake_net.wire = two_wires;
    cr_assert(world("ip=10.0.0.2/24 ip1=none", left_alone));
}

static void both(void)
{
    cr_assert_eq(net_up(), 0);
    nap(20 * FAKE_SECOND);
    cr_assert(said("net: 10.1.0.2/24 (ip=)\n"));
    cr_assert(said("net: 2001:db8:1::2/64 (ip6=)\n"));
    cr_assert(reaches("2001:db8:1::9"));
    cr_assert(!reaches("2001:db8::9"));
}

Test(route, gives_a_second_interface_its_own)
{
    fake_net.wire = two_wires;
    cr_assert(world("ip=10.0.0.2/24 ip6=none ip1=10.1.0.2/24 "
                    "ip6_1=2001:db8:1::2/64",
                    both));
}
