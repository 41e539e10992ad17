/* nameinfo.c: getnameinfo() and gai_strerror(): netdb.h. */

#include <netdb.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"
#include "net/dns.h"
#include "net/hosts.h"
#include "net/mapped.h"
#include "net/service.h"

#define FLAGS                                                                  \
    (NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM)

static int put(const char *text, char *to, socklen_t size)
{
    const size_t n = strlen(text) + 1;

    if (n > size)
        return EAI_OVERFLOW;
    memcpy(to, text, n);
    return 0;
}

/* "fe80::1%en1": who reads it knows no number of ours. */
static int put_number(const struct in6_addr *addr, uint32_t scope, char *to,
                      socklen_t size)
{
    char text[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE], name[IF_NAMESIZE];
    const uint32_t v4 = mapped_v4(addr);
    size_t n;

    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        inet_ntop(AF_INET, &v4, text, sizeof(text));
        return put(text, to, size);
    }
    inet_ntop(AF_INET6, addr, text, sizeof(text));
    n = strlen(text);
    if (scope && if_indextoname(scope, name))
        sniprintf(text + n, sizeof(text) - n, "%%%s", name);
    else if (scope)
        sniprintf(text + n, sizeof(text) - n, "%%%u", (unsigned)scope);
    return put(text, to, size);
}

static int put_host(const struct in6_addr *addr, uint32_t scope, char *to,
                    socklen_t size, int flags)
{
    char name[DNS_NAME_SIZE];
    int err = EAI_NONAME;

    if (!(flags & NI_NUMERICHOST))
        err = hosts_by_addr(addr, name) ? 0 : dns_name_of(addr, name);
    if (err && flags & NI_NAMEREQD)
        return err == EAI_AGAIN ? EAI_AGAIN : EAI_NONAME;
    if (err)
        return put_number(addr, scope, to, size);
    if (flags & NI_NOFQDN)
        name[strcspn(name, ".")] = '\0';
    return put(name, to, size);
}

static int put_service(uint16_t port, char *to, socklen_t size, int flags)
{
    const char *name =
        service_name(port, flags & NI_DGRAM ? SOCK_DGRAM : SOCK_STREAM);
    char number[8];

    if (name && !(flags & NI_NUMERICSERV))
        return put(name, to, size);
    sniprintf(number, sizeof(number), "%u", port);
    return put(number, to, size);
}

/* Of one family or the other; false: neither, or too short. */
static bool take(const struct sockaddr *addr, socklen_t len,
                 struct sockaddr_in6 *to)
{
    struct sockaddr_in in;

    if (len >= sizeof(in) && addr->sa_family == AF_INET) {
        memcpy(&in, addr, sizeof(in));
        *to = (struct sockaddr_in6){.sin6_port = in.sin_port,
                                    .sin6_addr = mapped_from(&in.sin_addr)};
        return true;
    }
    if (len < sizeof(*to) || addr->sa_family != AF_INET6)
        return false;
    memcpy(to, addr, sizeof(*to));
    return true;
}

int getnameinfo(const struct sockaddr *addr, socklen_t len, char *name,
                socklen_t name_size, char *service, socklen_t service_size,
                int flags)
{
    struct sockaddr_in6 in;
    int err = 0;

    if (flags & ~FLAGS)
        return EAI_BADFLAGS;
    if (!take(addr, len, &in))
        return EAI_FAMILY;
    if (!(name && name_size) && !(service && service_size))
        return EAI_NONAME;
    if (name && name_size)
        err = put_host(&in.sin6_addr, in.sin6_scope_id, name, name_size, flags);
    if (!err && service && service_size)
        err = put_service(ntohs(in.sin6_port), service, service_size, flags);
    return err;
}

const char *gai_strerror(int error)
{
    static const char *const texts[] = {
        [0] = "Success",
        [-EAI_BADFLAGS] = "Bad flags",
        [-EAI_NONAME] = "No such name or service",
        [-EAI_AGAIN] = "No name server answers",
        [-EAI_FAIL] = "Name resolution failed",
        [-EAI_NODATA] = "The name has no such address",
        [-EAI_FAMILY] = "Address family not supported",
        [-EAI_SOCKTYPE] = "Socket type not supported",
        [-EAI_SERVICE] = "Service unknown for this type of socket",
        [-EAI_ADDRFAMILY] = "An address of another family",
        [-EAI_MEMORY] = "Out of memory",
        [-EAI_SYSTEM] = "System error",
        [-EAI_OVERFLOW] = "The buffer is too small",
    };
    const size_t i = error <= 0 ? (size_t)-error : ARRAY_LEN(texts);

    return i < ARRAY_LEN(texts) && texts[i] ? texts[i] : "Unknown error";
}
