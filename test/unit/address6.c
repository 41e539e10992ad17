/* address6.c and discovery.c, against a tiny router. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <lwip/ip_addr.h>
#include <lwip/nd6.h>

#include "kernel/buf.h"
#include "kernel/sched.h"
#include "lib/param.h"
#include "net/address6.h"
#include "net/budget.h"
#include "net/frame.h"
#include "net/lwip.h"
#include "net/nameserver.h"
#include "test/fake/net.h"
#include "test/fake/router.h"
#include "test/fake/said.h"
#include "xen/clock.h"

#define LINK_LOCAL "fe80::216:3eff:fe00:2"
#define SLAAC      "2001:db8:5:7:216:3eff:fe00:2"

static void nap(uint64_t ns)
{
    thread_sleep(clock_now() + ns);
}

static bool world(const char *line, void (*fn)(void))
{
    char **argv;

    param_init(line, &argv);
    return fake_world(fn);
}

static bool said(const char *text)
{
    return strstr(fake_said, text) != NULL;
}

static ip_addr_t address(const char *text)
{
    ip_addr_t a = IPADDR6_INIT(0, 0, 0, 0);

    cr_assert_eq(inet_pton(AF_INET6, text, ip_2_ip6(&a)->addr), 1);
    return a;
}

static bool reaches(const char *text)
{
    const ip_addr_t a = address(text);

    return net_wait_route(&a, false) == 0;
}

/* A router advertisement (RFC 4861, 4.2): the router is one for half
 * a minute, the prefix is valid for a minute. */
/* clang-format off */
static uint8_t advertisement[] = {
    134, 0, 0, 0, 64, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0, 0,
    1, 1, 0, 0x16, 0x3e, 0, 0, 0xfe,                       /* its MAC address */
    5, 1, 0, 0, 0, 0, 5, 0x78,                             /* MTU */
    3, 4, 64, 0xc0, 0, 0, 0, 60, 0, 0, 0, 40, 0, 0, 0, 0,  /* prefix */
    0x20, 1, 0x0d, 0xb8, 0, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0};
/* clang-format on */

static unsigned solicitations, tries, memberships, answers;
static uint8_t last_source[16];

static void advertise(void)
{
    send_icmp6(ROUTER, "ff02::1", advertisement, sizeof(advertisement), 255);
}

static void router(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    (void)id;
    (void)len;
    if (f[12] != 0x86)
        return;
    cr_assert_eq(flags, 0, "ICMPv6 is never offloaded");
    if (f[IP6 + 6] == 0 && f[ICMP6] == 58)
        memberships++;
    if (f[IP6 + 6] != 58)
        return;
    cr_assert(fake_checksum(f, false));
    solicitations += f[ICMP6] == 133;
    answers += f[ICMP6] == 129 || f[ICMP6] == 136;
    memcpy(last_source, f + IP6 + 8, 16);
    if (f[ICMP6] == 135 && f[IP6 + 8] == 0)
        tries++;
}

static void answering_router(unsigned id, uint8_t *f, size_t len,
                             unsigned flags)
{
    router(id, f, len, flags);
    if (f[12] == 0x86 && f[IP6 + 6] == 58 && f[ICMP6] == 133)
        advertise();
}

static void slaac(void)
{
    cr_assert_eq(net_up(), 0);
    nap(8 * FAKE_SECOND);
    cr_assert(said("net: vif 0 has " LINK_LOCAL "/64 (link-local)\n"));
    cr_assert(said("net: vif 0 has " SLAAC "/64 (slaac)\n"));
    cr_assert_str_eq(fake_xs_path, "attr/vif/0/ipv6/0");
    cr_assert_str_eq(fake_xs_value, SLAAC);
    cr_assert_eq(tries, 2, "one for each address");
    cr_assert_geq(memberships, 1);
    cr_assert(reaches("2001:db8:5:7::77"), "on the link");
    cr_assert(reaches("2001:db8:6::1"), "by the router");
    cr_assert_eq(netif_default->mtu6, 1400);
    cr_assert_eq(netif_default->mtu, 1500);
    nap(30 * FAKE_SECOND); /* the router has not been heard of again */
    cr_assert(!reaches("2001:db8:6::1"));
    cr_assert(reaches("2001:db8:5:7::77"));
    nap(50 * FAKE_SECOND);
    cr_assert(!reaches("2001:db8:5:7::77"));
    cr_assert_str_eq(fake_xs_value, LINK_LOCAL);
}

