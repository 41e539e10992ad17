/* Several interfaces, each with its own addresses: which one has the way. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

#include <lwip/ip.h>
#include <lwip/netif.h>

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

static ip_addr_t address(const char *text)
{
    ip_addr_t a = IPADDR4_INIT(0);

    if (strchr(text, ':'))
        IP_SET_TYPE_VAL(a, IPADDR_TYPE_V6);
    cr_assert_eq(
        inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, &a.u_addr), 1);
    return a;
}

static bool reaches(const char *text)
{
    const ip_addr_t a = address(text);

    return net_wait_route(&a, false) == 0;
}

/* By which vif?  lo is -1, nowhere -2. */
static int way(const char *from, const char *to)
{
    const ip_addr_t a = address(from), b = address(to);
    struct netif *netif = ip_route(&a, &b);

    return netif ? netif_get_index(netif) - 2 : -2;
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
    cr_assert(said("net: vif 1 has 10.1.0.2/24 (ip=)\n"));
    cr_assert(said("net: vif 1 has 2001:db8:1::2/64 (ip6=)\n"));
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

/* The second has the only router; both are in the first's network. */
static void ways(void)
{
    cr_assert_eq(net_up(), 0);
    nap(5 * FAKE_SECOND);
    cr_expect_eq(way("0.0.0.0", "10.0.0.9"), 0, "both, but it is the first");
    cr_expect_eq(way("0.0.0.0", "10.1.0.9"), 1);
    cr_expect_eq(way("0.0.0.0", "192.0.2.1"), 1, "by the router");
    cr_expect_eq(way("10.0.0.2", "10.0.0.9"), 0);
    cr_expect_eq(way("10.0.0.3", "10.0.0.9"), 1, "bound to the second");
    cr_expect_eq(way("10.0.0.2", "10.1.0.9"), 1, "there is no other way");
    cr_expect_eq(way("10.0.0.3", "10.0.0.2"), 0, "our own");
    cr_expect_eq(way("10.0.0.2", "10.0.0.3"), 1);
    cr_expect_eq(way("10.0.0.2", "127.0.0.1"), -1);
    cr_expect_eq(way("127.0.0.1", "127.0.0.2"), -1);
    cr_expect_eq(way("10.0.0.3", "224.0.0.9"), 1);
    cr_expect_eq(way("::", "2001:db8:1::9"), 0);
    cr_expect_eq(way("::", "2001:db8:2::9"), 1);
    cr_expect_eq(way("::", "2001:db8:3::9"), 1);
    cr_expect_eq(way("2001:db8:1::2", "2001:db8:2::9"), 1);
    cr_expect_eq(way("2001:db8:2::2", "2001:db8:1::9"), 1);
    cr_expect_eq(way("2001:db8:2::2", "2001:db8:1::2"), 0, "our own");
    cr_expect_eq(way("2001:db8:2::2", "::1"), -1);
    cr_expect_eq(way("2001:db8:2::2", "ff0e::9"), 1);
    cr_expect(reaches("2001:db8:3::9"));
}

Test(route, leaves_by_the_interface_that_has_a_way)
{
    fake_net.wire = two_wires;
    cr_assert(world("ip=10.0.0.2/24 ip1=10.0.0.3/8,gw=10.1.0.1 "
                    "ip6=2001:db8:1::2/64 "
                    "ip6_1=2001:db8:2::2/64,gw=2001:db8:2::1",
                    ways));
}

static void two_routers(void)
{
    cr_assert_eq(net_up(), 0);
    nap(5 * FAKE_SECOND);
    cr_expect_eq(way("0.0.0.0", "192.0.2.1"), 0);
    cr_expect_eq(way("10.0.0.2", "192.0.2.1"), 0);
    cr_expect_eq(way("10.1.0.2", "192.0.2.1"), 1);
    cr_expect_eq(way("10.1.0.2", "10.0.0.9"), 1);
    cr_expect_eq(way("::", "2001:db8:3::9"), 0);
    cr_expect_eq(way("2001:db8:2::2", "2001:db8:3::9"), 1);
    fake_break();
    nap(FAKE_SECOND);
    cr_expect_eq(way("0.0.0.0", "192.0.2.1"), -2, "no link");
    fake_mend();
}

Test(route, has_the_router_of_the_address_that_a_socket_is_bound_to)
{
    fake_net.wire = two_wires;
    cr_assert(world("ip=10.0.0.2/24,gw=10.0.0.1 ip1=10.1.0.2/24,gw=10.1.0.1 "
                    "ip6=2001:db8:1::2/64,gw=fe80::1 "
                    "ip6_1=2001:db8:2::2/64,gw=fe80::1",
                    two_routers));
}
