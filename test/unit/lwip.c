#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include <lwip/ip_addr.h>

#include "kernel/buf.h"
#include "kernel/sched.h"
#include "lib/param.h"
#include "net/address.h"
#include "net/budget.h"
#include "net/frame.h"
#include "net/lwip.h"
#include "test/fake/net.h"
#include "test/fake/said.h"
#include "xen/clock.h"

#define ETHER 14
#define UDP   (ETHER + 20)
#define BOOTP (UDP + 8)
#define MAGIC (BOOTP + 236)

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

/* A DHCP server of one address, 10.0.2.15/24, gateway 10.0.2.2, and a count
 * of who is told about it. */
static unsigned discovers, requests, announcements;
static uint32_t last_id;

static size_t option(uint8_t *to, uint8_t code, const char *value, uint8_t n)
{
    to[0] = code;
    to[1] = n;
    memcpy(to + 2, value, n);
    return n + 2u;
}

static void answer_dhcp(unsigned id, const uint8_t *question, uint8_t type)
{
    static uint8_t f[600];
    uint8_t *o = f + MAGIC + 4;
    uint16_t sum;

    memset(f, 0, sizeof(f));
    memset(f, 0xff, 6);
    memcpy(f + 6, FAKE_PEER, 6);
    f[12] = 8;
    memcpy(f + BOOTP, question + BOOTP, 236);
    f[BOOTP] = 2;
    memcpy(f + BOOTP + 16, "\x0a\x00\x02\x0f", 4);
    memcpy(f + MAGIC, "\x63\x82\x53\x63", 4);
    o += option(o, 53, (const char *)&type, 1);
    o += option(o, 54, "\x0a\x00\x02\x02", 4);
    o += option(o, 51, "\x00\x00\x0e\x10", 4);
    o += option(o, 1, "\xff\xff\xff\x00", 4);
    o += option(o, 3, "\x0a\x00\x02\x02", 4);
    *o++ = 255;
    memcpy(f + ETHER,
           "\x45\x00\x00\x00\x00\x00\x00\x00\x40\x11\x00\x00"
           "\x0a\x00\x02\x02\xff\xff\xff\xff",
           20);
    f[ETHER + 2] = (uint8_t)((o - f - ETHER) >> 8);
    f[ETHER + 3] = (uint8_t)(o - f - ETHER);
    sum = (uint16_t)~fake_sum(f + ETHER, 20, 0);
    f[ETHER + 10] = (uint8_t)(sum >> 8);
    f[ETHER + 11] = (uint8_t)sum;
    memcpy(f + UDP, "\x00\x43\x00\x44", 4);
    f[UDP + 4] = (uint8_t)((o - f - UDP) >> 8);
    f[UDP + 5] = (uint8_t)(o - f - UDP);
    fake_checksum(f, true);
    fake_deliver(id, f, (size_t)(o - f), 0);
}

static void dhcp_server(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    (void)flags;
    if (f[12] == 8 && f[13] == 6 && memcmp(f + 28, f + 38, 4) == 0 && f[28])
        announcements++;
    if (len < MAGIC || f[13] != 0 || f[ETHER + 9] != 17 || f[UDP + 3] != 67)
        return;
    memcpy(&last_id, f + BOOTP + 4, 4);
    discovers += f[MAGIC + 6] == 1;
    requests += f[MAGIC + 6] == 3;
    answer_dhcp(id, f, f[MAGIC + 6] == 1 ? 2 : 5);
}

static const ip_addr_t mine = IPADDR4_INIT_BYTES(10, 0, 2, 15);

static void leased(void)
{
    cr_assert_eq(net_up(), 0);
    cr_assert_eq(net_wait_address(clock_now() + FAKE_SECOND), 0);
    nap(1);
    cr_assert(said("net: vif 0 has 10.0.2.15/24 gw 10.0.2.2 (dhcp)\n"));
    nap(FAKE_SECOND);
    cr_assert_eq(fake_lines, 1);
    cr_assert_str_eq(fake_xs_path, "attr/vif/0/ipv4/0");
    cr_assert_str_eq(fake_xs_value, "10.0.2.15");
    cr_assert_geq(announcements, 1, "a gratuitous ARP");
    cr_assert(net_is_local(&mine));
    cr_assert_neq(last_id, 0);
    cr_assert_eq(discovers, 1);
    cr_assert_eq(net_up(), 0, "again: nothing to do");
    nap(3200 * FAKE_SECOND); /* of an hour: the server itself is silent */
    cr_assert_eq(discovers, 1);
    cr_assert_eq(requests, 2);
}

