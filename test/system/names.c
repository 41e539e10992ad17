/* names.c: what names stand for: /etc/hosts, test/system/names.py in dom0. */

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/system/verdict.h"

static const struct name {
    const char *name, *addrs;
    int error;
} names[] = {
    {"seven.test", "192.0.2.7 192.0.2.8", 0},
    {"SEVEN", "192.0.2.7 192.0.2.8", 0},
    {"localhost", "::1 127.0.0.1", 0},
    {"eight.test", "2001:db8::8 192.0.2.8", 0},
    {"2001:db8::99", "2001:db8::99", 0},
    {"fe80::99%en1", "fe80::99%en1", 0},
    {"192.0.2.99", "192.0.2.99", 0},
    {"one.test", "192.0.2.1", 0},
    {"One.Test.", "192.0.2.1", 0},
    {"many.test", "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5", 0},
    {"alias.test", "192.0.2.1", 0},
    {"late.test", "192.0.2.1", 0},    /* the first question is not answered */
    {"lies.test", "192.0.2.1", 0},    /* behind other messages */
    {"loop.test", "192.0.2.1", 0},    /* also behind others: an alias of */
    {"pointer.test", "192.0.2.1", 0}, /* itself, a name in itself, */
    {"cut.test", "192.0.2.1", 0},     /* parts of an answer, */
    {"noise.test", "192.0.2.1", 0},   /* and random bytes */
    {"large.test", "192.0.2.1", 0},   /* by TCP */
    {"both.test", "2001:db8::1 192.0.2.1", 0},
    {"six.test", "2001:db8::1", 0},
    {"half.test", "192.0.2.1", 0}, /* IPv6's question is not answered */
    {"none.test", NULL, EAI_NONAME},
    {"empty.test", NULL, EAI_NODATA},
    {"broken.test", NULL, EAI_AGAIN},
    {"silent.test", NULL, EAI_AGAIN},
    {"not a name", NULL, EAI_NONAME},
};

static void check(const char *name, const char *wanted, int error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char text[256] = "";
    const int err = getaddrinfo(name, "http", &hints, &list);

    for (struct addrinfo *i = list; i; i = i->ai_next) {
        char addr[INET6_ADDRSTRLEN + 8];

        CHECK(getnameinfo(i->ai_addr, i->ai_addrlen, addr, sizeof(addr), NULL,
                          0, NI_NUMERICHOST) == 0);
        strcat(text, *text ? " " : "");
        strcat(text, addr);
    }
    freeaddrinfo(list);
    printf("%s: %s\n", name, err ? gai_strerror(err) : text);
    CHECK(err == error);
    CHECK(err || strcmp(text, wanted) == 0);
}

/* And the other way round; wanted NULL: it has none. */
static void check_back(const char *text, const char *wanted)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    struct addrinfo *list = NULL;
    char name[NI_MAXHOST];
    int err;

    CHECK(getaddrinfo(text, NULL, &hints, &list) == 0);
    err = getnameinfo(list->ai_addr, list->ai_addrlen, name, sizeof(name), NULL,
                      0, NI_NAMEREQD);
    freeaddrinfo(list);
    printf("%s: %s\n", text, err ? gai_strerror(err) : name);
    CHECK(wanted ? !err && strcmp(name, wanted) == 0 : err == EAI_NONAME);
}

/* What there is a way to comes first, and at boot there is none yet. */
static void wait_for_route(void)
{
    const struct sockaddr_in6 far = {.sin6_family = AF_INET6,
                                     .sin6_port = htons(9),
                                     .sin6_addr.s6_addr = {0x20, 1, 0xd, 0xb8}};
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0);

    while (connect(fd, (const struct sockaddr *)&far, sizeof(far)))
        sleep(1); /* routers are waited for at boot only */
    close(fd);
}

int main(void)
{
    wait_for_route();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        check(names[i].name, names[i].addrs, names[i].error);
    check_back("192.0.2.8", "seven.test"); /* /etc/hosts */
    check_back("2001:db8::8", "eight.test");
    check_back("192.0.2.1", "one.test");
    check_back("2001:db8::1", "both.test");
    check_back("192.0.2.3", NULL);
    check_back("2001:db8::3", NULL);
    return pass();
}
