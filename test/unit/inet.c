#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(inet, reads_what_it_writes)
{
    static const char *const texts[] = {"0.0.0.0", "10.0.2.15", "127.0.0.1",
                                        "255.255.255.255", "1.20.99.100"};
    char text[INET_ADDRSTRLEN];
    struct in_addr addr;

    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(inet_pton(AF_INET, texts[i], &addr), 1);
        cr_assert_eq(inet_ntop(AF_INET, &addr, text, sizeof(text)), text);
        cr_assert_str_eq(text, texts[i]);
        cr_assert_str_eq(inet_ntoa(addr), texts[i]);
    }
    cr_assert_eq(inet_addr("10.0.2.15"), htonl(0x0a00020f));
}

Test(inet, refuses_what_is_no_address)
{
    static const char *const texts[] = {
        "",          "1",        "1.2.3",     "1.2.3.4.",  "1.2.3.4.5",
        "256.1.1.1", "1.2.3.04", "1.2.3.0x1", " 1.2.3.4",  "1.2.3.4 ",
        "1..3.4",    "-1.2.3.4", "1.2.3.",    "0001.2.3.4"};
    struct in_addr addr;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cr_assert_eq(inet_pton(AF_INET, texts[i], &addr), 0, "%s", texts[i]);
        cr_assert_eq(inet_addr(texts[i]), INADDR_NONE);
    }
    cr_assert_eq(inet_pton(AF_UNIX, "::1", &addr), -1);
    cr_assert_eq(errno, EAFNOSUPPORT);
}

Test(inet, says_when_there_is_no_room)
{
    struct in_addr addr = {htonl(0x0a00020f)};
    char text[10];

    cr_assert_eq(inet_ntop(AF_INET, &addr, text, 10), text);
    cr_assert_null(inet_ntop(AF_INET, &addr, text, 9));
    cr_assert_eq(errno, ENOSPC);
    cr_assert_null(inet_ntop(AF_UNIX, &addr, text, 10));
    cr_assert_eq(errno, EAFNOSUPPORT);
    cr_assert_eq(inet_ntop(AF_INET6, &in6addr_loopback, text, 4), text);
    cr_assert_null(inet_ntop(AF_INET6, &in6addr_loopback, text, 3));
    cr_assert_eq(errno, ENOSPC);
}

/* Each text, and how RFC 5952 writes the same address. */
Test(inet, writes_ipv6_addresses_in_their_one_form)
{
    static const char *const pairs[][2] = {
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:0db8::0001", "2001:db8::1"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"fe80::216:3eff:fe00:2", "fe80::216:3eff:fe00:2"},
        {"ff02::1:ff00:0", "ff02::1:ff00:0"},
        {"::ffff:10.0.2.15", "::ffff:10.0.2.15"},
        {"::FFFF:0a00:20f", "::ffff:10.0.2.15"},
        {"::10.0.2.15", "::10.0.2.15"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"1:2:3:4:5:6:255.255.255.255", "1:2:3:4:5:6:ffff:ffff"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    char text[INET6_ADDRSTRLEN];
    struct in6_addr addr;

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        cr_assert_eq(inet_pton(AF_INET6, pairs[i][0], &addr), 1, "%s",
                     pairs[i][0]);
        cr_assert_eq(inet_ntop(AF_INET6, &addr, text, sizeof(text)), text);
        cr_assert_str_eq(text, pairs[i][1]);
    }
}

Test(inet, refuses_what_is_no_ipv6_address)
{
    static const char *const texts[] = {
        "",
        ":",
        ":::",
        "1",
        "1:",
        ":1",
        "1:2",
        "1:2:3:4:5:6:7",
        "::1::",
        "1:::2",
        "12345::",
        "g::",
        "1::2:",
        "1:2:3:4:5:6:7:8:9",
        "::%1",
        "1:2:3:4:5:6:7:8::",
        "::1.2.3",
        "::1.2.3.4:5",
        "::1.2.3.4.5",
        "1:2:3:4:5:6:7:1.2.3.4",
        " ::1",
        "::1 ",
        "::256.1.1.1",
        "::2:3:4:5:6:7:8:9",
    };
    struct in6_addr addr;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_assert_eq(inet_pton(AF_INET6, texts[i], &addr), 0, "%s", texts[i]);
}
