/* netinet/icmp6.h: ICMPv6's echo messages (RFC 4443), for ping sockets: see
 * netinet/ip_icmp.h. */
#pragma once

#include <netinet/ip_icmp.h>

#define ICMP6_ECHO_REQUEST 128
#define ICMP6_ECHO_REPLY   129

struct icmp6_hdr {
    uint8_t icmp6_type, icmp6_code;
    uint16_t icmp6_cksum;
    uint16_t icmp6_id, icmp6_seq; /* network byte order */
};
