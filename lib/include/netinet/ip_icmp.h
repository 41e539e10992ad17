/*
 * netinet/ip_icmp.h: ICMP's echo messages (RFC 792), for ping sockets as Linux
 * has them: socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP).
 *
 * They send echo requests and receive the replies, both from the ICMP header
 * on.  Its id is the socket's port, and the checksum is not the program's
 * concern.  Only programs that include this, or netinet/icmp6.h, have such
 * sockets in their image; for others there is no such protocol.
 */
#pragma once

#include <netinet/in.h>
#include <stdint.h>

#define ICMP_ECHOREPLY 0
#define ICMP_ECHO      8

struct icmphdr {
    uint8_t type, code;
    uint16_t checksum;
    union {
        struct {
            uint16_t id, sequence; /* network byte order */
        } echo;
    } un;
};

#ifdef __cplusplus
extern "C" {
#endif

/* What the linker finds net/ping.c by. */
struct socket;
extern struct socket *ping_new(int family);
static struct socket *(*const __ping_sockets)(int)
    __attribute__((__used__)) = ping_new;

#ifdef __cplusplus
}
#endif
