/* netdb.c and nameinfo.c with both kinds of addresses. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "test/fake/dnsd.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

static void kinds(void)
{
    dnsd_start();
    cr_expect_str_eq(found("both.test"), "2001:db8::1 192.0.2.1");
    cr_expect_str_eq(found_as("both.test", AF_INET, 0), "192.0.2.1");
    cr_expect_str_eq(found_as("both.test", AF_INET6, 0), "2001:db8::1");
    cr_expect_str_eq(found_as("both.test", AF_INET6, AI_V4MAPPED),
                     "2001:db8::1");
    cr_expect_str_eq(found_as("both.test", AF_INET6, AI_V4MAPPED | AI_ALL),
                     "2001:db8::1 ::ffff:192.0.2.1");
    cr_expect_str_eq(found_as("one.test", AF_INET6, AI_V4MAPPED),
                     "::ffff:192.0.2.1");
    cr_expect_str_eq(found_as("one.test", AF_INET6, AI_ALL),
                     gai_strerror(EAI_NODATA), "means nothing alone");
    cr_expect_str_eq(found("six.test"), "2001:db8::1");
    cr_expect_str_eq(found("empty.test"), gai_strerror(EAI_NODATA));
    dnsd_stop();
}

Test(netdb6, asks_for_both_kinds)
{
    cr_assert(world6(kinds));
}

static void one_kind(void)
{
    dnsd_start();
    cr_expect_str_eq(found("both.test"), "192.0.2.1 2001:db8::1",
                     "there is no way to the other");
    dnsd_asked = 0;
    cr_expect_str_eq(found_as("both.test", AF_UNSPEC, AI_ADDRCONFIG),
                     "192.0.2.1");
    cr_expect_eq(dnsd_asked, 1);
    cr_expect_str_eq(found_as("both.test", AF_INET6, AI_ADDRCONFIG),
                     gai_strerror(EAI_NONAME));
    cr_expect_eq(dnsd_asked, 1);
    cr_expect_str_eq(found_as("2001:db8::7", AF_INET6, AI_ADDRCONFIG),
                     "2001:db8::7", "what is no name is not looked for");
    cr_expect_str_eq(found_as("localhost", AF_INET6, AI_ADDRCONFIG), "::1");
    dnsd_stop();
}

Test(netdb6, knows_what_a_host_without_ipv6_can_reach)
{
    cr_assert(world(one_kind));
}

/* A server that knows nothing of AAAA records is no reason to fail. */
static void half(void)
{
    uint64_t before;

    dnsd_start();
    before = fake_now;
    cr_expect_str_eq(found("lame.test"), "192.0.2.1");
    cr_expect_lt(fake_now - before, FAKE_SECOND);
    cr_expect_str_eq(found("half.test"), "192.0.2.1");
    cr_expect_lt(fake_now - before, 4 * FAKE_SECOND);
    cr_expect_str_eq(found_as("half.test", AF_INET6, 0),
                     gai_strerror(EAI_AGAIN));
    dnsd_stop();
}

Test(netdb6, takes_what_one_answer_says_when_the_other_stays_away)
{
    cr_assert(world6(half));
}

static void by_ipv6(void)
{
    dnsd_start();
    dnsd_known(1, "0.0.0.0");
    cr_expect_str_eq(found("one.test"), gai_strerror(EAI_AGAIN));
    dnsd_known(0, PEER6);
    cr_expect_str_eq(found("one.test"), "192.0.2.1");
    dnsd_start_tcp();
    dnsd_known(0, PEER); /* the fake one listens there */
    cr_expect_str_eq(found("large.test"), "192.0.2.1");
    dnsd_stop_tcp();
    dnsd_stop();
}

Test(netdb6, asks_a_server_by_ipv6)
{
    cr_assert(world6(by_ipv6));
}

