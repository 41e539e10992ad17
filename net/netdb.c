/* netdb.c: getaddrinfo(): netdb.h. */

#include <netdb.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"
#include "net/dns.h"
#include "net/hosts.h"
#include "net/service.h"

#define FLAGS                                                                  \
    (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV |             \
     AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG)

/* One result, freed as one. */
struct entry {
    struct addrinfo info; /* first */
    struct sockaddr_in addr;
    char name[];
};

static const struct kind {
    int type, protocol;
} kinds[] = {{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}};

static bool is_wanted(const struct kind *kind, const struct addrinfo *hints)
{
    return (!hints->ai_socktype || hints->ai_socktype == kind->type) &&
           (!hints->ai_protocol || hints->ai_protocol == kind->protocol);
}

static int check(const char *name, const char *service,
                 const struct addrinfo *hints)
{
    if (!name && !service)
        return EAI_NONAME;
    if (hints->ai_flags & ~FLAGS || (hints->ai_flags & AI_CANONNAME && !name))
        return EAI_BADFLAGS;
    if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET)
        return EAI_FAMILY;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (is_wanted(&kinds[i], hints))
            return 0;
    return EAI_SOCKTYPE;
}

/* The port of a service for a kind of socket; EAI_*. */
static int port_for(const char *service, int type, int flags)
{
    int port = service ? service_number(service) : 0;

    if (port >= 0)
        return port;
    if (flags & AI_NUMERICSERV)
        return EAI_NONAME;
    port = service_port(service, type);
    return port < 0 ? EAI_SERVICE : port;
}

static void take_addr(struct dns_answer *answer, in_addr_t addr)
{
    answer->count = 1;
    memcpy(answer->addrs[0], &addr, sizeof(addr));
}

/* What a name stands for: 0 or EAI_*. */
static int resolve(const char *name, int flags, struct dns_answer *answer)
{
    struct in_addr addr;

    answer->name[0] = '\0';
    if (!name) {
        take_addr(answer,
                  htonl(flags & AI_PASSIVE ? INADDR_ANY : INADDR_LOOPBACK));
        return 0;
    }
    if (strlen(name) >= DNS_NAME_SIZE)
        return EAI_NONAME;
    memcpy(answer->name, name, strlen(name) + 1);
    if (inet_pton(AF_INET, name, &addr) == 1) {
        take_addr(answer, addr.s_addr);
        return 0;
    }
    if (flags & AI_NUMERICHOST)
        return EAI_NONAME;
    if (hosts_by_name(name, answer))
        return 0;
    if (strcasecmp(name, "localhost") == 0) { /* RFC 6761: never asked for */
        take_addr(answer, htonl(INADDR_LOOPBACK));
        return 0;
    }
    return dns_lookup(name, DNS_A, answer);
}

static struct entry *entry_new(const struct kind *kind, const uint8_t *addr,
                               int port, const char *name)
{
    const size_t size = name ? strlen(name) + 1 : 0;
    struct entry *e = calloc(1, sizeof(*e) + size);

    if (!e)
        return NULL;
    e->addr.sin_family = AF_INET;
    e->addr.sin_port = htons((uint16_t)port);
    memcpy(&e->addr.sin_addr, addr, sizeof(e->addr.sin_addr));
    e->info = (struct addrinfo){.ai_family = AF_INET,
                                .ai_socktype = kind->type,
                                .ai_protocol = kind->protocol,
                                .ai_addrlen = sizeof(e->addr),
                                .ai_addr = (struct sockaddr *)&e->addr};
    if (name)
        e->info.ai_canonname = memcpy(e->name, name, size);
    return e;
}

/* Each address with each kind of socket, in *result. */
static int list(const struct dns_answer *answer, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    const char *name = hints->ai_flags & AI_CANONNAME ? answer->name : NULL;
    struct addrinfo **end = result;

    for (unsigned i = 0; i < answer->count; i++)
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
            const int port = port_for(service, kinds[k].type, hints->ai_flags);
            struct entry *e;

            if (port < 0 || !is_wanted(&kinds[k], hints))
                continue;
            e = entry_new(&kinds[k], answer->addrs[i], port, name);
            if (!e)
                return EAI_MEMORY;
            *end = &e->info;
            end = &e->info.ai_next;
            name = NULL; /* the first has it */
        }
    return 0;
}

/* Before anybody is asked: some kind of socket has the service. */
static int check_service(const char *service, const struct addrinfo *hints)
{
    int port = EAI_SERVICE;

    for (size_t k = 0; k < ARRAY_LEN(kinds) && port < 0; k++)
        if (is_wanted(&kinds[k], hints))
            port = port_for(service, kinds[k].type, hints->ai_flags);
    return port < 0 ? port : 0;
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    static const struct addrinfo none;
    struct dns_answer answer;
    int err;

    *result = NULL;
    if (!hints)
        hints = &none;
    if ((err = check(name, service, hints)) ||
        (err = check_service(service, hints)) ||
        (err = resolve(name, hints->ai_flags, &answer)))
        return err;
    err = list(&answer, service, hints, result);
    if (err) {
        freeaddrinfo(*result);
        *result = NULL;
    }
    return err;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;

        free(CONTAINER_OF(list, struct entry, info));
        list = next;
    }
}
