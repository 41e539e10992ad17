/* inet.c: Internet addresses as text: arpa/inet.h; pure. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"

#define GROUPS 8 /* of 16 bits in an IPv6 address */
#define NO_GAP 9

const struct in6_addr in6addr_any = IN6ADDR_ANY_INIT;
const struct in6_addr in6addr_loopback = IN6ADDR_LOOPBACK_INIT;

/* Four decimal numbers of at most three digits, as inet_pton() demands. */
static bool read_v4(const char *text, uint8_t byte[4])
{
    for (unsigned i = 0; i < 4; i++) {
        const char *from = text;
        unsigned n = 0;

        while (*text >= '0' && *text <= '9' && text - from < 3)
            n = n * 10 + (unsigned)(*text++ - '0');
        if (text == from || n > 255 || (*from == '0' && text - from > 1) ||
            *text++ != (i < 3 ? '.' : '\0'))
            return false;
        byte[i] = (uint8_t)n;
    }
    return true;
}

/* One to four digits; the character behind them, or NULL. */
static const char *read_group(const char *text, uint8_t byte[2])
{
    unsigned n = 0, digits = 0;

    for (; hex_digit(*text) >= 0; text++, digits++)
        n = n << 4 | (unsigned)hex_digit(*text);
    byte[0] = (uint8_t)(n >> 8);
    byte[1] = (uint8_t)n;
    return digits >= 1 && digits <= 4 ? text : NULL;
}

/* RFC 4291, 2.2: groups, once "::" for any number of zeros, and the last two
 * groups may be written as an IPv4 address. */
static bool read_v6(const char *text, uint8_t byte[16])
{
    uint8_t groups[16];
    size_t n = 0, zeros = 0, gap = NO_GAP; /* where "::" stands */

    if (text[0] == ':' && *++text != ':')
        return false;
    while (*text) {
        const char *end;

        if (*text == ':') {
            if (gap != NO_GAP)
                return false;
            gap = n;
            text++;
            continue;
        }
        if (n <= GROUPS - 2 && read_v4(text, groups + 2 * n)) {
            n += 2;
            break;
        }
        if (n == GROUPS || !(end = read_group(text, groups + 2 * n)))
            return false;
        n++;
        text = end;
        if (*text && (*text++ != ':' || !*text))
            return false;
    }
    if (gap == NO_GAP)
        gap = n;
    else if (n == GROUPS)
        return false;
    else
        zeros = GROUPS - n;
    if (n + zeros != GROUPS)
        return false;
    memset(byte, 0, 16);
    memcpy(byte, groups, 2 * gap);
    memcpy(byte + 2 * (gap + zeros), groups + 2 * gap, 2 * (n - gap));
    return true;
}

int inet_pton(int family, const char *text, void *addr)
{
    uint8_t byte[16];
    bool good;

    if (family != AF_INET && family != AF_INET6) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    good = family == AF_INET ? read_v4(text, byte) : read_v6(text, byte);
    if (good)
        memcpy(addr, byte, family == AF_INET ? 4 : 16);
    return good;
}

/* The first of the longest runs of zero groups, of two at least. */
static void find_gap(const unsigned group[GROUPS], unsigned *gap, unsigned *len)
{
    *gap = NO_GAP;
    *len = 1;
    for (unsigned i = 0; i < GROUPS; i++) {
        unsigned n = 0;

        while (i + n < GROUPS && group[i + n] == 0)
            n++;
        if (n > *len) {
            *gap = i;
            *len = n;
        }
    }
}

static void print_v4(const uint8_t b[4], char *text, size_t size)
{
    sniprintf(text, size, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
}

/* RFC 5952; mapped addresses end as IPv4, and compatible ones. */
static void print_v6(const uint8_t b[16], char text[INET6_ADDRSTRLEN])
{
    unsigned group[GROUPS], gap, len;
    char *to = text, *end = text + INET6_ADDRSTRLEN;

    for (size_t i = 0; i < GROUPS; i++)
        group[i] = (unsigned)b[2 * i] << 8 | b[2 * i + 1];
    find_gap(group, &gap, &len);
    for (unsigned i = 0; i < GROUPS; i++) {
        if (i == gap) {
            *to++ = ':';
            i += len - 1;
            if (i == GROUPS - 1)
                *to++ = ':';
            continue;
        }
        if (i)
            *to++ = ':';
        if (i == 6 && gap == 0 &&
            (len == 6 || (len == 5 && group[5] == 0xffff))) {
            print_v4(b + 12, to, (size_t)(end - to));
            return;
        }
        to += sniprintf(to, (size_t)(end - to), "%x", group[i]);
    }
    *to = '\0';
}

const char *inet_ntop(int family, const void *addr, char *text, socklen_t size)
{
    char whole[INET6_ADDRSTRLEN];

    if (family == AF_INET) {
        print_v4(addr, whole, sizeof(whole));
    } else if (family == AF_INET6) {
        print_v6(addr, whole);
    } else {
        errno = EAFNOSUPPORT;
        return NULL;
    }
    if (strlen(whole) >= size) {
        errno = ENOSPC;
        return NULL;
    }
    return memcpy(text, whole, strlen(whole) + 1);
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

    inet_ntop(AF_INET, &addr.s_addr, text, sizeof(text));
    return text;
}