Test(lwip, gets_its_address_by_dhcp)
{
    fake_net.wire = dhcp_server;
    cr_assert(world("", leased));
}

static uint8_t sender[6];

static void dhcp_server_sees(unsigned id, uint8_t *f, size_t len,
                             unsigned flags)
{
    memcpy(sender, f + 6, 6);
    dhcp_server(id, f, len, flags);
}

/* The device goes and comes back as another. */
static void moved(void)
{
    unsigned frames;

    cr_assert_eq(net_up(), 0);
    nap(10 * FAKE_SECOND);
    for (int i = 0; i < 3; i++) {
        requests = announcements = 0;
        fake_break();
        nap(FAKE_SECOND);
        frames = fake_net.frames;
        nap(100 * FAKE_SECOND);
        cr_assert_eq(fake_net.frames, frames);
        cr_assert(net_is_local(&mine), "it keeps its address");
        fake_net.mac = i % 2 ? FAKE_MAC : "\x00\x16\x3e\x00\x00\x77";
        fake_mend();
        nap(FAKE_SECOND);
        cr_assert_arr_eq(sender, fake_net.mac, 6);
        cr_assert_eq(requests, 1, "may it keep it?");
        cr_assert_geq(announcements, 1);
    }
    cr_assert_eq(discovers, 1);
    cr_assert_eq(fake_lines, 1 + 3);
    cr_assert(said("net: vif 0 is back\n"));
}

Test(lwip, returns_with_the_device)
{
    fake_net.wire = dhcp_server_sees;
    cr_assert(world("ip6=none", moved));
}

static void fixed_moved(void)
{
    cr_assert_eq(net_up(), 0);
    nap(FAKE_SECOND);
    announcements = 0;
    fake_break();
    nap(FAKE_SECOND);
    fake_mend();
    nap(FAKE_SECOND);
    cr_assert_geq(announcements, 1);
    announcements = 0;
    fake_take_over();
    nap(FAKE_SECOND);
    cr_assert_eq(announcements, 1, "the link was not lost, but moved");
    cr_assert_eq(discovers + requests, 0);
}

Test(lwip, returns_with_the_address_of_the_command_line)
{
    fake_net.wire = dhcp_server;
    cr_assert(world("ip=10.0.0.2/24", fixed_moved));
}

static void nobody(void)
{
    const uint64_t start = clock_now();

    cr_assert_eq(net_up(), 0);
    cr_assert_eq(net_wait_address(start + 60 * FAKE_SECOND), -ENETUNREACH);
    cr_assert_geq(clock_now(), start + 60 * FAKE_SECOND);
    cr_assert_geq(fake_net.frames, 3, "it asks again and again");
    cr_assert_eq(fake_lines, 0);
}

Test(lwip, asks_until_somebody_answers)
{
    cr_assert(world("ip6=none", nobody));
}

static void fixed(void)
{
    cr_assert_eq(net_up(), 0);
    cr_assert_eq(net_wait_address(clock_now()), 0);
    nap(FAKE_SECOND);
    cr_assert(said("net: vif 0 has 10.0.0.2/24 gw 10.0.0.1 (ip=)\n"));
    cr_assert_str_eq(fake_xs_value, "10.0.0.2");
    cr_assert_eq(discovers, 0);
    cr_assert_geq(announcements, 1);
}

Test(lwip, takes_the_address_of_the_command_line)
{
    fake_net.wire = dhcp_server;
    cr_assert(world("ip=10.0.0.2/24,gw=10.0.0.1,dns=10.0.0.1", fixed));
}

