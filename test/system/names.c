/* names.c: what names stand for: /etc/hosts, test/system/names.py in dom0. */

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include "test/system/verdict.h"

static const struct {
    const char *name, *addrs;
    int error;
} names[] = {
    {"seven.test", "192.0.2.7 192.0.2.8", 0},
    {"SEVEN", "192.0.2.7 192.0.2.8", 0},
    {"localhost", "127.0.0.1", 0},
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
        char addr[INET_ADDRSTRLEN];

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

int main(void)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        check(names[i].name, names[i].addrs, names[i].error);
    return pass();
}
