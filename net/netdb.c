/* netdb.c: getaddrinfo(): netdb.h. */

#include <netdb.h>

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"
#include "net/dns.h"
#include "net/hosts.h"
#include "net/lwip.h"
#include "net/mapped.h"
#include "net/precedence.h"
#include "net/service.h"

#define FLAGS                                                                  \
    (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV |             \
     AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG)

/* One result, freed as one. */
struct entry {
    struct addrinfo info; /* first */
    union {
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } addr;
    char name[];
};

static const struct kind {
    int type, protocol;
} kinds[] = {{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}};

/* What is looked for, and what was found. */
struct lookup {
    const struct addrinfo *hints;
    bool v4, v6;    /* which kinds */
    uint32_t scope; /* of the only address */
    struct dns_answer answer;
};

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
    if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET &&
        hints->ai_family != AF_INET6)
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

static bool takes_mapped(const struct addrinfo *hints)
{
    return hints->ai_family == AF_INET6 && hints->ai_flags & AI_V4MAPPED;
}

static void add(struct lookup *l, struct in6_addr addr)
{
    if (IN6_IS_ADDR_V4MAPPED(&addr) ? l->v4 : l->v6)
        l->answer.addrs[l->answer.count++] = addr;
}

/* This host: 127.0.0.1 and ::1, or what stands for every address to bind to.
 * Of those, for programs that take only the first, IPv4's comes first. */
static int find_host(struct lookup *l, bool passive)
{
    const uint32_t v4 = htonl(passive ? INADDR_ANY : INADDR_LOOPBACK);
    static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;
    static const struct in6_addr any = IN6ADDR_ANY_INIT;

    if (!passive)
        add(l, loopback);
    if (!l->v6 || l->hints->ai_family == AF_UNSPEC)
        add(l, mapped_from(&v4));
    if (passive)
        add(l, any);
    return 0;
}

/* The interface behind an address's '%', by its name or number: 0 or EAI_*. */
static int find_scope(const char *text, uint32_t *scope)
{
    char *end;

    *scope = if_nametoindex(text);
    if (!*scope && *text >= '0' && *text <= '9') {
        *scope = (uint32_t)strtoul(text, &end, 10);
        if (*end)
            *scope = 0;
    }
    return *scope ? 0 : EAI_NONAME;
}

/* An address as text: 0 or EAI_*; EAI_AGAIN: it is none. */
static int find_number(struct lookup *l, const char *name)
{
    const char *percent = strchr(name, '%');
    char text[INET6_ADDRSTRLEN];
    struct in6_addr addr;
    size_t n = percent ? (size_t)(percent - name) : strlen(name);
    int err = 0;

    if (n >= sizeof(text))
        return EAI_AGAIN;
    memcpy(text, name, n);
    text[n] = '\0';
    if (!hosts_read_addr(text, &addr) ||
        (percent && IN6_IS_ADDR_V4MAPPED(&addr)))
        return EAI_AGAIN;
    if (percent && (err = find_scope(percent + 1, &l->scope)))
        return err;
    add(l, addr);
    return l->answer.count ? 0 : EAI_ADDRFAMILY;
}

/* At boot addresses have yet to come. */
static void wait_address(void)
{
    if (net_up())
        return;
    while (!precedence_has(false) && !precedence_has(true) &&
           net_await_settling())
        ;
}

/* The addresses of a name, of the kinds that there are here. */
static int find_name(struct lookup *l, const char *name)
{
    const bool all = !(l->hints->ai_flags & AI_ADDRCONFIG);
    bool v4, v6;

    if (!all)
        wait_address();
    v4 = l->v4 && (all || precedence_has(false));
    v6 = l->v6 && (all || precedence_has(true));
    if (hosts_by_name(name, v4, v6, &l->answer))
        return 0;
    if (strcasecmp(name, "localhost") == 0) /* RFC 6761: never asked for */
        return find_host(l, false);
    return v4 || v6 ? dns_lookup(name, v4, v6, &l->answer) : EAI_NONAME;
}

