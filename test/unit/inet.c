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
    cr_assert_eq(inet_pton(AF_INET6, "::1", &addr), -1);
    cr_assert_eq(errno, EAFNOSUPPORT);
}

Test(inet, says_when_there_is_no_room)
{
    struct in_addr addr = {htonl(0x0a00020f)};
    char text[10];

    cr_assert_eq(inet_ntop(AF_INET, &addr, text, 10), text);
    cr_assert_null(inet_ntop(AF_INET, &addr, text, 9));
    cr_assert_eq(errno, ENOSPC);
    cr_assert_null(inet_ntop(AF_INET6, &addr, text, 10));
    cr_assert_eq(errno, EAFNOSUPPORT);
}
