/* router.c: a neighbour that sends ICMPv6 messages: see router.h. */

#include "test/fake/router.h"

#include <arpa/inet.h>
#include <string.h>

#include "test/fake/net.h"

uint8_t router_frame[2000];

void send_icmp6(const char *from, const char *to, const void *message, size_t n,
                uint8_t hops)
{
    uint8_t *ip = router_frame + IP6;

    memcpy(router_frame, FAKE_MAC ROUTER_MAC "\x86\xdd", IP6);
    memcpy(ip, "\x60\x00\x00\x00", 4);
    ip[4] = (uint8_t)(n >> 8);
    ip[5] = (uint8_t)n;
    ip[6] = 58;
    ip[7] = hops;
    inet_pton(AF_INET6, from, ip + 8);
    inet_pton(AF_INET6, to, ip + 24);
    memmove(router_frame + ICMP6, message, n);
    fake_checksum(router_frame, true);
    fake_deliver(0, router_frame, ICMP6 + n, 0);
}
