#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "test/fake/dnsd.h"
#include "test/fake/net.h"
#include "test/fake/sockets.h"

static void asking(void)
{
    dnsd_start();
    cr_expect_str_eq(found("one.test"), "192.0.2.1");
    cr_expect_str_eq(found("two.test"), "192.0.2.1 192.0.2.2");
    cr_expect_str_eq(found("none.test"), gai_strerror(EAI_NONAME));
    cr_expect_str_eq(found("empty.test"), gai_strerror(EAI_NODATA));
    cr_expect_str_eq(found("lies.test"), "192.0.2.1");
    dnsd_asked = 0;
    cr_expect_str_eq(found("broken.test"), gai_strerror(EAI_AGAIN));
    cr_expect_eq(dnsd_asked, 4, "each kind twice, at once");
    cr_expect_str_eq(found("bad name"), gai_strerror(EAI_NONAME));
    cr_expect_eq(dnsd_asked, 4, "what is no name is not asked for");
    dnsd_stop();
}

Test(netdb, asks_a_name_server)
{
    cr_assert(world(asking));
}

static void silence(void)
{
    uint64_t before = fake_now;

    cr_expect_str_eq(found("no.server"), gai_strerror(EAI_AGAIN));
    dnsd_start();
    before = fake_now;
    cr_expect_str_eq(found("silent.test"), gai_strerror(EAI_AGAIN));
    cr_expect_leq(fake_now - before, 8 * FAKE_SECOND);
    dnsd_known(0, "10.0.0.77"); /* nobody is there */
    cr_expect_str_eq(found("one.test"), "192.0.2.1");
    dnsd_stop();
    dnsd_known(0, HERE);
    dnsd_known(1, "127.0.0.1");
    before = fake_now;
    cr_expect_str_eq(found("refused.test"), gai_strerror(EAI_AGAIN));
    cr_expect_lt(fake_now - before, FAKE_SECOND,
                 "a closed port is no reason to wait");
}

Test(netdb, does_not_wait_for_ever)
{
    cr_assert(world(silence));
}

static void large(void)
{
    dnsd_start_tcp();
    dnsd_start();
    cr_expect_str_eq(found("large.test"), "192.0.2.1");
    dnsd_stop_tcp();
    cr_expect_str_eq(found("large.test"), gai_strerror(EAI_AGAIN),
                     "nobody listens any more");
    dnsd_stop();
}

Test(netdb, asks_again_by_tcp_when_an_answer_is_cut)
{
    cr_assert(world(large));
}

static void from_file(void)
{
    dnsd_start();
    dnsd_hosts = "# comment\n192.0.2.7 seven.test Seven\t# seven.not\n"
                 "bad line\n\n  192.0.2.8\tSEVEN  \r\n192.0.2.9 one.test";
    dnsd_asked = 0;
    cr_expect_str_eq(found("SEVEN"), "192.0.2.7 192.0.2.8");
    cr_expect_str_eq(found("one.test"), "192.0.2.9");
    cr_expect_str_eq(found("localhost"), "::1 127.0.0.1");
    cr_expect_str_eq(found("192.0.2.200"), "192.0.2.200");
    cr_expect_eq(dnsd_asked, 0);
    cr_expect_str_eq(found("seven"), "192.0.2.7 192.0.2.8");
    cr_expect_str_eq(found("none.not"), gai_strerror(EAI_NONAME));
    cr_expect_eq(dnsd_asked, 2, "what is not in the file is asked for");
    dnsd_stop();
}

Test(netdb, looks_into_the_ramdisk_first)
{
    cr_assert(world(from_file));
}

static int look(const char *name, const char *service, int flags, int family,
                int type, int protocol)
{
    const struct addrinfo hints = {.ai_flags = flags,
                                   .ai_family = family,
                                   .ai_socktype = type,
                                   .ai_protocol = protocol};
    struct addrinfo *list = NULL;
    int err = getaddrinfo(name, service, &hints, &list);

    while (list) {
        struct addrinfo *next = list->ai_next;

        list->ai_next = NULL;
        freeaddrinfo(list);
        list = next;
        err++;
    }
    return err;
}

