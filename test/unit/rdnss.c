/* rdnss.c and nameserver.c: which DNS servers there are. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <lwip/ip_addr.h>

#include "kernel/sched.h"
#include "lib/param.h"
#include "net/lwip.h"
#include "net/nameserver.h"
#include "test/fake/net.h"
#include "test/fake/router.h"
#include "xen/clock.h"

/* An advertisement with an MTU and servers at 2001:db8::1 and ::2. */
/* clang-format off */
static const uint8_t advertisement[] = {
    134, 0, 0, 0, 64, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0, 0,
    5, 1, 0, 0, 0, 0, 5, 0x78,
    25, 5, 0, 0, 0, 0, 0, 60,
    0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
/* clang-format on */
#define LIFETIME 31
#define ADDRS    32
#define SIZE     sizeof(advertisement)

static uint8_t message[SIZE];

static void nap(uint64_t ns)
{
    thread_sleep(clock_now() + ns);
}

static void say_it(uint8_t hops)
{
    send_icmp6(ROUTER, "ff02::1", message, SIZE, hops);
    nap(FAKE_SECOND / 10);
}

/* With other bytes from a place on. */
static void send_with(size_t at, const char *bytes, size_t n)
{
    memcpy(message, advertisement, SIZE);
    memcpy(message + at, bytes, n);
    say_it(255);
}

static const char *servers(void)
{
    static char text[512];
    char addr[INET6_ADDRSTRLEN];
    ip_addr_t server;

    text[0] = '\0';
    for (unsigned n = 0; nameserver_get(n, &server); n++) {
        inet_ntop(IP_IS_V4_VAL(server) ? AF_INET : AF_INET6, &server, addr,
                  sizeof(addr));
        strcat(text, *text ? " " : "");
        strcat(text, addr);
        if (IP_IS_V6_VAL(server) && ip6_addr_zone(ip_2_ip6(&server)))
            sprintf(text + strlen(text), "%%%u",
                    ip6_addr_zone(ip_2_ip6(&server)));
    }
    return text;
}

static bool world(const char *line, void (*fn)(void))
{
    char **argv;

    param_init(line, &argv);
    return fake_world(fn);
}

static void wire(unsigned id, uint8_t *frame, size_t len, unsigned flags)
{
    (void)id;
    (void)frame;
    (void)len;
    (void)flags;
}

static void heard(void)
{
    cr_assert_eq(net_up(), 0);
    nap(5 * FAKE_SECOND);
    cr_expect_str_eq(servers(), "");
    send_with(0, "", 0);
    cr_expect_str_eq(servers(), "2001:db8::1 2001:db8::2");
    nap(50 * FAKE_SECOND);
    send_with(LIFETIME, "\x3c", 1);
    nap(50 * FAKE_SECOND);
    cr_expect_str_eq(servers(), "2001:db8::1 2001:db8::2", "heard of again");
    nap(10 * FAKE_SECOND);
    cr_expect_str_eq(servers(), "", "their time is over");
    send_with(LIFETIME - 3, "\xff\xff\xff\xff", 4);
    nap(3000 * FAKE_SECOND);
    cr_expect_str_eq(servers(), "2001:db8::1 2001:db8::2", "for ever");
    send_with(LIFETIME, "\0", 1);
    cr_expect_str_eq(servers(), "", "taken back");
}

Test(rdnss, knows_a_router_s_servers_for_their_time)
{
    fake_net.wire = wire;
    cr_assert(world("ip=10.0.0.2/24", heard));
}

static void doubted(void)
{
    cr_assert_eq(net_up(), 0);
    nap(5 * FAKE_SECOND);
    memcpy(message, advertisement, SIZE);
    say_it(64);
    send_icmp6("2001:db8::fe", "ff02::1", message, SIZE, 255);
    send_with(1, "\1", 1);    /* code */
    send_with(24, "\x1a", 1); /* another option */
    router_frame[ICMP6 + SIZE - 1] ^= 1;
    fake_deliver(0, router_frame, ICMP6 + SIZE, 0);
    send_with(25, "\x04", 1); /* too short for what follows */
    send_with(25, "\x06", 1); /* too long */
    send_with(25, "\0", 1);
    nap(FAKE_SECOND);
    cr_expect_str_eq(servers(), "");
    send_with(ADDRS, "\xff\2", 2);
    cr_expect_str_eq(servers(), "2001:db8::2", "a group is no server");
    send_with(ADDRS, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
    send_with(ADDRS, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    send_with(ADDRS, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    cr_expect_str_eq(servers(), "2001:db8::2");
    send_with(ADDRS, "\xfe\x80\0\0", 4);
    cr_expect_str_eq(servers(), "2001:db8::2 fe80::1%2");
}

Test(rdnss, believes_only_proper_advertisements)
{
    fake_net.wire = wire;
    cr_assert(world("ip=10.0.0.2/24", doubted));
}

static void unasked(void)
{
    cr_assert_eq(net_up(), 0);
    nap(5 * FAKE_SECOND);
    send_with(0, "", 0);
    cr_expect_str_eq(servers(), "");
}

Test(rdnss, does_not_listen_where_addresses_are_given)
{
    fake_net.wire = wire;
    cr_assert(world("ip=10.0.0.2/24 ip6=2001:db8::2/64", unasked));
    cr_assert(world("ip=10.0.0.2/24 ip6=none", unasked));
}

static ip_addr_t server(uint8_t n)
{
    ip_addr_t a = IPADDR4_INIT_BYTES(192, 0, 2, n);

    return a;
}

Test(rdnss, comes_after_the_command_line_and_dhcp)
{
    const ip_addr_t none = IPADDR4_INIT(0);
    ip_addr_t a[7];

    for (uint8_t i = 0; i < 7; i++)
        a[i] = server(i);
    nameserver_hear(&a[6], NEVER);
    nameserver_set(1, &a[4]);
    nameserver_set(0, &a[3]);
    nameserver_set(NAMESERVERS, &a[5]);
    nameserver_add(&a[1]);
    nameserver_add(&a[2]);
    cr_expect_str_eq(servers(),
                     "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.6");
    nameserver_set(0, &none);
    nameserver_add(&a[3]);
    nameserver_add(&a[5]);
    cr_expect_str_eq(servers(),
                     "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.6");
}

Test(rdnss, forgets_the_server_that_ends_first_for_a_new_one)
{
    ip_addr_t a[5];

    for (uint8_t i = 0; i < 5; i++)
        a[i] = server(i);
    nameserver_hear(&a[1], fake_now + 9);
    nameserver_hear(&a[2], fake_now + 7);
    nameserver_hear(&a[3], fake_now + 8);
    nameserver_hear(&a[4], 0);
    cr_expect_str_eq(servers(), "192.0.2.1 192.0.2.2 192.0.2.3");
    nameserver_hear(&a[4], fake_now + 6);
    cr_expect_str_eq(servers(), "192.0.2.1 192.0.2.4 192.0.2.3");
    nameserver_hear(&a[1], 0);
    cr_expect_str_eq(servers(), "192.0.2.4 192.0.2.3");
    fake_now += 6;
    cr_expect_str_eq(servers(), "192.0.2.3");
}
