/* inet.c: Internet addresses as text: arpa/inet.h; pure. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Four decimal numbers of at most three digits, as inet_pton() demands. */
int inet_pton(int family, const char *text, void *addr)
{
    uint8_t byte[4];

    if (family != AF_INET) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    for (unsigned i = 0; i < 4; i++) {
        const char *from = text;
        unsigned n = 0;

        while (*text >= '0' && *text <= '9' && text - from < 3)
            n = n * 10 + (unsigned)(*text++ - '0');
        if (text == from || n > 255 || (*from == '0' && text - from > 1) ||
            *text++ != (i < 3 ? '.' : '\0'))
            return 0;
        byte[i] = (uint8_t)n;
    }
    memcpy(addr, byte, sizeof(byte));
    return 1;
}

const char *inet_ntop(int family, const void *addr, char *text, socklen_t size)
{
    const uint8_t *b = addr;
    int n;

    if (family != AF_INET) {
        errno = EAFNOSUPPORT;
        return NULL;
    }
    n = sniprintf(text, size, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    if (n < 0 || (socklen_t)n >= size) {
        errno = ENOSPC;
        return NULL;
    }
    return text;
}

int inet_aton(const char *text, struct in_addr *addr)
{
    return inet_pton(AF_INET, text, addr) == 1;
}

in_addr_t inet_addr(const char *text)
{
    struct in_addr addr;

    return inet_aton(text, &addr) ? addr.s_addr : INADDR_NONE;
}

char *inet_ntoa(struct in_addr addr)
{
    static char text[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &addr, text, sizeof(text));
    return text;
}
