#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "net/dns_message.h"

static uint8_t query[DNS_QUERY_MAX], message[1024];
static size_t query_size, message_size;
static struct dns_answer answer;

static void ask_for(const char *name, enum dns_type type)
{
    answer.count = 0;
    query_size = dns_question(query, 0x1234, name, type);
    cr_assert(query_size);
    memcpy(message, query, query_size);
    message_size = query_size;
    message[2] = 0x81;
    message[3] = 0x80;
    message[7] = 0;
}

static void ask(const char *name)
{
    ask_for(name, DNS_A);
}

/* Append a record: owner as bytes, which C strings end by themselves. */
static void record(const char *owner, size_t owner_size, unsigned type,
                   const char *data, size_t size)
{
    const uint8_t middle[] = {0, (uint8_t)type, 0, 1, 0, 0, 0, 9,
                              0, (uint8_t)size};

    memcpy(message + message_size, owner, owner_size);
    message_size += owner_size;
    memcpy(message + message_size, middle, sizeof(middle));
    message_size += sizeof(middle);
    memcpy(message + message_size, data, size);
    message_size += size;
    message[7]++;
}

#define OWNER "\xc0\x0c", 2
#define ADDR  "\xc0\x00\x02\x01", 4

static int read_it(void)
{
    /* Of the exact size, so that a byte too far is seen. */
    uint8_t *copy = malloc(message_size);
    int result;

    memcpy(copy, message, message_size);
    result = dns_read(copy, message_size, query, query_size, &answer);
    free(copy);
    return result;
}