static void misspelt(void)
{
    cr_assert_eq(net_up(), 0);
    nap(FAKE_SECOND);
    cr_assert(said("net: ip=10.0.0.2/33 is not ADDR/LEN"));
    cr_assert(said("10.0.2.15/24"));
}

Test(lwip, asks_dhcp_when_the_parameter_is_nonsense)
{
    fake_net.wire = dhcp_server;
    cr_assert(world("ip=10.0.0.2/33", misspelt));
}

Test(lwip, reads_addresses_from_text)
{
    static const char *const bad[] = {
        "",
        "10.0.0.2",
        "10.0.0.2/",
        "10.0.0.2/0",
        "10.0.0.2/33",
        "10.0.0.2/4294967320",
        "10.0.0.2/24x",
        "10.0.0/24",
        "10.0.0.2/24,",
        "10.0.0.2/24,gw",
        "10.0.0.2/24,gw=",
        "10.0.0.2/24,gw=10.0.0.256",
        "10.0.0.2/24,,gw=10.0.0.1",
        "10.0.0.2/24,mtu=1500",
        "10.0.0.2/24,gw=10.0.0.1 ",
        "10.0.0.2/24,gw=10.000000000000000000000000000000.0.1",
    };
    struct address_config c;

    cr_assert_eq(address_parse("10.0.0.2/20,dns=1.2.3.4,gw=10.0.0.1", &c), 0);
    cr_assert_eq(c.ip.addr, inet_addr("10.0.0.2"));
    cr_assert_eq(c.mask.addr, inet_addr("255.255.240.0"));
    cr_assert_eq(c.gw.addr, inet_addr("10.0.0.1"));
    cr_assert_eq(c.dns.addr, inet_addr("1.2.3.4"));
    cr_assert_eq(address_parse("10.0.0.2/32", &c), 0);
    cr_assert_eq(c.mask.addr, UINT32_MAX);
    cr_assert_eq(c.gw.addr, 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_eq(address_parse(bad[i], &c), -EINVAL, "%s", bad[i]);
}

static void idle(void)
{
    unsigned turns;

    cr_assert_eq(net_up(), 0);
    nap(10 * FAKE_SECOND);
    turns = fake_net.turns;
    nap(100 * FAKE_SECOND);
    cr_assert_leq(fake_net.turns - turns, 205, "two a second");
}

Test(lwip, sleeps_when_nothing_happens)
{
    cr_assert(world("ip=10.0.0.2/24", idle));
}

/* A ping of n bytes, in fragments; the answers come to the wire. */
static uint8_t ping[20000];
static size_t answered;

static void fragment(size_t from, size_t n, bool more)
{
    static uint8_t f[1600];
    uint16_t sum;

    memcpy(f, FAKE_MAC FAKE_PEER "\x08\x00", 14);
    memcpy(f + ETHER,
           "\x45\x00\x00\x00\x12\x34\x00\x00\x40\x01\x00\x00"
           "\x0a\x00\x00\x09\x0a\x00\x00\x02",
           20);
    f[ETHER + 2] = (uint8_t)((n + 20) >> 8);
    f[ETHER + 3] = (uint8_t)(n + 20);
    f[ETHER + 6] = (uint8_t)((more ? 0x20 : 0) | from / 8 >> 8);
    f[ETHER + 7] = (uint8_t)(from / 8);
    sum = (uint16_t)~fake_sum(f + ETHER, 20, 0);
    f[ETHER + 10] = (uint8_t)(sum >> 8);
    f[ETHER + 11] = (uint8_t)sum;
    memcpy(f + UDP, ping + from, n);
    fake_deliver(0, f, UDP + n, 0);
}

static void send_ping(size_t n)
{
    uint16_t sum;

    memset(ping, 'p', n);
    memcpy(ping, "\x08\x00\x00\x00\x00\x01\x00\x01", 8);
    sum = (uint16_t)~fake_sum(ping, n, 0);
    ping[2] = (uint8_t)(sum >> 8);
    ping[3] = (uint8_t)sum;
    for (size_t at = 0; at < n; at += 1480)
        fragment(at, n - at < 1480 ? n - at : 1480, n - at > 1480);
}

static void neighbour(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    if (f[12] == 8 && f[13] == 0 && f[ETHER + 9] == 1) {
        cr_assert_eq(fake_sum(f + ETHER, 20, 0), 0xffff);
        cr_assert_eq(f[ETHER + 6] & 0xc0, 0);
        answered += len - UDP;
        return;
    }
    fake_mirror(id, f, len, flags);
}

static void pings(void)
{
    cr_assert_eq(net_up(), 0);
    nap(FAKE_SECOND);
    for (size_t n = 8; n < sizeof(ping); n += 1111) {
        const uint64_t wakes = fake_counts.wakes;

        answered = 0;
        send_ping(n);
        nap(FAKE_SECOND / 10);
        cr_assert_eq(answered, n, "%zu of %zu", answered, n);
        cr_assert_eq(fake_counts.wakes, wakes + 1);
    }
    cr_assert_eq(frame_pages(), 0);
}

Test(lwip, answers_pings_of_any_size)
{
    fake_net.wire = neighbour;
    cr_assert(world("ip=10.0.0.2/24", pings));
}

static void incomplete(void)
{
    size_t before;

    cr_assert_eq(net_up(), 0);
    nap(FAKE_SECOND);
    before = slab_in_use();
    for (uint16_t n = 0; n < 1000; n++) {
        memset(ping, n, sizeof(ping));
        fragment((size_t)(n % 40) * 1480, 1480, true);
        nap(1000000);
        cr_assert_leq(frame_pages(), 192);
    }
    nap(20 * FAKE_SECOND);
    cr_assert_eq(frame_pages(), 0);
    cr_assert_eq(slab_in_use(), before);
}

Test(lwip, gives_up_on_datagrams_that_stay_incomplete)
{
    cr_assert(world("ip=10.0.0.2/24 ip6=none", incomplete));
}

static void garbage(void)
{
    static uint8_t f[9000];
    size_t before;

    cr_assert_eq(net_up(), 0);
    nap(FAKE_SECOND);
    before = slab_in_use();
    for (unsigned n = 0; n < 20000; n++) {
        const size_t len = 1 + (n * 7919u) % (n % 16 ? 100 : 9000);

        for (size_t i = 0; i < len && i < 64; i++)
            f[i] = (uint8_t)((n * 2654435761u + i * 40503u) >> 11);
        if (n % 3)
            memcpy(f, FAKE_MAC FAKE_PEER "\x08", 13);
        f[13] = n % 2 ? 0 : 6;
        if (n % 5)
            memcpy(f + ETHER, "\x45\x00\x00\x54\x00\x00\x00\x00\x40", 9);
        fake_deliver(0, f, len, (uint8_t)(n % 4));
        if (n % 50 == 0)
            nap(1000000);
    }
    nap(20 * FAKE_SECOND);
    cr_assert_eq(frame_pages(), 0);
    cr_assert_eq(buf_in_use(), 0);
    cr_assert_leq(slab_in_use(), before + 100);
}

Test(lwip, survives_garbage)
{
    cr_assert(world("ip=10.0.0.2/24", garbage));
}

static unsigned asked[2];

static void two_servers(unsigned id, uint8_t *f, size_t len, unsigned flags)
{
    asked[id] += len > MAGIC;
    if (id == 1)
        dhcp_server(id, f, len, flags);
}

static void several(void)
{
    cr_assert_eq(net_up(), 0);
    nap(FAKE_SECOND);
    cr_assert_eq(asked[0], 0);
    cr_assert_eq(asked[1], 2);
    cr_assert(said("net: vif 0 has 10.0.0.2/24 (ip=)\n"));
    cr_assert(said("net: vif 1 has 10.0.2.15/24 gw 10.0.2.2 (dhcp)\n"));
    cr_assert_str_eq(fake_xs_path, "attr/vif/1/ipv4/0");
}

Test(lwip, serves_several_interfaces)
{
    fake_net.vifs = 2;
    fake_net.wire = two_servers;
    cr_assert(world("ip=10.0.0.2/24", several));
}
