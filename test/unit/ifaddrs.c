#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <lwip/netif.h>

#include "test/fake/sockets.h"

/* Also with its scope. */
static const char *text_of(const struct sockaddr *addr)
{
    static char text[64];
    const struct sockaddr_in *in = (const void *)addr;
    const struct sockaddr_in6 *in6 = (const void *)addr;

    if (!addr)
        return "none";
    if (addr->sa_family == AF_INET)
        return inet_ntoa(in->sin_addr);
    cr_assert_eq(addr->sa_family, AF_INET6);
    inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
    if (in6->sin6_scope_id)
        sprintf(text + strlen(text), "%%%u", in6->sin6_scope_id);
    return text;
}

/* All there are, as lines. */
static void expect_list(const char *wanted)
{
    struct ifaddrs *list;
    char text[1024] = "";

    cr_assert_eq(getifaddrs(&list), 0);
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        char *at = text + strlen(text);

        at += sprintf(at, "%s %x", i->ifa_name, i->ifa_flags);
        at += sprintf(at, " %s", text_of(i->ifa_addr));
        at += sprintf(at, " %s", text_of(i->ifa_netmask));
        sprintf(at, " %s\n", text_of(i->ifa_broadaddr));
    }
    freeifaddrs(list);
    cr_expect_str_eq(text, wanted);
}

/* Whichever of its entries finds no memory. */
static void expect_failures(size_t entries)
{
    for (size_t n = 0; n < entries; n++) {
        struct ifaddrs *list;

        mallocs_left = n;
        cr_expect_eq(getifaddrs(&list), -1);
        cr_expect_eq(errno, ENOMEM);
        cr_expect_null(list);
    }
    mallocs_left = SIZE_MAX;
}

static void listing(void)
{
    expect_list("en1 43 10.0.0.2 255.255.255.0 10.0.0.255\n"
                "lo0 49 127.0.0.1 255.0.0.0 none\n"
                "lo0 49 ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff none\n");
    expect_failures(3);
}

Test(ifaddrs, lists_every_address)
{
    cr_assert(world(listing));
}

static void listing6(void)
{
    expect_list("en1 43 10.0.0.2 255.255.255.0 10.0.0.255\n"
                "en1 43 fe80::216:3eff:fe00:2%2 ffff:ffff:ffff:ffff:: none\n"
                "en1 43 2001:db8::2 ffff:ffff:ffff:ffff:: none\n"
                "lo0 49 127.0.0.1 255.0.0.0 none\n"
                "lo0 49 ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff none\n");
    expect_failures(5);
    /* Not while another host might have it. */
    netif_ip6_addr_set_state(netif_default, 1, IP6_ADDR_TENTATIVE);
    expect_list("en1 43 10.0.0.2 255.255.255.0 10.0.0.255\n"
                "en1 43 fe80::216:3eff:fe00:2%2 ffff:ffff:ffff:ffff:: none\n"
                "lo0 49 127.0.0.1 255.0.0.0 none\n"
                "lo0 49 ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff none\n");
}

Test(ifaddrs, lists_ipv6_with_scopes)
{
    cr_assert(world6(listing6));
}

static void naming(void)
{
    char name[IF_NAMESIZE] = "";
    const unsigned lo = if_nametoindex("lo0");

    cr_expect_neq(lo, 0);
    cr_expect_eq(if_indextoname(lo, name), name);
    cr_expect_str_eq(name, "lo0");
    cr_expect_eq(if_nametoindex("eth9"), 0);
    cr_expect_eq(errno, ENODEV);
    cr_expect_null(if_indextoname(77, name));
    cr_expect_eq(errno, ENXIO);
    cr_expect_null(if_indextoname(lo + 256, name));
}

Test(ifaddrs, knows_interfaces_by_name_and_number)
{
    cr_assert(world(naming));
}