Test(address6, gets_its_addresses_from_a_router)
{
    fake_net.wire = answering_router;
    cr_assert(world("ip=10.0.0.2/24", slaac));
}

static void alone(void)
{
    const ip_addr_t far = address("2001:db8:6::1");
    const uint64_t start = clock_now();

    cr_assert_eq(net_up(), 0);
    cr_assert_eq(net_wait_route(&far, true), -ENETUNREACH);
    cr_assert_leq(clock_now(), start + 10 * FAKE_SECOND, "only at boot");
    nap(60 * FAKE_SECOND);
    cr_assert_eq(solicitations, 3);
    cr_assert_eq(tries, 1);
    cr_assert_str_eq(fake_xs_value, LINK_LOCAL);
}

Test(address6, has_a_link_local_address_without_a_router)
{
    fake_net.wire = router;
    cr_assert(world("ip=10.0.0.2/24", alone));
}

static void refused(void)
{
    cr_assert_eq(net_up(), 0);
    nap(5 * FAKE_SECOND);
    send_icmp6(ROUTER, "ff02::1", advertisement, sizeof(advertisement), 64);
    send_icmp6("2001:db8::fe", "ff02::1", advertisement, sizeof(advertisement),
               255);
    send_icmp6(ROUTER, "ff02::1", advertisement, sizeof(advertisement) - 1,
               255);
    advertisement[17] = 0; /* an option without end */
    advertise();
    advertisement[17] = 1;
    nap(5 * FAKE_SECOND);
    cr_assert(!reaches("2001:db8:6::1"));
    cr_assert(!said("slaac"));
    advertise();
    nap(5 * FAKE_SECOND);
    cr_assert(said("slaac"), "but so it is right");
}

Test(address6, believes_only_proper_advertisements)
{
    fake_net.wire = router;
    cr_assert(world("ip=10.0.0.2/24", refused));
}

/* Another host says that it has any address we try. */
static void jealous(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    uint8_t claim[32] = {136, [4] = 0x20, [24] = 2, 1, 2, 3, 4, 5, 6, 7};

    router(id, f, len, flags);
    if (f[12] != 0x86 || f[IP6 + 6] != 58 || f[ICMP6] != 135)
        return;
    memcpy(claim + 8, f + ICMP6 + 8, 16);
    send_icmp6(ROUTER, "ff02::1", claim, sizeof(claim), 255);
}

static void duplicate(void)
{
    cr_assert_eq(net_up(), 0);
    nap(5 * FAKE_SECOND);
    cr_assert(
        said("net: vif 0 does not use " LINK_LOCAL ": another host has it"));
    cr_assert(said("net: vif 0 does not use 2001:db8::2: another host has it"));
    cr_assert_eq(fake_lines, 3, "and the IPv4 address");
    cr_assert(!reaches("2001:db8::9"));
}

Test(address6, does_not_use_the_address_of_another)
{
    fake_net.wire = jealous;
    cr_assert(world("ip=10.0.0.2/24 ip6=2001:db8::2/64", duplicate));
}

