/* service.c: names of ports: see service.h. */

#include "net/service.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/util.h"

#define BOTH 0

/* What appliances are likely to name, of IANA's thousands. */
static const struct service {
    const char *name;
    uint16_t port;
    int type;
} services[] = {
    {"echo", 7, BOTH},           {"discard", 9, BOTH},
    {"ftp", 21, SOCK_STREAM},    {"ssh", 22, SOCK_STREAM},
    {"telnet", 23, SOCK_STREAM}, {"smtp", 25, SOCK_STREAM},
    {"domain", 53, BOTH},        {"bootps", 67, SOCK_DGRAM},
    {"bootpc", 68, SOCK_DGRAM},  {"tftp", 69, SOCK_DGRAM},
    {"http", 80, SOCK_STREAM},   {"pop3", 110, SOCK_STREAM},
    {"ntp", 123, SOCK_DGRAM},    {"imap2", 143, SOCK_STREAM},
    {"snmp", 161, SOCK_DGRAM},   {"https", 443, SOCK_STREAM},
    {"syslog", 514, SOCK_DGRAM},
};

int service_number(const char *text)
{
    int port = 0;

    if (!*text)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        port = port * 10 + (*text - '0');
        if (port > UINT16_MAX)
            return -1;
    }
    return port;
}

int service_port(const char *name, int type)
{
    for (size_t i = 0; i < ARRAY_LEN(services); i++)
        if ((services[i].type == type || services[i].type == BOTH) &&
            strcmp(services[i].name, name) == 0)
            return services[i].port;
    return -1;
}

const char *service_name(uint16_t port, int type)
{
    for (size_t i = 0; i < ARRAY_LEN(services); i++)
        if ((services[i].type == type || services[i].type == BOTH) &&
            services[i].port == port)
            return services[i].name;
    return NULL;
}