/* How many results, or the error. */
static void hints(void)
{
    const char *addr = "192.0.2.1";

    cr_expect_eq(look(NULL, NULL, 0, 0, 0, 0), EAI_NONAME);
    cr_expect_eq(look(addr, NULL, 0x8000, 0, 0, 0), EAI_BADFLAGS);
    cr_expect_eq(look(NULL, "1", AI_CANONNAME, 0, 0, 0), EAI_BADFLAGS);
    cr_expect_eq(look(addr, NULL, 0, 77, 0, 0), EAI_FAMILY);
    cr_expect_eq(look(addr, NULL, 0, 0, 77, 0), EAI_SOCKTYPE);
    cr_expect_eq(look(addr, NULL, 0, 0, SOCK_STREAM, IPPROTO_UDP),
                 EAI_SOCKTYPE);
    cr_expect_eq(look(addr, "nonsense", 0, 0, 0, 0), EAI_SERVICE);
    cr_expect_eq(look(addr, "65536", 0, 0, 0, 0), EAI_SERVICE);
    cr_expect_eq(look(addr, "http", AI_NUMERICSERV, 0, 0, 0), EAI_NONAME);
    cr_expect_eq(look(addr, "http", 0, 0, SOCK_DGRAM, 0), EAI_SERVICE);
    cr_expect_eq(look("a.name", NULL, AI_NUMERICHOST, 0, 0, 0), EAI_NONAME);
    cr_expect_eq(look(addr, "http", 0, 0, 0, 0), 1);
    cr_expect_eq(look(addr, "domain", 0, AF_INET, 0, 0), 2);
    cr_expect_eq(look(NULL, "0", AI_PASSIVE, 0, 0, IPPROTO_UDP), 2);
    cr_expect_eq(look("::1", "0", 0, AF_INET, 0, 0), EAI_ADDRFAMILY);
    cr_expect_eq(look(addr, "0", 0, AF_INET6, 0, 0), EAI_ADDRFAMILY);
    mallocs_left = 1;
    cr_expect_eq(look(addr, "domain", 0, AF_INET, 0, 0), EAI_MEMORY);
    mallocs_left = SIZE_MAX;
}

Test(netdb, does_what_the_hints_say)
{
    cr_assert(world(hints));
}

static void no_names(void)
{
    const struct addrinfo passive = {.ai_flags = AI_PASSIVE};
    const struct addrinfo canonical = {.ai_flags = AI_CANONNAME};
    struct addrinfo *list;

    cr_assert_eq(getaddrinfo(NULL, "7", &passive, &list), 0);
    cr_expect_eq(((struct sockaddr_in *)(void *)list->ai_addr)->sin_addr.s_addr,
                 INADDR_ANY);
    freeaddrinfo(list);
    cr_expect_str_eq(found_as(NULL, AF_UNSPEC, 0), "::1 127.0.0.1");
    cr_expect_str_eq(found_as(NULL, AF_INET, 0), "127.0.0.1");
    cr_expect_str_eq(found_as(NULL, AF_INET6, AI_V4MAPPED), "::1");
    cr_expect_str_eq(found_as(NULL, AF_UNSPEC, AI_PASSIVE), "0.0.0.0 ::");
    cr_expect_str_eq(found_as(NULL, AF_INET6, AI_PASSIVE), "::");
    dnsd_hosts = "192.0.2.7 seven.test seven";
    cr_assert_eq(getaddrinfo("seven", "7", &canonical, &list), 0);
    cr_expect_str_eq(list->ai_canonname, "seven.test");
    cr_expect_null(list->ai_next->ai_canonname, "the first has it");
    freeaddrinfo(list);
}

Test(netdb, knows_this_host_and_true_names)
{
    cr_assert(world(no_names));
}

static void back(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons(80),
                             .sin_addr.s_addr = inet_addr("192.0.2.7")};
    const struct sockaddr *addr = (const struct sockaddr *)&in;
    char name[64], service[8];

#define INFO(flags)                                                            \
    getnameinfo(addr, sizeof(in), name, sizeof(name), service,                 \
                sizeof(service), flags)
    cr_expect_eq(INFO(0), 0);
    cr_expect_str_eq(name, "192.0.2.7");
    cr_expect_str_eq(service, "http");
    cr_expect_eq(INFO(NI_NAMEREQD), EAI_AGAIN, "there is nobody to ask");
    dnsd_hosts = "192.0.2.7 seven.test";
    cr_expect_eq(INFO(NI_NUMERICSERV), 0);
    cr_expect_str_eq(name, "seven.test");
    cr_expect_str_eq(service, "80");
    cr_expect_eq(INFO(NI_NOFQDN | NI_DGRAM), 0);
    cr_expect_str_eq(name, "seven");
    cr_expect_str_eq(service, "80", "by UDP it is nobody's");
    cr_expect_eq(INFO(NI_NUMERICHOST), 0);
    cr_expect_str_eq(name, "192.0.2.7");
    cr_expect_eq(INFO(0x4000), EAI_BADFLAGS);
    cr_expect_eq(getnameinfo(addr, 8, name, 9, NULL, 0, 0), EAI_FAMILY);
    cr_expect_eq(getnameinfo(addr, sizeof(in), NULL, 0, NULL, 0, 0),
                 EAI_NONAME);
    cr_expect_eq(getnameinfo(addr, sizeof(in), name, 10, NULL, 0, 0),
                 EAI_OVERFLOW);
    cr_expect_eq(getnameinfo(addr, sizeof(in), NULL, 0, service, 4, 0),
                 EAI_OVERFLOW);
    in.sin_family = AF_UNSPEC;
    cr_expect_eq(INFO(0), EAI_FAMILY);
#undef INFO
}

Test(netdb, tells_the_name_of_an_address)
{
    cr_assert(world(back));
}

Test(netdb, has_a_text_for_every_error)
{
    for (int e = EAI_OVERFLOW; e <= 0; e++)
        cr_expect(strlen(gai_strerror(e)) > 4);
    cr_expect_str_eq(gai_strerror(1), "Unknown error");
    cr_expect_str_eq(gai_strerror(-99), "Unknown error");
}
