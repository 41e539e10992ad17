#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "test/fake/sockets.h"

static const char *text_of(const struct sockaddr *addr)
{
    return addr
               ? inet_ntoa(
                     ((const struct sockaddr_in *)(const void *)addr)->sin_addr)
               : "none";
}

static void listing(void)
{
    struct ifaddrs *list;
    char text[512] = "";

    cr_assert_eq(getifaddrs(&list), 0);
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        char *at = text + strlen(text);

        at += sprintf(at, "%s %x", i->ifa_name, i->ifa_flags);
        at += sprintf(at, " %s", text_of(i->ifa_addr));
        at += sprintf(at, " %s", text_of(i->ifa_netmask));
        sprintf(at, " %s\n", text_of(i->ifa_broadaddr));
    }
    freeifaddrs(list);
    cr_expect_str_eq(text, "en1 43 10.0.0.2 255.255.255.0 10.0.0.255\n"
                           "lo0 49 127.0.0.1 255.0.0.0 none\n");
    for (size_t n = 0; n < 2; n++) {
        mallocs_left = n;
        cr_expect_eq(getifaddrs(&list), -1);
        cr_expect_eq(errno, ENOMEM);
        cr_expect_null(list);
    }
    mallocs_left = SIZE_MAX;
}

Test(ifaddrs, lists_every_address)
{
    cr_assert(world(listing));
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