static bool has_v6(const struct dns_answer *answer)
{
    for (unsigned i = 0; i < answer->count; i++)
        if (!IN6_IS_ADDR_V4MAPPED(&answer->addrs[i]))
            return true;
    return false;
}

/* IPv4 addresses beside IPv6 ones, where they are only wanted instead. */
static void drop_mapped(struct dns_answer *answer)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < answer->count; i++)
        if (!IN6_IS_ADDR_V4MAPPED(&answer->addrs[i]))
            answer->addrs[kept++] = answer->addrs[i];
    answer->count = kept;
}

/* What a name stands for: 0 or EAI_*. */
static int resolve(struct lookup *l, const char *name)
{
    const struct addrinfo *hints = l->hints;
    int err;

    l->v4 = hints->ai_family != AF_INET6 || takes_mapped(hints);
    l->v6 = hints->ai_family != AF_INET;
    l->answer.count = 0;
    l->answer.name[0] = '\0';
    if (!name)
        return find_host(l, hints->ai_flags & AI_PASSIVE);
    if (strlen(name) >= DNS_NAME_SIZE)
        return EAI_NONAME;
    memcpy(l->answer.name, name, strlen(name) + 1);
    if ((err = find_number(l, name)) != EAI_AGAIN)
        return err;
    if (hints->ai_flags & AI_NUMERICHOST)
        return EAI_NONAME;
    err = find_name(l, name);
    if (!err && takes_mapped(hints) && !(hints->ai_flags & AI_ALL) &&
        has_v6(&l->answer))
        drop_mapped(&l->answer);
    precedence_sort(l->answer.addrs, l->answer.count);
    return err;
}

static socklen_t put_addr(struct entry *e, const struct in6_addr *addr,
                          const struct lookup *l, int port)
{
    if (IN6_IS_ADDR_V4MAPPED(addr) && l->hints->ai_family != AF_INET6) {
        e->addr.in = (struct sockaddr_in){
            .sin_family = AF_INET,
            .sin_port = htons((uint16_t)port),
            .sin_addr.s_addr = mapped_v4(addr),
        };
        return sizeof(e->addr.in);
    }
    e->addr.in6 = (struct sockaddr_in6){
        .sin6_family = AF_INET6,
        .sin6_port = htons((uint16_t)port),
        .sin6_addr = *addr,
        .sin6_scope_id = l->scope,
    };
    return sizeof(e->addr.in6);
}

static struct entry *entry_new(const struct kind *kind,
                               const struct in6_addr *addr,
                               const struct lookup *l, int port,
                               const char *name)
{
    const size_t size = name ? strlen(name) + 1 : 0;
    struct entry *e = calloc(1, sizeof(*e) + size);

    if (!e)
        return NULL;
    e->info = (struct addrinfo){.ai_socktype = kind->type,
                                .ai_protocol = kind->protocol,
                                .ai_addrlen = put_addr(e, addr, l, port),
                                .ai_addr = (struct sockaddr *)&e->addr};
    e->info.ai_family = e->info.ai_addr->sa_family;
    if (name)
        e->info.ai_canonname = memcpy(e->name, name, size);
    return e;
}

/* Each address with each kind of socket, in *result. */
static int list(const struct lookup *l, const char *service,
                struct addrinfo **result)
{
    const struct addrinfo *hints = l->hints;
    const char *name = hints->ai_flags & AI_CANONNAME ? l->answer.name : NULL;
    struct addrinfo **end = result;

    for (unsigned i = 0; i < l->answer.count; i++)
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
            const int port = port_for(service, kinds[k].type, hints->ai_flags);
            struct entry *e;

            if (port < 0 || !is_wanted(&kinds[k], hints))
                continue;
            e = entry_new(&kinds[k], &l->answer.addrs[i], l, port, name);
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
    struct lookup l = {.hints = hints ? hints : &none};
    int err;

    *result = NULL;
    if ((err = check(name, service, l.hints)) ||
        (err = check_service(service, l.hints)) || (err = resolve(&l, name)))
        return err;
    err = list(&l, service, result);
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
