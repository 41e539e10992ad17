/* nameinfo.c: getnameinfo() and gai_strerror(): netdb.h. */

#include <netdb.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"
#include "net/hosts.h"
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

static int put_host(struct in_addr addr, char *to, socklen_t size, int flags)
{
    char name[DNS_NAME_SIZE];

    if (!(flags & NI_NUMERICHOST) && hosts_by_addr(addr, name)) {
        if (flags & NI_NOFQDN)
            name[strcspn(name, ".")] = '\0';
        return put(name, to, size);
    }
    if (flags & NI_NAMEREQD)
        return EAI_NONAME;
    return put(inet_ntop(AF_INET, &addr, name, sizeof(name)), to, size);
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

int getnameinfo(const struct sockaddr *addr, socklen_t len, char *name,
                socklen_t name_size, char *service, socklen_t service_size,
                int flags)
{
    struct sockaddr_in in;
    int err = 0;

    if (flags & ~FLAGS)
        return EAI_BADFLAGS;
    if (len < sizeof(in) || addr->sa_family != AF_INET)
        return EAI_FAMILY;
    if (!(name && name_size) && !(service && service_size))
        return EAI_NONAME;
    memcpy(&in, addr, sizeof(in));
    if (name && name_size)
        err = put_host(in.sin_addr, name, name_size, flags);
    if (!err && service && service_size)
        err = put_service(ntohs(in.sin_port), service, service_size, flags);
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
        [-EAI_NODATA] = "The name has no address",
        [-EAI_FAMILY] = "Address family not supported",
        [-EAI_SOCKTYPE] = "Socket type not supported",
        [-EAI_SERVICE] = "Service unknown for this type of socket",
        [-EAI_MEMORY] = "Out of memory",
        [-EAI_SYSTEM] = "System error",
        [-EAI_OVERFLOW] = "The buffer is too small",
    };
    const size_t i = error <= 0 ? (size_t)-error : ARRAY_LEN(texts);

    return i < ARRAY_LEN(texts) && texts[i] ? texts[i] : "Unknown error";
}