static void numbers(void)
{
    cr_expect_str_eq(found("2001:DB8::0:7"), "2001:db8::7");
    cr_expect_str_eq(found("fe80::1%en1"), "fe80::1%2");
    cr_expect_str_eq(found("fe80::1%2"), "fe80::1%2");
    cr_expect_str_eq(found("fe80::1"), "fe80::1");
    cr_expect_str_eq(found("::ffff:192.0.2.1"), "192.0.2.1");
    cr_expect_str_eq(found_as("::1", AF_INET, 0), gai_strerror(EAI_ADDRFAMILY));
    cr_expect_str_eq(found_as("192.0.2.1", AF_INET6, 0),
                     gai_strerror(EAI_ADDRFAMILY));
    cr_expect_str_eq(found_as("192.0.2.1", AF_INET6, AI_V4MAPPED),
                     "::ffff:192.0.2.1");
    cr_expect_str_eq(found("fe80::1%en7"), gai_strerror(EAI_NONAME));
    cr_expect_str_eq(found("fe80::1%2x"), gai_strerror(EAI_NONAME));
    cr_expect_str_eq(found("fe80::1%"), gai_strerror(EAI_NONAME));
    cr_expect_str_eq(found("192.0.2.1%2"), gai_strerror(EAI_NONAME));
}

Test(netdb6, reads_addresses_with_their_interface)
{
    cr_assert(world6(numbers));
}

static void from_file(void)
{
    dnsd_start();
    dnsd_hosts = "2001:db8::7 seven\n192.0.2.7 seven\nfd00::8 eight\n";
    dnsd_asked = 0;
    cr_expect_str_eq(found("seven"), "2001:db8::7 192.0.2.7");
    cr_expect_str_eq(found_as("seven", AF_INET6, 0), "2001:db8::7");
    cr_expect_str_eq(found_as("seven", AF_INET, 0), "192.0.2.7");
    cr_expect_eq(dnsd_asked, 0);
    dnsd_hosts = "::1 one.test";
    cr_expect_str_eq(found_as("one.test", AF_INET, 0), "192.0.2.1",
                     "the file has none of this kind");
    cr_expect_eq(dnsd_asked, 1);
    dnsd_stop();
}

Test(netdb6, looks_for_both_kinds_in_the_ramdisk)
{
    cr_assert(world6(from_file));
}

static void order(void)
{
    dnsd_hosts = "fe80::8 all\nfd00::8 all\n192.0.2.7 all\n"
                 "2001:db8::7 all\n::1 all\n192.0.2.8 all";
    cr_expect_str_eq(found("all"),
                     "2001:db8::7 ::1 192.0.2.7 192.0.2.8 fe80::8 fd00::8");
}

Test(netdb6, names_first_what_can_be_reached_best)
{
    cr_assert(world6(order));
}

static char name[64], service[8];

static int info(const char *addr, uint32_t scope, int flags)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6,
                              .sin6_port = htons(80),
                              .sin6_scope_id = scope};

    cr_assert_eq(inet_pton(AF_INET6, addr, &in.sin6_addr), 1);
    return getnameinfo((const struct sockaddr *)&in, sizeof(in), name,
                       sizeof(name), service, sizeof(service), flags);
}

static void back(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = inet_addr("192.0.2.7")};

    dnsd_start();
    cr_expect_eq(info("2001:db8::6", 0, 0), 0);
    cr_expect_str_eq(name, "six.test");
    cr_expect_str_eq(service, "http");
    cr_expect_eq(info("2001:db8::5", 0, NI_NAMEREQD), EAI_NONAME);
    cr_expect_eq(info("2001:db8::5", 0, 0), 0);
    cr_expect_str_eq(name, "2001:db8::5");
    cr_expect_eq(getnameinfo((const struct sockaddr *)&in, sizeof(in), name,
                             sizeof(name), NULL, 0, NI_NAMEREQD),
                 0);
    cr_expect_str_eq(name, "seven.test");
    dnsd_asked = 0;
    cr_expect_eq(info("fe80::1", 2, NI_NUMERICHOST), 0);
    cr_expect_str_eq(name, "fe80::1%en1");
    cr_expect_eq(info("fe80::1", 9, NI_NUMERICHOST), 0);
    cr_expect_str_eq(name, "fe80::1%9");
    dnsd_hosts = "2001:db8::6 six";
    cr_expect_eq(info("2001:db8::6", 0, 0), 0);
    cr_expect_str_eq(name, "six");
    cr_expect_eq(dnsd_asked, 0);
    dnsd_known(1, "0.0.0.0");
    cr_expect_eq(info("2001:db8::5", 0, NI_NAMEREQD), EAI_AGAIN);
    dnsd_stop();
}

Test(netdb6, tells_the_name_of_an_address)
{
    cr_assert(world6(back));
}