Test(dns_message, asks_for_an_address)
{
    static const uint8_t wanted[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00"
                                    "\x00\x00\x03www\x07"
                                    "example\x00\x00\x01\x00\x01";

    cr_assert_eq(dns_question(query, 0x1234, "www.example", DNS_A),
                 sizeof(wanted) - 1);
    cr_assert_arr_eq(query, wanted, sizeof(wanted) - 1);
    cr_assert_eq(dns_question(query, 0x1234, "www.example.", DNS_A),
                 sizeof(wanted) - 1, "the dot of the root changes nothing");
}

Test(dns_message, asks_for_nothing_that_is_no_name)
{
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a b",
        "a/b",
        "a..",
        "\x80",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    char longest[300];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_eq(dns_question(query, 1, bad[i], DNS_A), 0, "%s", bad[i]);
    for (size_t i = 0; i < sizeof(longest); i++)
        longest[i] = i % 2 ? '.' : 'a';
    longest[253] = '\0';
    cr_assert_eq(dns_question(query, 1, longest, DNS_A), 12 + 255 + 4);
    longest[253] = '.';
    longest[255] = '\0';
    cr_assert_eq(dns_question(query, 1, longest, DNS_A), 0);
}

Test(dns_message, reads_every_address)
{
    ask("www.example");
    record(OWNER, 1, ADDR);
    record(OWNER, 28, "0123456789abcdef", 16);
    record("\3WWW\7Example", 13, 1, "\xc0\x00\x02\x02", 4);
    record("\3ftp\xc0\x10", 6, 1, "\xc0\x00\x02\x03", 4);
    cr_assert_eq(read_it(), 0);
    cr_assert_eq(answer.count, 2, "of that name and type");
    cr_assert(IN6_IS_ADDR_V4MAPPED(&answer.addrs[0]));
    cr_assert_arr_eq(answer.addrs[0].s6_addr + 12, "\xc0\x00\x02\x01", 4);
    cr_assert_arr_eq(answer.addrs[1].s6_addr + 12, "\xc0\x00\x02\x02", 4);
    cr_assert_str_eq(answer.name, "www.example");
}

Test(dns_message, adds_to_what_is_known)
{
    ask("www.example");
    record(OWNER, 1, ADDR);
    cr_assert_eq(read_it(), 0);
    ask_for("www.example", DNS_AAAA);
    answer.count = 1;
    record(OWNER, 28, "0123456789abcdef", 16);
    record(OWNER, 28, "\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4", 16);
    cr_assert_eq(read_it(), 0);
    cr_assert_eq(answer.count, 2, "an IPv4 address is none for IPv6");
    cr_assert_arr_eq(answer.addrs[1].s6_addr, "0123456789abcdef", 16);
    record("\xff", 1, 28, "0123456789abcdef", 16);
    cr_assert_eq(read_it(), -EBADMSG);
    cr_assert_eq(answer.count, 2, "not with half a message");
    cr_assert_str_eq(answer.name, "www.example");
    message[7] = 0;
    cr_assert_eq(read_it(), -ENODATA);
    cr_assert_eq(answer.count, 2);
}

Test(dns_message, reads_the_name_of_an_address)
{
    ask_for("1.2.0.192.in-addr.arpa", DNS_PTR);
    record("\1x\1y", 5, 12, "\3not\2me", 8);
    record(OWNER, 5, "\1a\1b", 5);
    record("\1a\1b", 5, 12, "\3www\7example", 13);
    cr_assert_eq(read_it(), 0);
    cr_assert_str_eq(answer.name, "www.example");
    cr_assert_eq(answer.count, 0);
    ask_for("1.2.0.192.in-addr.arpa", DNS_PTR);
    record(OWNER, 12, "\3www\7example\0", 14);
    cr_assert_eq(read_it(), -EBADMSG, "more than a name");
}

Test(dns_message, knows_where_an_address_has_its_name)
{
    struct in6_addr addr = {.s6_addr = {[10] = 0xff, 0xff, 192, 0, 2, 1}};
    char name[DNS_NAME_SIZE];

    dns_reverse_name(&addr, name);
    cr_assert_str_eq(name, "1.2.0.192.in-addr.arpa");
    addr = (struct in6_addr){
        .s6_addr = {0x20, 1, 0xd, 0xb8, [14] = 0xab, [15] = 0xc7}};
    dns_reverse_name(&addr, name);
    cr_assert_str_eq(name, "7.c.b.a.0.0.0.0.0.0.0.0.0.0.0.0."
                           "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

Test(dns_message, takes_no_more_addresses_than_it_has_room_for)
{
    ask("www.example");
    for (int i = 0; i < 20; i++)
        record(OWNER, 1, ADDR);
    cr_assert_eq(read_it(), 0);
    cr_assert_eq(answer.count, DNS_ADDRS_MAX);
}

Test(dns_message, follows_aliases_in_any_order)
{
    ask("a.b");
    record("\1c\1d", 5, 1, ADDR);
    record(OWNER, 5, "\1c\1d", 5);
    cr_assert_eq(read_it(), 0);
    cr_assert_eq(answer.count, 1);
    cr_assert_str_eq(answer.name, "c.d");
}

Test(dns_message, an_alias_has_no_addresses_itself)
{
    ask("a.b");
    record(OWNER, 1, ADDR);
    record(OWNER, 5, "\1c\1d", 5);
    record("\1c\1d", 5, 1, ADDR);
    cr_assert_eq(read_it(), 0);
    cr_assert_eq(answer.count, 1);
    cr_assert_str_eq(answer.name, "c.d");
}

Test(dns_message, does_not_follow_aliases_for_ever)
{
    ask("a.b");
    record(OWNER, 5, "\xc0\x0c", 2);
    record(OWNER, 1, ADDR);
    cr_assert_eq(read_it(), -EBADMSG);
}

Test(dns_message, tells_what_there_is_not)
{
    ask("a.b");
    cr_assert_eq(read_it(), -ENODATA);
    message[3] = 0x83;
    cr_assert_eq(read_it(), -ENOENT);
    message[3] = 0x82;
    cr_assert_eq(read_it(), -EAGAIN);
    message[3] = 0x80;
    message[2] |= 2;
    cr_assert_eq(read_it(), -EMSGSIZE);
}

Test(dns_message, refuses_answers_to_others)
{
    static const size_t places[] = {0, 1, 2, 4, 5, 12, 13, 15, 17, 18, 19, 20};

    ask("a.b");
    record(OWNER, 1, ADDR);
    cr_assert_eq(read_it(), 0);
    message[13] = 'A';
    cr_assert_eq(read_it(), 0, "the case of letters does not matter");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const uint8_t right = message[places[i]];

        message[places[i]] = (uint8_t)(right ^ 0x83);
        cr_assert_eq(read_it(), -EBADMSG, "byte %zu", places[i]);
        message[places[i]] = right;
    }
}

Test(dns_message, refuses_what_is_cut_anywhere)
{
    ask("www.example");
    record(OWNER, 5, "\3ftp\xc0\x10", 6);
    record("\3ftp\xc0\x10", 6, 1, ADDR);
    cr_assert_eq(read_it(), 0);
    while (--message_size)
        cr_assert_eq(read_it(), -EBADMSG, "%zu bytes", message_size);
}

Test(dns_message, refuses_names_that_do_not_end)
{
    ask("a.b");
    record("\xc0\x15", 2, 1, ADDR); /* points at itself */
    cr_assert_eq(read_it(), -EBADMSG);
    ask("a.b");
    record("\xc0\x20", 2, 1, ADDR); /* forwards */
    cr_assert_eq(read_it(), -EBADMSG);
    ask("a.b");
    record("\x80\x0c", 2, 1, ADDR); /* a length there is not */
    cr_assert_eq(read_it(), -EBADMSG);
    ask("a.b");
    record("\2a\0", 4, 1, ADDR); /* what no name holds */
    cr_assert_eq(read_it(), -EBADMSG);
    ask("a.b");
    record(OWNER, 1, "\xc0\x00\x02", 3); /* too short an address */
    cr_assert_eq(read_it(), -EBADMSG);
}