static void fixed(void)
{
    const ip_addr_t dns = IPADDR4_INIT_BYTES(10, 0, 0, 7);
    ip_addr_t server;

    cr_assert_eq(net_up(), 0);
    nap(5 * FAKE_SECOND);
    cr_assert(said("net: vif 0 has 2001:db8::2/64 (ip6=)\n"));
    cr_assert_str_eq(fake_xs_value, "2001:db8::2");
    cr_assert(reaches("2001:db8::9"));
    cr_assert(reaches("2001:db8:6::1"), "by gw=");
    cr_assert(nameserver_get(0, &server));
    cr_assert(ip_addr_eq(&server, &dns));
    cr_assert(nameserver_get(1, &server));
    cr_assert_eq(ip6_addr_zone(ip_2_ip6(&server)),
                 netif_get_index(netif_default));
    cr_assert_not(nameserver_get(2, &server));
    advertise();
    nap(5 * FAKE_SECOND);
    cr_assert(!said("slaac"));
}

Test(address6, takes_the_address_of_the_command_line)
{
    fake_net.wire = router;
    cr_assert(world("ip=10.0.0.2/24,dns=10.0.0.7 "
                    "ip6=2001:db8::2/64,gw=fe80::1,dns=fe80::7",
                    fixed));
}

static void nonsense(void)
{
    cr_assert_eq(net_up(), 0);
    nap(10 * FAKE_SECOND);
    cr_assert(said("net: ip6=2001:db8::2 is not ADDR/64,gw=NEIGHBOUR"));
    cr_assert(said("slaac"));
}

Test(address6, listens_for_routers_when_the_parameter_is_nonsense)
{
    fake_net.wire = answering_router;
    cr_assert(world("ip=10.0.0.2/24 ip6=2001:db8::2", nonsense));
}

Test(address6, reads_addresses_from_text)
{
    static const char *const bad[] = {
        "",
        "2001:db8::2",
        "2001:db8::2/",
        "2001:db8::2/63",
        "2001:db8::2/640",
        "2001:db8::2/64,",
        "2001:db8::2/64,gw=",
        "2001:db8::2/64,gw=1.2.3.4",
        "2001:db8::2/64,dns=",
        "2001:db8::2/64,dns=1.2.3.4",
        "2001:db8::2/64,mtu=::1",
        "2001:db8::2/64,gw=2001:db8:1::1",
        "10.0.0.2/64",
        "::/64",
        "fe80::1/64",
        "ff02::1/64",
        "::ffff:10.0.0.2/64",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/64",
    };
    struct address6_config c;
    struct in6_addr want;

    cr_assert_eq(address6_parse("2001:db8::2/64", &c), 0);
    inet_pton(AF_INET6, "2001:db8::2", &want);
    cr_assert_eq(memcmp(&c.ip, &want, 16), 0);
    cr_assert(IN6_IS_ADDR_UNSPECIFIED(&c.gw));
    cr_assert_eq(address6_parse("2001:db8::2/64,gw=2001:db8::1", &c), 0);
    inet_pton(AF_INET6, "2001:db8::1", &want);
    cr_assert_eq(memcmp(&c.gw, &want, 16), 0);
    cr_assert_eq(address6_parse("2001:db8::2/64,dns=fe80::7,gw=fe80::1", &c),
                 0);
    inet_pton(AF_INET6, "fe80::7", &want);
    cr_assert_eq(memcmp(&c.dns, &want, 16), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_eq(address6_parse(bad[i], &c), -EINVAL, "%s", bad[i]);
}

static void none(void)
{
    cr_assert_eq(net_up(), 0);
    nap(30 * FAKE_SECOND);
    cr_assert_eq(solicitations + tries + memberships, 0);
    cr_assert_eq(fake_lines, 1);
    cr_assert(!reaches("2001:db8:6::1"));
}

Test(address6, can_be_done_without)
{
    fake_net.wire = router;
    cr_assert(world("ip=10.0.0.2/24 ip6=none", none));
}

static void moved(void)
{
    cr_assert_eq(net_up(), 0);
    nap(8 * FAKE_SECOND);
    fake_break();
    nap(FAKE_SECOND);
    fake_net.mac = "\x00\x16\x3e\x00\x00\x77";
    fake_mend();
    nap(8 * FAKE_SECOND);
    cr_assert(said("net: vif 0 has fe80::216:3eff:fe00:77/64 (link-local)\n"));
    cr_assert(
        said("net: vif 0 has 2001:db8:5:7:216:3eff:fe00:77/64 (slaac)\n"));
    cr_assert_eq(tries, 4);
    fake_break();
    nap(FAKE_SECOND);
    fake_mend();
    nap(8 * FAKE_SECOND);
    cr_assert_eq(tries, 4, "the same device: the same addresses");
}

Test(address6, follows_the_mac_address_of_a_device)
{
    fake_net.wire = answering_router;
    cr_assert(world("ip=10.0.0.2/24", moved));
}

static void neighbour_known(void)
{
    static const uint8_t claim[32] = {136,  0,    0,    0,           0x60, 0, 0,
                                      0,    0xfe, 0x80, [23] = 0xfe, 2,    1, 0,
                                      0x16, 0x3e, 0,    0,           0xfe};

    send_icmp6(ROUTER, LINK_LOCAL, claim, sizeof(claim), 255);
}

static void pings(void)
{
    static uint8_t ping[1232] = {128};

    cr_assert_eq(net_up(), 0);
    nap(5 * FAKE_SECOND);
    for (size_t n = 8; n <= sizeof(ping); n += 153) {
        answers = 0;
        send_icmp6(ROUTER, LINK_LOCAL, ping, n, 64);
        nap(FAKE_SECOND / 10);
        neighbour_known();
        nap(FAKE_SECOND / 10);
        cr_assert_eq(answers, 1, "%zu", n);
    }
    cr_assert_eq(memcmp(last_source, "\xfe\x80", 2), 0);
    cr_assert_eq(frame_pages(), 0);
}

Test(address6, answers_pings)
{
    fake_net.wire = router;
    cr_assert(world("ip=10.0.0.2/24", pings));
}

static void idle(void)
{
    unsigned turns;

    cr_assert_eq(net_up(), 0);
    nap(20 * FAKE_SECOND);
    turns = fake_net.turns;
    nap(100 * FAKE_SECOND);
    cr_assert_leq(fake_net.turns - turns, 205, "two a second");
}

Test(address6, sleeps_when_nothing_happens)
{
    fake_net.wire = router;
    cr_assert(world("ip=10.0.0.2/24", idle));
}

static void garbage(void)
{
    static uint8_t message[1400];
    size_t before;

    cr_assert_eq(net_up(), 0);
    nap(20 * FAKE_SECOND);
    before = slab_in_use();
    for (unsigned n = 0; n < 20000; n++) {
        const size_t len = 1 + (n * 7919u) % (n % 16 ? 100 : 1400);

        for (size_t i = 0; i < len; i++)
            message[i] = (uint8_t)((n * 2654435761u + i * 40503u) >> 11);
        if (n % 3)
            message[0] = (uint8_t)(128 + n % 16);
        if (n % 5)
            message[1] = 0;
        send_icmp6(n % 2 ? ROUTER : "2001:db8:7::1",
                   n % 4 ? LINK_LOCAL : "ff02::1", message, len, 255);
        if (n % 7 == 0) { /* and as another protocol */
            router_frame[IP6 + 6] = (uint8_t)(n >> 3);
            fake_deliver(0, router_frame, ICMP6 + len, (uint8_t)(n % 4));
        }
        if (n % 50 == 0)
            nap(1000000);
    }
    nap(60 * FAKE_SECOND);
    cr_assert_eq(frame_pages(), 0);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_leq(slab_in_use(), before + 200);
}

Test(address6, survives_garbage)
{
    fake_net.wire = router;
    cr_assert(world("ip=10.0.0.2/24", garbage));
}
